/**
 * What a partition's leader makes of the bytes in a Produce request: refused with Kafka's error code, appended as they are but for
 * the header's fields that the broker owns, or appended rewritten. The verdicts are those of Apache Kafka's LogValidator.
 *
 * Rewritten is what is not stored as it came: old message sets (they become one batch), a codec other than the topic's, and
 * compressed batches whose offsets do not count up from zero. All else is checked record by record without an object for any.
 */
import { ErrorCode } from '../protocol/errors.ts'
import { attribute, batchBytesAt, batchField, batchHeaderBytes, logOverheadBytes, magicAt, noTimestamp, RecordBatch } from './batch.ts'
import { buildBatch } from './builder.ts'
import { type CodecName, codecId, codecNames, compress, decompressedBytesMax } from './compression/codec.ts'
import { type LegacyRecord, legacyRecordsAt, recordsAtOnceMax } from './legacy.ts'
import { type RecordRefusal, RecordRules, RecordsRefused, type TopicRules } from './record-rules.ts'
import { decompressRecords, RecordScanner } from './record-scanner.ts'
import { RecordsError } from './records-error.ts'
import { renumber } from './renumber.ts'
import { type Survey, survey } from './survey.ts'

export interface Refusal {
  /** A Kafka error code. */
  readonly error: number
  readonly message: string
  /** Which records of the batch are to blame, where it is some of them. */
  readonly recordErrors?: readonly RecordRefusal[]
}

export interface LeaderRules extends TopicRules {
  /** The offset of the next record of the log. */
  readonly baseOffset: number
  readonly leaderEpoch: number
  readonly now: number
  /** As the topic wants its batches stored. */
  readonly compression: CodecName | 'producer'
  readonly compressionLevel?: number | undefined
  readonly batchBytesMax: number
  /** Coordinators write control batches too, and set what a producer may not. */
  readonly origin: 'client' | 'coordinator'
  readonly decompressedBytesMax?: number
}

export interface Accepted {
  /** Ready to be written: offsets, leader epoch and times are set. Empty where the request held no whole batch. */
  readonly bytes: Buffer
  /** False: these are the bytes that came, changed in their headers alone. */
  readonly isRewritten: boolean
  /** -1 where nothing is appended. */
  readonly firstOffset: number
  readonly lastOffset: number
  readonly recordCount: number
  readonly maxTimestamp: number
  /** The last offset of the batch that holds it: finer is not known to followers either. */
  readonly offsetOfMaxTimestamp: number
  /** -1 where the records keep their own times. */
  readonly logAppendTime: number
}

const firstVersionWithBatches = 3
const firstVersionWithZstd = 7

/** Why a Produce request's records are refused before any log looks at them. */
export function checkProduceRecords(records: Buffer | null, apiVersion: number): Refusal | undefined {
  if (records === null) return { error: ErrorCode.INVALID_RECORD, message: 'A partition without records' }
  if (apiVersion < firstVersionWithBatches) return undefined
  try {
    checkSingleBatch(records, apiVersion)
    return undefined
  } catch (error) {
    return refusalOf(error)
  }
}

function checkSingleBatch(records: Buffer, apiVersion: number): void {
  const size = batchBytesAt(records, 0)
  if (size === 0) throw new RecordsError('invalid', `Produce version ${apiVersion} takes one batch a partition, and there is none`)
  if (magicAt(records, 0) !== 2) throw new RecordsError('invalid', `Produce version ${apiVersion} takes record batches of magic 2 alone`)
  if (batchBytesAt(records, size) > 0) throw new RecordsError('invalid', `Produce version ${apiVersion} takes one batch a partition`)
  if (apiVersion >= firstVersionWithZstd || size < batchHeaderBytes) return
  if (new RecordBatch(records).codec === codecId.zstd) throw new RecordsError('codec', `Produce version ${apiVersion} has no Zstandard`)
}

/** Changes the headers in `bytes` where the verdict is to append them as they are, and nothing in them otherwise. */
export function validateForLeader(bytes: Buffer, rules: LeaderRules): Accepted | Refusal {
  try {
    const found = survey(bytes, { fromClient: rules.origin === 'client', batchBytesMax: rules.batchBytesMax })
    if (found.batches === 0) return nothingAppended(rules)
    const whole = found.bytes === bytes.length ? bytes : bytes.subarray(0, found.bytes)
    if (found.magic !== 2) return acceptMessages(whole, found, rules)
    if (found.batches > 1) throw new RecordsError('invalid', 'More than one batch for a partition')
    return acceptBatch(new RecordBatch(whole), rules)
  } catch (error) {
    return refusalOf(error)
  }
}

/** A peer's fault becomes an answer; anything else is ours, and goes on. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof RecordsRefused) return { error: error.code, message: error.message, recordErrors: error.refusals }
  if (error instanceof RecordsError) return { error: error.code, message: error.message }
  throw error
}

function nothingAppended(rules: LeaderRules): Accepted {
  return {
    bytes: Buffer.alloc(0),
    isRewritten: false,
    firstOffset: -1,
    lastOffset: -1,
    recordCount: 0,
    maxTimestamp: -1,
    offsetOfMaxTimestamp: -1,
    logAppendTime: logAppendTimeOf(rules) ?? -1,
  }
}

function logAppendTimeOf({ timestampType, now }: LeaderRules): number | undefined {
  return timestampType === 'LogAppendTime' ? now : undefined
}

function targetCodec(sourceCodec: number, { compression }: LeaderRules): number {
  return compression === 'producer' ? sourceCodec : codecId[compression]
}

function acceptBatch(batch: RecordBatch, rules: LeaderRules): Accepted {
  checkHeader(batch, rules)
  const { codec, recordCount } = batch
  const payload = codec === 0 ? null : decompressRecords(batch, rules.decompressedBytesMax ?? decompressedBytesMax)
  const scanner = payload
    ? new RecordScanner(payload, 0, payload.length, recordCount)
    : new RecordScanner(batch.buffer, batch.position + batchHeaderBytes, batch.end, recordCount)
  const { maxTimestamp, offsetsCountUp } = checkRecords(batch, scanner, rules)
  const target = batch.isControl && codec === 0 ? 0 : targetCodec(codec, rules)
  if (target === codec && (codec === 0 || offsetsCountUp)) return stamp(batch, { recordCount, maxTimestamp, isRewritten: false }, rules)
  const plain = payload ?? batch.payload
  const rewritten = withPayload(
    batch,
    target,
    compress(target, offsetsCountUp ? plain : renumber(plain, recordCount), rules.compressionLevel),
  )
  checkSize(rewritten.buffer.length, rules)
  return stamp(rewritten, { recordCount, maxTimestamp, isRewritten: true }, rules)
}

function checkHeader(batch: RecordBatch, { origin }: LeaderRules): void {
  if (origin !== 'client') return
  const { lastOffsetDelta, recordCount, producerId, baseSequence } = batch
  if (lastOffsetDelta < 0) throw new RecordsError('invalid', `A batch whose last offset lies ${-lastOffsetDelta} before its first`)
  if (recordCount <= 0) throw new RecordsError('invalid', `A batch of ${recordCount} records`)
  if (lastOffsetDelta + 1 !== recordCount) {
    throw new RecordsError('invalid', `A batch of ${recordCount} records over ${lastOffsetDelta + 1} offsets`)
  }
  if (batch.isControl) throw new RecordsError('invalid', 'Producers do not write control records')
  if (producerId > -1 && baseSequence < 0) {
    throw new RecordsError('invalid', `A batch of producer ${producerId} with sequence ${baseSequence}`)
  }
}

interface Checked {
  readonly maxTimestamp: number
  readonly offsetsCountUp: boolean
}

function checkRecords(batch: RecordBatch, scanner: RecordScanner, topic: LeaderRules): Checked {
  const rules = new RecordRules(topic, topic.now)
  const checked = batch.isLogAppendTime ? checkTimedByLeader(batch, scanner, rules) : checkTimedByProducer(batch, scanner, rules)
  rules.throwIfRefused()
  return checked
}

/** Runs for nearly every record that is produced: compares deltas, which are small, and looks closely at those out of bounds alone. */
function checkTimedByProducer({ baseOffset, baseTimestamp }: RecordBatch, scanner: RecordScanner, rules: RecordRules): Checked {
  const { needsKey } = rules
  const earliestDelta = rules.earliest - baseTimestamp
  const latestDelta = rules.latest - baseTimestamp
  const firstDelta = -baseOffset
  let maxDelta = noTimestamp - baseTimestamp
  let offsetsCountUp = true
  for (let index = 0; scanner.next(); index++) {
    const delta = scanner.timestampDelta
    if (delta < earliestDelta || delta > latestDelta || (needsKey && scanner.keyBytes < 0)) {
      rules.check(index, baseTimestamp + delta, scanner.keyBytes >= 0, false)
    }
    if (delta > maxDelta) maxDelta = delta
    if (scanner.offsetDelta !== firstDelta + index) offsetsCountUp = false
  }
  return { maxTimestamp: baseTimestamp + maxDelta, offsetsCountUp }
}

function checkTimedByLeader({ baseOffset, maxTimestamp }: RecordBatch, scanner: RecordScanner, rules: RecordRules): Checked {
  let offsetsCountUp = true
  for (let index = 0; scanner.next(); index++) {
    rules.check(index, maxTimestamp, scanner.keyBytes >= 0, true)
    if (baseOffset + scanner.offsetDelta !== index) offsetsCountUp = false
  }
  return { maxTimestamp: Math.max(maxTimestamp, noTimestamp), offsetsCountUp }
}

/** The same header before other records, without what a producer has no say in. */
function withPayload(batch: RecordBatch, codec: number, payload: Buffer): RecordBatch {
  const header = batch.buffer.subarray(batch.position, batch.position + batchHeaderBytes)
  const rewritten = new RecordBatch(Buffer.concat([header, payload]))
  const { buffer } = rewritten
  const kept = batch.attributes & (attribute.transactional | attribute.control | attribute.logAppendTime)
  buffer.writeInt16BE(kept | codec, batchField.attributes)
  buffer.writeInt32BE(buffer.length - logOverheadBytes, batchField.batchLength)
  buffer.writeInt32BE(batch.recordCount - 1, batchField.lastOffsetDelta)
  rewritten.seal()
  return rewritten
}

interface Stamped {
  readonly recordCount: number
  readonly maxTimestamp: number
  readonly isRewritten: boolean
}

/** Sets the fields the broker owns: from here on the batch is the log's. */
function stamp(batch: RecordBatch, { recordCount, maxTimestamp, isRewritten }: Stamped, rules: LeaderRules): Accepted {
  const logAppendTime = logAppendTimeOf(rules)
  const lastOffset = rules.baseOffset + recordCount - 1
  batch.baseOffset = lastOffset - batch.lastOffsetDelta
  batch.partitionLeaderEpoch = rules.leaderEpoch
  batch.setTimestamps(logAppendTime !== undefined, logAppendTime ?? maxTimestamp)
  return {
    bytes: batch.buffer,
    isRewritten,
    firstOffset: rules.baseOffset,
    lastOffset,
    recordCount,
    maxTimestamp: logAppendTime ?? maxTimestamp,
    offsetOfMaxTimestamp: (logAppendTime ?? maxTimestamp) === -1 ? -1 : lastOffset,
    logAppendTime: logAppendTime ?? -1,
  }
}

/** Old message sets: their records become one batch. */
function acceptMessages(bytes: Buffer, { magic, batches, codec }: Survey, topic: LeaderRules): Accepted {
  if (codec !== 0 && batches > 1) throw new RecordsError('invalid', 'More than one compressed message set for a partition')
  const rules = new RecordRules(topic, topic.now)
  const records: LegacyRecord[] = []
  let maxTimestamp = noTimestamp
  let position = 0
  for (let size = batchBytesAt(bytes, 0); size > 0; size = batchBytesAt(bytes, position)) {
    const stored = magicAt(bytes, position)
    if (stored !== magic) throw new RecordsError('invalid', `A message of magic ${stored} behind one of magic ${magic}`)
    for (const record of legacyRecordsAt(bytes, position, topic.decompressedBytesMax ?? decompressedBytesMax)) {
      checkMessage(record, records.length, { magic, codec }, rules)
      if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp
      records.push(record)
    }
    if (records.length > recordsAtOnceMax) throw new RecordsError('tooLarge', `More than ${recordsAtOnceMax} messages for a partition`)
    position += size
  }
  rules.throwIfRefused()
  return rebuilt(records, codec, maxTimestamp, topic)
}

function checkMessage(record: LegacyRecord, index: number, set: { magic: number; codec: number }, rules: RecordRules): void {
  const { message, timestamp, key, isLogAppendTime } = record
  if (message.magic !== set.magic) return rules.refuse(index, `A message of magic ${message.magic} in a set of magic ${set.magic}`)
  // What stands alone was checked in the survey.
  if (set.codec !== 0) message.ensureValid()
  if (timestamp < noTimestamp) throw new RecordsError('timestamp', `The timestamp ${timestamp} of an old message is below zero`)
  rules.check(index, timestamp, key !== null, isLogAppendTime)
}

function rebuilt(records: readonly LegacyRecord[], sourceCodec: number, maxTimestamp: number, rules: LeaderRules): Accepted {
  const logAppendTime = logAppendTimeOf(rules)
  const codec = codecNames[targetCodec(sourceCodec, rules)] as CodecName
  const timed = records.map(({ timestamp, key, value }) => ({ timestamp, key, value }))
  const bytes = buildBatch({ records: timed, codec, level: rules.compressionLevel, logAppendTime })
  checkSize(bytes.length, rules)
  return stamp(new RecordBatch(bytes), { recordCount: records.length, maxTimestamp, isRewritten: true }, rules)
}

function checkSize(bytes: number, { batchBytesMax }: LeaderRules): void {
  if (bytes > batchBytesMax)
    throw new RecordsError('tooLarge', `Rewritten, the batch has ${bytes} bytes where ${batchBytesMax} are the most`)
}
