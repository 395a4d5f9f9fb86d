/**
 * Records straight into the bytes of a batch (magic 2): no object is made for a record, and the batch is sealed where it stands.
 * Owns: its buffer, one of a pool's, until it is released. The format is client/records/builder.ts's, byte for byte.
 */
import type { BufferPool } from '../protocol/buffer-pool.ts'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../protocol/varint.ts'
import { attribute, batchField, batchHeaderBytes, logOverheadBytes, noLeaderEpoch, RecordBatch } from '../records/batch.ts'
import { type CodecName, codecId, compress } from '../records/compression/codec.ts'
import { writeInt64 } from '../records/int64.ts'

export type RecordHeaders = readonly (readonly [key: string, value: Uint8Array | null])[]

/** Whose the batch is, and where it stands among that producer's records of the partition. */
export interface Sequenced {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
}

/** A call costs more than a few bytes do. */
const shortBytes = 32
const noHeaders: RecordHeaders = []
const released = Buffer.alloc(0)

export class RecordBatchWriter {
  readonly #bytesMax: number
  readonly #pool: BufferPool
  #buffer: Buffer
  #end = batchHeaderBytes
  #count = 0
  #baseTimestamp = 0
  #maxTimestamp = 0

  /**
   * @param bytesMax of the batch; a record that is larger alone gets one of its own.
   * @param likelyBytes what it will have, if it is like the one before.
   */
  constructor(bytesMax: number, likelyBytes: number, pool: BufferPool) {
    this.#bytesMax = bytesMax
    this.#pool = pool
    this.#buffer = pool.take(Math.min(likelyBytes, bytesMax))
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#end
  }

  get isFull(): boolean {
    return this.#end >= this.#bytesMax
  }

  get baseTimestamp(): number {
    return this.#baseTimestamp
  }

  /** False: it has no room, and stays as it was. */
  append(timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers: RecordHeaders = noHeaders): boolean {
    if (this.#count === 0) this.#baseTimestamp = this.#maxTimestamp = timestamp
    const timestampDelta = timestamp - this.#baseTimestamp
    const body =
      1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(this.#count) + sizeOfBytes(key) + sizeOfBytes(value) + sizeOfHeaders(headers)
    const end = this.#end + sizeOfVarint(body) + body
    if (end > this.#bytesMax && this.#count > 0) return false
    if (end > this.#buffer.length) this.#grow(end)
    const into = this.#buffer
    let at = writeVarint(into, this.#end, body)
    into[at++] = 0
    at = writeVarlong(into, at, timestampDelta)
    at = writeVarint(into, at, this.#count)
    at = writeBytes(into, at, key)
    at = writeBytes(into, at, value)
    at = writeHeaders(into, at, headers)
    this.#end = at
    this.#count++
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    return true
  }

  #grow(bytes: number): void {
    const larger = this.#pool.take(Math.max(bytes, Math.min(this.#bytesMax, this.#buffer.length * 4)))
    this.#buffer.copy(larger, 0, 0, this.#end)
    this.#pool.give(this.#buffer)
    this.#buffer = larger
  }

  /** Nobody refers to its bytes any more. */
  release(): void {
    this.#pool.give(this.#buffer)
    this.#buffer = released
  }

  /** The batch, whole but for its sequence. The writer is used up. */
  finish(codec: CodecName): Buffer {
    let batch = this.#buffer.subarray(0, this.#end)
    if (codec !== 'none') {
      const payload = compress(codecId[codec], batch.subarray(batchHeaderBytes))
      batch = Buffer.allocUnsafe(batchHeaderBytes + payload.length)
      payload.copy(batch, batchHeaderBytes)
      this.release()
    }
    writeInt64(batch, batchField.baseOffset, 0)
    batch.writeInt32BE(batch.length - logOverheadBytes, batchField.batchLength)
    batch.writeInt32BE(noLeaderEpoch, batchField.partitionLeaderEpoch)
    batch.writeInt8(2, batchField.magic)
    batch.writeInt16BE(codecId[codec], batchField.attributes)
    batch.writeInt32BE(this.#count - 1, batchField.lastOffsetDelta)
    writeInt64(batch, batchField.baseTimestamp, this.#baseTimestamp)
    writeInt64(batch, batchField.maxTimestamp, this.#maxTimestamp)
    batch.writeInt32BE(this.#count, batchField.recordCount)
    return batch
  }
}

/** Says whose the batch is, and seals it. May be done again: a batch that was refused gets another sequence. */
export function sealFor(batch: Buffer, { producerId, producerEpoch, baseSequence, isTransactional }: Sequenced): void {
  const codec = batch.readInt16BE(batchField.attributes) & attribute.codecMask
  batch.writeInt16BE(isTransactional ? codec | attribute.transactional : codec, batchField.attributes)
  writeInt64(batch, batchField.producerId, producerId)
  batch.writeInt16BE(producerEpoch, batchField.producerEpoch)
  batch.writeInt32BE(baseSequence, batchField.baseSequence)
  new RecordBatch(batch).seal()
}

function sizeOfBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length
}

function sizeOfHeaders(headers: RecordHeaders): number {
  let size = sizeOfVarint(headers.length)
  for (const [name, content] of headers) {
    const nameBytes = Buffer.byteLength(name)
    size += sizeOfVarint(nameBytes) + nameBytes + sizeOfBytes(content)
  }
  return size
}

function writeBytes(into: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(into, at, -1)
  const { length } = bytes
  const start = writeVarint(into, at, length)
  if (length > shortBytes) into.set(bytes, start)
  else for (let i = 0; i < length; i++) into[start + i] = bytes[i] as number
  return start + length
}

function writeHeaders(into: Buffer, start: number, headers: RecordHeaders): number {
  let at = writeVarint(into, start, headers.length)
  for (const [name, content] of headers) {
    at = writeVarint(into, at, Buffer.byteLength(name))
    at += into.write(name, at)
    at = writeBytes(into, at, content)
  }
  return at
}
