/**
 * Checks record batches and old message sets: read to the same fields, records and faults as Kafka's reader, built to the same
 * bytes where nothing is compressed, and taken or refused alike by a leader, a leader of a compacted topic and a follower.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { batchBytesAt, batchField, magicAt, RecordBatch } from '../../client/records/batch.ts'
import { buildBatch, recompress } from '../../client/records/builder.ts'
import { type CodecName, codecNames } from '../../client/records/compression/codec.ts'
import { readEndMarker } from '../../client/records/control.ts'
import { recordsOf } from '../../client/records/record.ts'
import { scanRecords } from '../../client/records/record-scanner.ts'
import { type RecordsFault, RecordsError } from '../../client/records/records-error.ts'
import { survey } from '../../client/records/survey.ts'
import { checkProduceRecords, type LeaderRules, validateForLeader } from '../../client/records/validate.ts'
import { checkLines, type Verdict } from './json-lines.ts'
import { type Int, readSet, type Stage } from './read-set.ts'

interface WantedRecord {
  key: string | null
  value?: string | null
  valueLength?: number
  valueSha256?: string
  [field: string]: unknown
}

interface WantedBatch {
  magic: number
  codec: CodecName
  records: WantedRecord[]
  incomplete?: boolean
  [field: string]: unknown
}

interface WantedError {
  stage: Stage
  batch: number
  exception: string
}

interface Appended {
  firstOffset: Int
  lastOffset: Int
  maxTimestamp: Int
  logEndOffset: Int
  logBytes: number
  logSha256: string
  unchanged?: boolean
}

type Answer = Appended | { exception: string }

interface Row {
  name: string
  hex: string
  odd?: boolean
  batches: WantedBatch[]
  bytesLeft?: number
  error?: WantedError
  eager?: { error: WantedError; records: number }
  append: { request: string; leader: Answer; leaderOfCompactedTopic?: Answer; follower: Answer }
}

const leaderEpoch = 9
const produceVersion = 12
/** Of a log with Kafka's defaults, later than any timestamp in the vectors. */
const defaults: LeaderRules = {
  baseOffset: 0,
  leaderEpoch,
  now: 1_790_000_000_000,
  isCompacted: false,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: 2 ** 63,
  timestampAfterMaxMs: 3_600_000,
  compression: 'producer',
  batchBytesMax: 1_048_588,
  origin: 'client',
}

export function check(lines: Iterable<string>): Verdict {
  return checkLines<Row>(lines, ({ name }) => name, checkRow)
}

function checkRow(row: Row): void {
  const bytes = Buffer.from(row.hex, 'hex')
  checkRead(row, bytes)
  if (!row.odd) checkBuilt(bytes)
  checkRequest(row.append.request, bytes)
  checkLeader(row.append.leader, bytes, false)
  checkLeader(row.append.leaderOfCompactedTopic ?? row.append.leader, bytes, true)
  checkFollower(row.append.follower, bytes)
}

// Reading

function checkRead({ batches, bytesLeft = 0, error, eager }: Row, bytes: Buffer): void {
  const read = readSet(bytes)
  // A compressed batch is decompressed whole before its first record is given out: Kafka's whole-batch reader does so too.
  const wantedError = eager && read.error?.fault === 'undecodable' ? eager.error : error
  if (wantedError) {
    assert.equal(read.error?.stage, wantedError.stage, 'stage of the fault')
    assert.equal(read.error?.batch, wantedError.batch, 'batch of the fault')
    assert.equal(read.error?.fault, faultOf(wantedError.exception, wantedError.stage), 'fault')
  } else {
    assert.equal(read.error, undefined, 'no fault')
    assert.equal(read.bytesLeft, bytesLeft, 'bytes left')
  }
  assert.equal(read.batches.length, batches.length, 'batches')
  for (const [i, batch] of read.batches.entries()) {
    const wanted = batches[i] as WantedBatch
    const { records: wantedRecords, incomplete = false, ...wantedHeader } = wanted
    assert.deepEqual(batch.header, inBigints(wantedHeader), `header of batch ${i}`)
    assert.equal(batch.isIncomplete, incomplete, `batch ${i} is incomplete`)
    const records =
      batch.isIncomplete && read.error?.fault === 'undecodable'
        ? wantedRecords.slice(0, eager?.records ?? wantedRecords.length)
        : wantedRecords
    assert.equal(batch.records.length, records.length, `records of batch ${i}`)
    for (const [j, record] of batch.records.entries())
      assert.deepEqual(record, inBigints(records[j] as object), `record ${j} of batch ${i}`)
  }
}

/** Whole numbers of any size compare alike. */
function inBigints(value: object): object {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' || typeof inner === 'number' ? `#${inner}` : inner)),
    (_, inner: unknown) => (typeof inner === 'string' && /^#-?\d+$/.test(inner) ? BigInt(inner.slice(1)) : inner),
  )
}

/** Our word for what a Java exception says at a stage; the last four are Java's own, which Kafka lets escape. */
function faultOf(exception: string, stage?: Stage): RecordsFault {
  switch (exception) {
    case 'CorruptRecordException':
      return 'corrupt'
    case 'InvalidRecordException':
      return 'invalid'
    case 'InvalidTimestampException':
      return 'timestamp'
    case 'KafkaException':
    case 'SnappyError':
      return 'undecodable'
    case 'IndexOutOfBoundsException':
      return 'corrupt'
    case 'IllegalArgumentException':
      return stage === 'next-batch' ? 'corrupt' : stage === 'header' ? 'codec' : 'invalid'
    default:
      return assert.fail(`no word for ${exception}`)
  }
}

// Building

/** Every batch again from its records: the same bytes where not compressed, the same records where compressed. */
function checkBuilt(bytes: Buffer): void {
  let position = 0
  for (let size = batchBytesAt(bytes, 0); size > 0; size = batchBytesAt(bytes, position)) {
    if (magicAt(bytes, position) === 2) {
      const batch = new RecordBatch(bytes, position)
      if (batch.codec === 0) assert.equal(rebuilt(batch).toString('hex'), bytes.toString('hex', position, position + size), 'built again')
      else checkRecompressed(batch)
    }
    position += size
  }
}

function rebuilt(batch: RecordBatch): Buffer {
  const { baseTimestamp, isLogAppendTime, maxTimestamp, partitionLeaderEpoch, producerId, producerEpoch, baseSequence } = batch
  const scanner = scanRecords(batch)
  const records = []
  while (scanner.next()) {
    records.push({
      offset: scanner.offsetDelta,
      timestamp: baseTimestamp + scanner.timestampDelta,
      key: scanner.key(),
      value: scanner.value(),
      headers: scanner.headers(),
    })
  }
  const built = buildBatch({
    records,
    lastOffset: batch.lastOffsetDelta,
    partitionLeaderEpoch,
    producerId,
    producerEpoch,
    baseSequence,
    isTransactional: batch.isTransactional,
    isControl: batch.isControl,
    logAppendTime: isLogAppendTime ? maxTimestamp : undefined,
    deleteHorizon: batch.deleteHorizon,
    // What no record says any more, where compaction took all of them.
    ...(records.length === 0 && { maxTimestamp }),
  })
  built.writeBigInt64BE(batch.baseOffsetExact)
  built.writeBigInt64BE(batch.producerIdExact, batchField.producerId)
  new RecordBatch(built).seal()
  return built
}

function checkRecompressed(batch: RecordBatch): void {
  for (const codec of codecNames) {
    const again = new RecordBatch(recompress(batch, codec))
    assert.equal(codecNames[again.codec], codec, 'codec')
    again.ensureValid()
    assert.deepEqual([...recordsOf(again)], [...recordsOf(batch)], `records compressed again by ${codec}`)
  }
}

// Appending

function checkRequest(wanted: string, bytes: Buffer): void {
  const refusal = checkProduceRecords(bytes, produceVersion)
  if (wanted === 'ok') return assert.equal(refusal, undefined, 'the request is well')
  assert.equal(refusal?.error, new RecordsError(faultOf(wanted, 'next-batch'), '').code, 'the request is refused')
}

function checkLeader(wanted: Answer, given: Buffer, isCompacted: boolean): void {
  const who = isCompacted ? 'leader of a compacted topic' : 'leader'
  const bytes = Buffer.from(given)
  eachBatch(bytes, (batch) => {
    batch.baseOffset = 0
  })
  const answer = validateForLeader(Buffer.from(bytes), { ...defaults, isCompacted })
  if ('exception' in wanted) {
    assert.ok('error' in answer, `${who} refuses`)
    const codes = possibleFaults(wanted.exception).map((fault) => new RecordsError(fault, '').code)
    return assert.ok(codes.includes(answer.error), `${who} refuses with ${answer.error}: ${answer.message}`)
  }
  assert.ok(!('error' in answer), `${who} takes them: ${'message' in answer ? answer.message : ''}`)
  const { firstOffset, lastOffset, maxTimestamp } = answer
  const isCompressedAnew = answer.isRewritten && new RecordBatch(answer.bytes).codec !== 0
  compareLog(
    wanted,
    { firstOffset, lastOffset, logEndOffset: lastOffset + 1, maxTimestamp },
    isCompressedAnew ? null : answer.bytes,
    given,
    who,
  )
}

function checkFollower(wanted: Answer, given: Buffer): void {
  const bytes = Buffer.from(given)
  eachBatch(bytes, (batch) => {
    batch.partitionLeaderEpoch = leaderEpoch
  })
  if ('exception' in wanted) {
    return assert.throws(
      () => followerAppend(bytes),
      (thrown) => thrown instanceof RecordsError && possibleFaults(wanted.exception).includes(thrown.fault),
      `follower refuses as ${wanted.exception}`,
    )
  }
  const { log, ...offsets } = followerAppend(bytes)
  compareLog(wanted, offsets, log, given, 'follower')
}

/** What a follower checks, and the offsets without rounding. */
function followerAppend(bytes: Buffer): { firstOffset: Int; lastOffset: Int; logEndOffset: Int; maxTimestamp: Int; log: Buffer } {
  const found = survey(bytes, { fromClient: false })
  const log = bytes.subarray(0, found.bytes)
  let lastOffset = BigInt(found.lastOffset)
  let firstOffset = BigInt(found.firstOffset)
  eachBatch(log, (batch, index) => {
    lastOffset = batch.baseOffsetExact + BigInt(batch.lastOffsetDelta)
    if (index === 0) firstOffset = batch.baseOffsetExact
    if (batch.hasProducerId && batch.isControl && batch.recordCount > 0 && !readEndMarker(batch)) {
      throw new RecordsError('invalid', 'A transaction ends with a marker')
    }
  })
  return { firstOffset, lastOffset, logEndOffset: lastOffset + 1n, maxTimestamp: found.maxTimestamp, log }
}

function compareLog(
  wanted: Appended,
  offsets: Record<'firstOffset' | 'lastOffset' | 'logEndOffset' | 'maxTimestamp', Int>,
  log: Buffer | null,
  given: Buffer,
  who: string,
): void {
  for (const [name, value] of Object.entries(offsets))
    assert.equal(BigInt(value), BigInt(wanted[name as keyof typeof offsets]), `${name} of the ${who}`)
  if (log === null) return
  assert.equal(log.length, wanted.logBytes, `bytes in the log of the ${who}`)
  assert.equal(createHash('sha256').update(log).digest('hex'), wanted.logSha256, `the log of the ${who}`)
  if (who === 'leader') assert.equal(log.equals(given), wanted.unchanged === true, 'unchanged')
}

/** Where Java's own exceptions escape, they say little of what was wrong. */
function possibleFaults(exception: string): RecordsFault[] {
  if (exception === 'IllegalArgumentException') return ['corrupt', 'codec', 'invalid']
  return [faultOf(exception)]
}

/** Every batch of magic 2 that lies within the bytes, damaged or not. */
function eachBatch(bytes: Buffer, visit: (batch: RecordBatch, index: number) => void): void {
  let position = 0
  for (let index = 0; bytes.length - position >= 17; index++) {
    const size = bytes.readInt32BE(position + 8) + 12
    if (magicAt(bytes, position) === 2) visit(new RecordBatch(bytes, position), index)
    if (size < 17) return
    position += size
  }
}
