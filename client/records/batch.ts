/**
 * A record batch where it lies: its header read and written in place, no copy. And how batches follow each other in a buffer.
 * Owns: the layout of the header (magic 2). Never: looks at records, allocates per batch, or keeps bytes alive on its own.
 * The broker owns three fields, and they alone change after the producer wrote them: base offset and partition leader epoch lie
 * outside the checksum; the append time (attributes, max timestamp) lies inside, so setting it computes the checksum anew.
 */
import { strict as assert } from 'node:assert'
import { crc32c } from './crc32c.ts'
import { readInt64, readInt64Exact, writeInt64 } from './int64.ts'
import { RecordsError } from './records-error.ts'

/** Base offset and length: what stands before every batch and old message. */
export const logOverheadBytes = 12
export const batchHeaderBytes = 61

/** Where each field starts, counted from the start of the batch. */
export const batchField = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const

export const attribute = {
  codecMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const

export const noTimestamp = -1
export const noProducerId = -1
export const noProducerEpoch = -1
export const noSequence = -1
export const noLeaderEpoch = -1

const magicBytes = batchField.magic + 1
const oldMessageBytesMin = 14
const int32Max = 0x7fff_ffff
const usedAttributes = 0x7f

/**
 * The size of the batch (or old message) that starts at `position`, 0 if the bytes end before it does.
 * Throws a RecordsError (corrupt) where no further bytes could make a batch of it.
 */
export function batchBytesAt(buffer: Buffer, position: number, end = buffer.length): number {
  const left = end - position
  if (left < logOverheadBytes) return 0
  const length = buffer.readInt32BE(position + batchField.batchLength)
  if (length < oldMessageBytesMin) throw new RecordsError('corrupt', `A batch of ${length} bytes is smaller than any can be`)
  if (length > int32Max - logOverheadBytes) throw new RecordsError('corrupt', `A batch of ${length} bytes is larger than any can be`)
  if (left < magicBytes) return 0
  const magic = buffer.readInt8(position + batchField.magic)
  if (magic < 0 || magic > 2) throw new RecordsError('corrupt', `Nobody knows magic ${magic}`)
  const bytes = length + logOverheadBytes
  return bytes > left ? 0 : bytes
}

export function magicAt(buffer: Buffer, position: number): number {
  return buffer.readInt8(position + batchField.magic)
}

/** The sequence `by` places on: after 2^31-1 comes 0. */
export function sequenceAfter(sequence: number, by: number): number {
  return sequence > int32Max - by ? by - (int32Max - sequence) - 1 : sequence + by
}

/**
 * A view of one batch of magic 2. One object serves a whole pass: `moveTo` points it elsewhere.
 * The header must lie within the buffer; int64 fields are numbers (int64.ts), with exact forms for what may pass 2^53.
 */
export class RecordBatch {
  buffer: Buffer
  position: number

  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer
    this.position = position
  }

  moveTo(buffer: Buffer, position: number): this {
    this.buffer = buffer
    this.position = position
    return this
  }

  get baseOffset(): number {
    return readInt64(this.buffer, this.position)
  }

  set baseOffset(offset: number) {
    writeInt64(this.buffer, this.position, offset)
  }

  get baseOffsetExact(): bigint {
    return readInt64Exact(this.buffer, this.position)
  }

  /** Of the whole batch, header included. */
  get bytes(): number {
    return this.buffer.readInt32BE(this.position + batchField.batchLength) + logOverheadBytes
  }

  get end(): number {
    return this.position + this.bytes
  }

  get partitionLeaderEpoch(): number {
    return this.buffer.readInt32BE(this.position + batchField.partitionLeaderEpoch)
  }

  set partitionLeaderEpoch(epoch: number) {
    this.buffer.writeInt32BE(epoch, this.position + batchField.partitionLeaderEpoch)
  }

  get magic(): number {
    return this.buffer.readInt8(this.position + batchField.magic)
  }

  get crc(): number {
    return this.buffer.readUInt32BE(this.position + batchField.crc)
  }

  get attributes(): number {
    return this.buffer.readInt16BE(this.position + batchField.attributes)
  }

  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd; 5 to 7 nobody knows. */
  get codec(): number {
    return this.attributes & attribute.codecMask
  }

  get isLogAppendTime(): boolean {
    return (this.attributes & attribute.logAppendTime) !== 0
  }

  get isTransactional(): boolean {
    return (this.attributes & attribute.transactional) !== 0
  }

  get isControl(): boolean {
    return (this.attributes & attribute.control) !== 0
  }

  get hasDeleteHorizon(): boolean {
    return (this.attributes & attribute.deleteHorizon) !== 0
  }

  /** Compaction keeps it where the base timestamp stood (KIP-534). */
  get deleteHorizon(): number | undefined {
    return this.hasDeleteHorizon ? this.baseTimestamp : undefined
  }

  get lastOffsetDelta(): number {
    return this.buffer.readInt32BE(this.position + batchField.lastOffsetDelta)
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }

  get nextOffset(): number {
    return this.lastOffset + 1
  }

  get baseTimestamp(): number {
    return readInt64(this.buffer, this.position + batchField.baseTimestamp)
  }

  get baseTimestampExact(): bigint {
    return readInt64Exact(this.buffer, this.position + batchField.baseTimestamp)
  }

  get maxTimestamp(): number {
    return readInt64(this.buffer, this.position + batchField.maxTimestamp)
  }

  get maxTimestampExact(): bigint {
    return readInt64Exact(this.buffer, this.position + batchField.maxTimestamp)
  }

  get producerId(): number {
    return readInt64(this.buffer, this.position + batchField.producerId)
  }

  get producerIdExact(): bigint {
    return readInt64Exact(this.buffer, this.position + batchField.producerId)
  }

  get hasProducerId(): boolean {
    return this.producerId > noProducerId
  }

  get producerEpoch(): number {
    return this.buffer.readInt16BE(this.position + batchField.producerEpoch)
  }

  get baseSequence(): number {
    return this.buffer.readInt32BE(this.position + batchField.baseSequence)
  }

  get lastSequence(): number {
    const base = this.baseSequence
    return base === noSequence ? noSequence : sequenceAfter(base, this.lastOffsetDelta)
  }

  get recordCount(): number {
    return this.buffer.readInt32BE(this.position + batchField.recordCount)
  }

  /** The records as they lie here, compressed or not. */
  get payload(): Buffer {
    return this.buffer.subarray(this.position + batchHeaderBytes, this.end)
  }

  /** Does the stored checksum match the bytes? Too short for a header is no match either. */
  checkCrc(): boolean {
    return this.bytes >= batchHeaderBytes && this.crc === this.#computeCrc()
  }

  /** Throws a RecordsError (corrupt) unless size and checksum are right. */
  ensureValid(): void {
    const { bytes } = this
    if (bytes < batchHeaderBytes) throw new RecordsError('corrupt', `A batch of ${bytes} bytes is shorter than its header`)
    const computed = this.#computeCrc()
    if (this.crc !== computed) throw new RecordsError('corrupt', `The batch's checksum is ${this.crc}, its bytes have ${computed}`)
  }

  /**
   * Says how the records are timed: by their producers, or by `maxTimestamp` when the leader appended them.
   * Changes nothing where both are so already; else attributes nobody uses are cleared and the checksum is computed anew.
   */
  setTimestamps(logAppendTime: boolean, maxTimestamp: number): void {
    if (this.isLogAppendTime === logAppendTime && this.maxTimestamp === maxTimestamp) return
    const { attributes, buffer, position } = this
    const kept = attributes & usedAttributes & ~attribute.logAppendTime
    buffer.writeInt16BE(logAppendTime ? kept | attribute.logAppendTime : kept, position + batchField.attributes)
    writeInt64(buffer, position + batchField.maxTimestamp, maxTimestamp)
    this.seal()
  }

  /** Writes the checksum of the bytes as they are. */
  seal(): void {
    this.buffer.writeUInt32BE(this.#computeCrc(), this.position + batchField.crc)
  }

  #computeCrc(): number {
    const { end, buffer } = this
    assert(end <= buffer.length, 'a batch lies within its buffer')
    return crc32c(buffer, this.position + batchField.attributes, end)
  }
}
