/**
 * Builds record batches (magic 2), byte for byte as Kafka's own builder does where they are not compressed.
 * The sizes are added up first, so that a batch is written once into memory of its size.
 */
import { strict as assert } from 'node:assert'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../protocol/varint.ts'
import {
  attribute,
  batchField,
  batchHeaderBytes,
  logOverheadBytes,
  noLeaderEpoch,
  noProducerEpoch,
  noProducerId,
  noSequence,
  noTimestamp,
  RecordBatch,
} from './batch.ts'
import { type CodecName, codecId, compress, decompress } from './compression/codec.ts'
import { writeInt64 } from './int64.ts'
import type { Header } from './record-scanner.ts'

export interface NewRecord {
  /** Milliseconds since the Unix epoch; -1 for none. */
  readonly timestamp: number
  /** The one after the record before, if left out. */
  readonly offset?: number
  readonly key?: Buffer | null
  readonly value?: Buffer | null
  readonly headers?: readonly Header[]
}

export interface BatchOptions {
  readonly records: readonly NewRecord[]
  readonly codec?: CodecName | undefined
  /** In the codec's own scale, where it has one. */
  readonly level?: number | undefined
  readonly baseOffset?: number
  /** Beyond the last record's where compaction took the records behind it. */
  readonly lastOffset?: number
  readonly partitionLeaderEpoch?: number
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  /** All records get this time, and the batch says that the leader set it. */
  readonly logAppendTime?: number | undefined
  /** Of a compacted batch with tombstones or markers: when they may go (KIP-534). Stands where the base timestamp else does. */
  readonly deleteHorizon?: number | undefined
  /** The highest of the records' timestamps, if left out. */
  readonly maxTimestamp?: number
}

const int32Max = 0x7fff_ffff
const shortBytes = 32

export function buildBatch(options: BatchOptions): Buffer {
  const { records, codec = 'none', baseOffset = 0, logAppendTime, deleteHorizon } = options
  const baseTimestamp = deleteHorizon ?? records[0]?.timestamp ?? noTimestamp
  const id = codecId[codec]
  const plan = measure(records, baseOffset, baseTimestamp)
  let batch: Buffer
  if (id === 0) {
    batch = Buffer.allocUnsafe(batchHeaderBytes + plan.bytes)
    writeRecords(batch, batchHeaderBytes, records, plan, baseTimestamp)
  } else {
    const plain = Buffer.allocUnsafe(plan.bytes)
    writeRecords(plain, 0, records, plan, baseTimestamp)
    const payload = compress(id, plain, options.level)
    batch = Buffer.allocUnsafe(batchHeaderBytes + payload.length)
    payload.copy(batch, batchHeaderBytes)
  }
  const lastOffsetDelta = options.lastOffset === undefined ? plan.lastOffsetDelta : options.lastOffset - baseOffset
  assert(
    lastOffsetDelta >= plan.lastOffsetDelta && lastOffsetDelta <= int32Max,
    'the last offset lies behind every record, and within 2^31',
  )
  let attributes: number = id
  if (logAppendTime !== undefined) attributes |= attribute.logAppendTime
  if (options.isTransactional) attributes |= attribute.transactional
  if (options.isControl) attributes |= attribute.control
  if (deleteHorizon !== undefined) attributes |= attribute.deleteHorizon
  writeInt64(batch, batchField.baseOffset, baseOffset)
  batch.writeInt32BE(batch.length - logOverheadBytes, batchField.batchLength)
  batch.writeInt32BE(options.partitionLeaderEpoch ?? noLeaderEpoch, batchField.partitionLeaderEpoch)
  batch.writeInt8(2, batchField.magic)
  batch.writeInt16BE(attributes, batchField.attributes)
  batch.writeInt32BE(lastOffsetDelta, batchField.lastOffsetDelta)
  writeInt64(batch, batchField.baseTimestamp, baseTimestamp)
  writeInt64(batch, batchField.maxTimestamp, logAppendTime ?? options.maxTimestamp ?? plan.maxTimestamp)
  writeInt64(batch, batchField.producerId, options.producerId ?? noProducerId)
  batch.writeInt16BE(options.producerEpoch ?? noProducerEpoch, batchField.producerEpoch)
  batch.writeInt32BE(options.baseSequence ?? noSequence, batchField.baseSequence)
  batch.writeInt32BE(records.length, batchField.recordCount)
  new RecordBatch(batch).seal()
  return batch
}

/**
 * The same batch with its records compressed by another codec. All else stays: offsets, timestamps, producer, what the broker set.
 * Throws a RecordsError where the records cannot be decompressed.
 */
export function recompress(batch: RecordBatch, codec: CodecName, level?: number, bytesMax?: number): Buffer {
  const id = codecId[codec]
  const payload = compress(id, decompress(batch.codec, batch.payload, bytesMax), level)
  const header = batch.buffer.subarray(batch.position, batch.position + batchHeaderBytes)
  const bytes = Buffer.concat([header, payload])
  bytes.writeInt32BE(bytes.length - logOverheadBytes, batchField.batchLength)
  bytes.writeInt16BE((batch.attributes & ~attribute.codecMask) | id, batchField.attributes)
  new RecordBatch(bytes).seal()
  return bytes
}

interface Plan {
  bytes: number
  lastOffsetDelta: number
  maxTimestamp: number
  /** Of each record, without the length before it. */
  readonly bodyBytes: Int32Array
  readonly offsetDeltas: Int32Array
}

function measure(records: readonly NewRecord[], baseOffset: number, baseTimestamp: number): Plan {
  const plan: Plan = {
    bytes: 0,
    lastOffsetDelta: -1,
    maxTimestamp: noTimestamp,
    bodyBytes: new Int32Array(records.length),
    offsetDeltas: new Int32Array(records.length),
  }
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as NewRecord
    const offsetDelta = record.offset === undefined ? plan.lastOffsetDelta + 1 : record.offset - baseOffset
    assert(offsetDelta > plan.lastOffsetDelta && offsetDelta <= int32Max, 'offsets rise, within 2^31 of the first')
    const bytes = bodyBytes(record, record.timestamp - baseTimestamp, offsetDelta)
    plan.bodyBytes[i] = bytes
    plan.offsetDeltas[i] = offsetDelta
    plan.bytes += sizeOfVarint(bytes) + bytes
    plan.lastOffsetDelta = offsetDelta
    if (record.timestamp > plan.maxTimestamp) plan.maxTimestamp = record.timestamp
  }
  if (records.length === 0) plan.lastOffsetDelta = 0
  return plan
}

function bodyBytes({ key, value, headers }: NewRecord, timestampDelta: number, offsetDelta: number): number {
  const headerCount = headers?.length ?? 0
  let bytes =
    1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfBytes(key) + sizeOfBytes(value) + sizeOfVarint(headerCount)
  if (!headers || headerCount === 0) return bytes
  for (const [name, content] of headers) {
    const nameBytes = Buffer.byteLength(name)
    bytes += sizeOfVarint(nameBytes) + nameBytes + sizeOfBytes(content)
  }
  return bytes
}

function sizeOfBytes(bytes: Buffer | null | undefined): number {
  return bytes ? sizeOfVarint(bytes.length) + bytes.length : 1
}

function writeRecords(into: Buffer, start: number, records: readonly NewRecord[], plan: Plan, baseTimestamp: number): void {
  let at = start
  for (let i = 0; i < records.length; i++) {
    const { timestamp, key, value, headers } = records[i] as NewRecord
    at = writeVarint(into, at, plan.bodyBytes[i] as number)
    // The attributes: no bit of them is used.
    into[at++] = 0
    at = writeVarlong(into, at, timestamp - baseTimestamp)
    at = writeVarint(into, at, plan.offsetDeltas[i] as number)
    at = writeBytes(into, at, key)
    at = writeBytes(into, at, value)
    at = writeVarint(into, at, headers?.length ?? 0)
    if (headers) at = writeHeaders(into, at, headers)
  }
  assert(at === start + plan.bytes, 'the records take the bytes that were measured')
}

function writeHeaders(into: Buffer, start: number, headers: readonly Header[]): number {
  let at = start
  for (const [name, content] of headers) {
    at = writeVarint(into, at, Buffer.byteLength(name))
    at += into.write(name, at)
    at = writeBytes(into, at, content)
  }
  return at
}

function writeBytes(into: Buffer, at: number, bytes: Buffer | null | undefined): number {
  if (!bytes) return writeVarint(into, at, -1)
  const start = writeVarint(into, at, bytes.length)
  // A call costs more than a few bytes do.
  if (bytes.length > shortBytes) into.set(bytes, start)
  else for (let i = 0; i < bytes.length; i++) into[start + i] = bytes[i] as number
  return start + bytes.length
}
