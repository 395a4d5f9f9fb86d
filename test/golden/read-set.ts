/**
 * Reads a set of batches and messages into plain values as the vectors write them: whole numbers are bigints, bytes are hex.
 * Says where and how reading ended.
 */
import { createHash } from 'node:crypto'
import { sizeOfVarint } from '../../client/protocol/varint.ts'
import { batchBytesAt, magicAt, RecordBatch } from '../../client/records/batch.ts'
import { codecNames, decompressedBytesMax, isCodec } from '../../client/records/compression/codec.ts'
import { abortMarker, commitMarker, controlTypeNames, controlTypeOf, readEndMarker } from '../../client/records/control.ts'
import { LegacyMessage, legacyRecordsAt } from '../../client/records/legacy.ts'
import type { StoredRecord } from '../../client/records/record.ts'
import { type Header, scanRecords } from '../../client/records/record-scanner.ts'
import { RecordsError, type RecordsFault } from '../../client/records/records-error.ts'

export type Int = number | bigint
export type Stage = 'next-batch' | 'ensure-valid' | 'header' | 'records'

interface ReadBatch {
  header: object
  records: object[]
  isIncomplete: boolean
}

interface ReadSet {
  batches: ReadBatch[]
  bytesLeft: number
  error?: { stage: Stage; batch: number; fault: RecordsFault }
}

const longValueBytes = 20_000

export function readSet(bytes: Buffer): ReadSet {
  const set: ReadSet = { batches: [], bytesLeft: 0 }
  let stage: Stage = 'next-batch'
  let batch = 0
  try {
    let position = 0
    for (let size = batchBytesAt(bytes, 0); size > 0; size = batchBytesAt(bytes, position)) {
      const steps = magicAt(bytes, position) === 2 ? readBatch(new RecordBatch(bytes, position), set) : readMessages(bytes, position, set)
      for (stage of steps);
      position += size
      stage = 'next-batch'
      batch++
    }
    set.bytesLeft = bytes.length - position
  } catch (error) {
    if (!(error instanceof RecordsError)) throw error
    set.error = { stage, batch, fault: error.fault }
  }
  return set
}

/** Yields each stage as it begins. */
function* readBatch(batch: RecordBatch, set: ReadSet): Generator<Stage> {
  yield 'ensure-valid'
  batch.ensureValid()
  yield 'header'
  if (!isCodec(batch.codec)) throw new RecordsError('codec', 'a codec nobody knows')
  const read: ReadBatch = { header: headerOf(batch), records: [], isIncomplete: true }
  set.batches.push(read)
  yield 'records'
  const scanner = scanRecords(batch)
  const { baseOffsetExact, baseTimestampExact, maxTimestampExact, baseSequence } = batch
  while (scanner.next()) {
    const timestamp = batch.isLogAppendTime ? maxTimestampExact : BigInt.asIntN(64, baseTimestampExact + scanner.timestampDeltaExact())
    const headers = scanner.headers()
    read.records.push({
      offset: baseOffsetExact + BigInt(scanner.offsetDelta),
      timestamp,
      ...plainBytes(scanner.key(), scanner.value()),
      ...(headers.length > 0 && { headers: headers.map(plainHeader) }),
      ...(baseSequence >= 0 && { sequence: BigInt(sequenceOf(baseSequence, scanner.offsetDelta)) }),
      size: BigInt(sizeOfVarint(scanner.bodyBytes) + scanner.bodyBytes),
      ...(batch.isControl && { control: controlOf(batch) }),
    })
  }
  read.isIncomplete = false
}

function sequenceOf(baseSequence: number, delta: number): number {
  return delta > 0x7fff_ffff - baseSequence ? baseSequence + delta - 0x8000_0000 : baseSequence + delta
}

function headerOf(batch: RecordBatch): object {
  const { bytes, baseOffsetExact } = batch
  const lastOffset = baseOffsetExact + BigInt(batch.lastOffsetDelta)
  return {
    magic: BigInt(batch.magic),
    baseOffset: baseOffsetExact,
    lastOffset,
    nextOffset: lastOffset + 1n,
    sizeInBytes: BigInt(bytes),
    batchLength: BigInt(bytes - 12),
    crc: BigInt(batch.crc),
    codec: codecNames[batch.codec],
    timestampType: batch.isLogAppendTime ? 'LogAppendTime' : 'CreateTime',
    maxTimestamp: batch.maxTimestampExact,
    partitionLeaderEpoch: BigInt(batch.partitionLeaderEpoch),
    attributes: BigInt(batch.attributes),
    lastOffsetDelta: BigInt(batch.lastOffsetDelta),
    baseTimestamp: batch.baseTimestampExact,
    baseTimestampField: batch.baseTimestampExact,
    producerId: batch.producerIdExact,
    producerEpoch: BigInt(batch.producerEpoch),
    baseSequence: BigInt(batch.baseSequence),
    lastSequence: BigInt(batch.lastSequence),
    count: BigInt(batch.recordCount),
    transactional: batch.isTransactional,
    control: batch.isControl,
    ...(batch.hasDeleteHorizon && { deleteHorizonMs: batch.baseTimestampExact }),
  }
}

function controlOf(batch: RecordBatch): object {
  const type = controlTypeOf(batch) as number
  const name = controlTypeNames[type] ?? 'UNKNOWN'
  if (type !== abortMarker && type !== commitMarker) return { type: name }
  return { type: name, coordinatorEpoch: BigInt(readEndMarker(batch)?.coordinatorEpoch as number) }
}

/** A compressed set must be decompressed to know its first offset: its faults come with the header. */
function* readMessages(bytes: Buffer, position: number, set: ReadSet): Generator<Stage> {
  const message = new LegacyMessage(bytes, position)
  yield 'ensure-valid'
  message.ensureValid()
  yield 'header'
  if (!isCodec(message.codec)) throw new RecordsError('codec', 'a codec nobody knows')
  let records: StoredRecord[] = message.codec === 0 ? [] : legacyRecordsAt(bytes, position, decompressedBytesMax)
  const read: ReadBatch = { header: legacyHeaderOf(message, records[0]?.offset), records: [], isIncomplete: true }
  set.batches.push(read)
  yield 'records'
  if (message.codec === 0) records = legacyRecordsAt(bytes, position, decompressedBytesMax)
  for (const { offset, timestamp, key, value } of records) {
    read.records.push({ offset: BigInt(offset), timestamp: BigInt(timestamp), ...plainBytes(key, value) })
  }
  read.isIncomplete = false
}

function legacyHeaderOf(message: LegacyMessage, firstOffset = message.offset): object {
  const bytes = message.end - message.position
  const timestampType = message.magic === 0 ? 'NoTimestampType' : message.isLogAppendTime ? 'LogAppendTime' : 'CreateTime'
  return {
    magic: BigInt(message.magic),
    baseOffset: BigInt(firstOffset),
    lastOffset: BigInt(message.offset),
    nextOffset: BigInt(message.offset + 1),
    sizeInBytes: BigInt(bytes),
    batchLength: BigInt(bytes - 12),
    crc: BigInt(message.crc),
    codec: codecNames[message.codec],
    timestampType,
    maxTimestamp: BigInt(message.timestamp),
  }
}

function plainBytes(key: Buffer | null, value: Buffer | null): object {
  const plainKey = key?.toString('hex') ?? null
  if (value === null || value.length <= longValueBytes) return { key: plainKey, value: value?.toString('hex') ?? null }
  return { key: plainKey, valueLength: BigInt(value.length), valueSha256: createHash('sha256').update(value).digest('hex') }
}

function plainHeader([key, value]: Header): [string, string | null] {
  return [key, value?.toString('hex') ?? null]
}
