import t from 'tap'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { batchField, RecordBatch } from '../../../client/records/batch.ts'
import { buildBatch, type NewRecord } from '../../../client/records/builder.ts'
import { codecNames } from '../../../client/records/compression/codec.ts'
import { convertForFetch, downConvert } from '../../../client/records/convert.ts'
import { buildEndMarker } from '../../../client/records/control.ts'
import { buildLegacySet } from '../../../client/records/legacy-builder.ts'
import { readRecords, recordsOf, type StoredRecord } from '../../../client/records/record.ts'
import { type Accepted, checkProduceRecords, type LeaderRules, type Refusal, validateForLeader } from '../../../client/records/validate.ts'

const now = 1_700_000_000_000
const hour = 3_600_000
const topic: LeaderRules = {
  baseOffset: 1000,
  leaderEpoch: 7,
  now,
  isCompacted: false,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: 24 * hour,
  timestampAfterMaxMs: hour,
  compression: 'producer',
  batchBytesMax: 1_048_588,
  origin: 'client',
}

function numbered(count: number, change: Partial<NewRecord> = {}): NewRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    timestamp: now - i,
    key: Buffer.from(`k${i}`),
    value: Buffer.from(`v${i}`),
    ...change,
  }))
}

function accepted(verdict: Accepted | Refusal): Accepted {
  if ('error' in verdict) throw new Error(verdict.message)
  return verdict
}

function refused(verdict: Accepted | Refusal | undefined): Refusal {
  if (!verdict || !('error' in verdict)) throw new Error('was not refused')
  return verdict
}

t.test('a good batch is stamped where it lies', async (t) => {
  for (const codec of codecNames) {
    const bytes = buildBatch({ records: numbered(10), codec })
    const payload = Buffer.from(bytes.subarray(batchField.attributes))
    const verdict = accepted(validateForLeader(bytes, topic))
    t.match(
      verdict,
      { isRewritten: false, firstOffset: 1000, lastOffset: 1009, recordCount: 10, maxTimestamp: now, offsetOfMaxTimestamp: 1009 },
      codec,
    )
    t.equal(verdict.bytes, bytes, 'no copy')
    t.ok(bytes.subarray(batchField.attributes).equals(payload), 'what the checksum covers is untouched')
    t.match(new RecordBatch(bytes), { baseOffset: 1000, partitionLeaderEpoch: 7 })
  }
})

t.test('a topic of append times gets them, whatever the producer said', async (t) => {
  const bytes = buildBatch({ records: numbered(3, { timestamp: now - 9 * 24 * hour }) })
  const verdict = accepted(validateForLeader(bytes, { ...topic, timestampType: 'LogAppendTime' }))
  t.match(verdict, { maxTimestamp: now, offsetOfMaxTimestamp: 1002, logAppendTime: now })
  const batch = new RecordBatch(verdict.bytes)
  batch.ensureValid()
  t.same(
    [...recordsOf(batch)].map(({ timestamp }) => timestamp),
    [now, now, now],
  )
  const claims = buildBatch({ records: numbered(2), logAppendTime: now })
  t.equal(refused(validateForLeader(claims, { ...topic, timestampType: 'LogAppendTime' })).error, ErrorCode.INVALID_TIMESTAMP)
})

t.test('records that break the rules of their topic are all named', async (t) => {
  const records = numbered(5).map((record, i) => ({
    ...record,
    timestamp: i === 3 ? now + 2 * hour : now,
    key: i === 1 ? null : Buffer.from('k'),
  }))
  const late = refused(validateForLeader(buildBatch({ records }), topic))
  t.equal(late.error, ErrorCode.INVALID_TIMESTAMP)
  t.same(
    late.recordErrors?.map(({ batchIndex }) => batchIndex),
    [3],
  )
  const both = refused(validateForLeader(buildBatch({ records, codec: 'zstd' }), { ...topic, isCompacted: true }))
  t.equal(both.error, ErrorCode.INVALID_TIMESTAMP)
  t.same(
    both.recordErrors?.map(({ batchIndex }) => batchIndex),
    [1, 3],
  )
  const keyless = refused(validateForLeader(buildBatch({ records: numbered(2, { key: null }) }), { ...topic, isCompacted: true }))
  t.equal(keyless.error, ErrorCode.INVALID_RECORD)
  const early = numbered(1, { timestamp: now - 25 * hour })
  t.equal(refused(validateForLeader(buildBatch({ records: early }), topic)).error, ErrorCode.INVALID_TIMESTAMP)
  t.equal(
    accepted(validateForLeader(buildBatch({ records: numbered(2, { timestamp: -1 }) }), topic)).offsetOfMaxTimestamp,
    -1,
    'no time is no wrong time',
  )
})

t.test('a topic with a codec of its own stores its batches in it', async (t) => {
  for (const codec of codecNames) {
    for (const compression of codecNames) {
      const verdict = accepted(
        validateForLeader(buildBatch({ records: numbered(20), codec, producerId: 5, producerEpoch: 0, baseSequence: 0 }), {
          ...topic,
          compression,
        }),
      )
      const batch = new RecordBatch(verdict.bytes)
      batch.ensureValid()
      t.equal(codecNames[batch.codec], compression, `${codec} to ${compression}`)
      t.equal(verdict.isRewritten, codec !== compression)
      t.match(batch, { baseOffset: 1000, lastOffset: 1019, partitionLeaderEpoch: 7, producerId: 5, baseSequence: 0 })
      t.same(
        [...recordsOf(batch)].map(({ offset, value }) => [offset, String(value)]),
        numbered(20).map(({ value }, i) => [1000 + i, String(value)]),
      )
    }
  }
})

t.test('a compressed batch whose offsets do not count up is stored renumbered', async (t) => {
  const bytes = buildBatch({ records: numbered(4).map((record, i) => ({ ...record, offset: i + 3 })), codec: 'lz4' })
  bytes.writeInt32BE(3, batchField.lastOffsetDelta)
  new RecordBatch(bytes).seal()
  const verdict = accepted(validateForLeader(bytes, topic))
  t.ok(verdict.isRewritten)
  t.same(
    [...recordsOf(new RecordBatch(verdict.bytes))].map(({ offset }) => offset),
    [1000, 1001, 1002, 1003],
  )
})

t.test('what no producer may write is refused, and a coordinator may', async (t) => {
  const marker = (): Buffer => buildEndMarker({ committed: true, coordinatorEpoch: 1, producerId: 1, producerEpoch: 0, timestamp: now })
  t.equal(refused(validateForLeader(marker(), topic)).error, ErrorCode.INVALID_RECORD)
  t.match(accepted(validateForLeader(marker(), { ...topic, origin: 'coordinator', compression: 'gzip' })), {
    isRewritten: false,
    lastOffset: 1000,
  })
  const two = Buffer.concat([buildBatch({ records: numbered(1) }), buildBatch({ records: numbered(1) })])
  t.equal(refused(validateForLeader(two, topic)).error, ErrorCode.INVALID_RECORD)
  t.equal(refused(validateForLeader(buildBatch({ records: numbered(1), baseOffset: 4 }), topic)).error, ErrorCode.INVALID_RECORD)
  t.equal(
    refused(validateForLeader(buildBatch({ records: numbered(100) }), { ...topic, batchBytesMax: 200 })).error,
    ErrorCode.MESSAGE_TOO_LARGE,
  )
  const bomb = buildBatch({ records: numbered(1, { value: Buffer.alloc(2_000_000) }), codec: 'gzip' })
  t.equal(refused(validateForLeader(bomb, { ...topic, decompressedBytesMax: 1_000_000 })).error, ErrorCode.MESSAGE_TOO_LARGE)
  const flipped = buildBatch({ records: numbered(3) })
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1)
  t.equal(refused(validateForLeader(flipped, topic)).error, ErrorCode.CORRUPT_MESSAGE)
  t.equal(accepted(validateForLeader(Buffer.alloc(0), topic)).recordCount, 0)
})

t.test('a Produce request brings one batch, and Zstandard from version 7', async (t) => {
  const one = buildBatch({ records: numbered(1) })
  t.equal(checkProduceRecords(one, 3), undefined)
  t.equal(refused(checkProduceRecords(null, 3)).error, ErrorCode.INVALID_RECORD)
  t.equal(refused(checkProduceRecords(Buffer.concat([one, one]), 9)).error, ErrorCode.INVALID_RECORD)
  t.equal(refused(checkProduceRecords(one.subarray(0, 40), 9)).error, ErrorCode.INVALID_RECORD)
  const zstd = buildBatch({ records: numbered(1), codec: 'zstd' })
  t.equal(refused(checkProduceRecords(zstd, 6)).error, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
  t.equal(checkProduceRecords(zstd, 7), undefined)
  const [old] = downConvert(one, 1)
  t.equal(checkProduceRecords(old as Buffer, 2), undefined)
  t.equal(refused(checkProduceRecords(old as Buffer, 3)).error, ErrorCode.INVALID_RECORD)
})

function stored(count: number, baseOffset: number): StoredRecord[] {
  return numbered(count).map(({ timestamp, key = null, value = null }, i) => ({
    offset: baseOffset + i,
    timestamp,
    key,
    value,
    headers: [],
  }))
}

t.test('old message sets become one batch, and batches become old message sets', async (t) => {
  for (const magic of [0, 1] as const) {
    for (const codec of [0, 1, 2, 3]) {
      const name = `magic ${magic} codec ${codec}`
      const set = buildLegacySet(stored(8, 0), { magic, codec })
      const verdict = accepted(validateForLeader(set, topic))
      const batch = new RecordBatch(verdict.bytes)
      batch.ensureValid()
      t.match(batch, { codec, baseOffset: 1000, lastOffset: 1007, partitionLeaderEpoch: 7 }, name)
      const timestamp = magic === 0 ? -1 : now
      t.equal(verdict.maxTimestamp, timestamp)

      const sets = downConvert(verdict.bytes, magic)
      const back = [...readRecords(Buffer.concat(sets))].flatMap(({ records }) => records)
      t.same(
        back.map(({ offset, key, value }) => [offset, String(key), String(value)]),
        stored(8, 1000).map(({ offset, key, value }) => [offset, String(key), String(value)]),
        name,
      )
      t.equal(back[0]?.timestamp, timestamp)
    }
  }
})

t.test('down-conversion drops what old formats lack, keeps the times, and refuses Zstandard', async (t) => {
  const headers = [['h', Buffer.from('x')]] as const
  const timed = buildBatch({ records: numbered(2, { headers }), baseOffset: 10, logAppendTime: now + 5 })
  const marker = buildEndMarker({ committed: true, coordinatorEpoch: 1, producerId: 1, producerEpoch: 0, timestamp: now, baseOffset: 12 })
  const bytes = Buffer.concat([timed, marker, timed.subarray(0, 30)])
  const converted = convertForFetch([bytes], 1, 11)
  if (typeof converted === 'number') throw new Error(`answered ${converted}`)
  t.match(
    [...readRecords(Buffer.concat(converted))].flatMap(({ records }) => records),
    [{ offset: 11, timestamp: now + 5, headers: [] }],
  )

  const zstd = buildBatch({ records: numbered(1), codec: 'zstd', baseOffset: 12 })
  const chunks = [timed, zstd]
  for (const magic of [0, 1, 2] as const) t.equal(convertForFetch(chunks, magic), ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
  const whole = Buffer.concat(chunks)
  for (const edge of [5, timed.length - 1, timed.length + 20]) {
    t.equal(
      convertForFetch([whole.subarray(0, edge), whole.subarray(edge)], 2),
      ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
      `an edge at ${edge}`,
    )
  }
  const fine = [timed, timed.subarray(0, 30)]
  t.equal(convertForFetch(fine, 2), fine, 'nothing to convert')
})

t.test('records that would become too many objects at once are refused, though they are small', async (t) => {
  const many = Array.from({ length: 250_001 }, () => ({ timestamp: now, key: null, value: null }))
  const bytes = buildBatch({ records: many, codec: 'gzip' })
  t.equal(accepted(validateForLeader(bytes, topic)).recordCount, many.length, 'walking over them makes none')
  t.equal(convertForFetch([bytes], 1), ErrorCode.MESSAGE_TOO_LARGE)
  const set = buildLegacySet(
    many.map((record, offset) => ({ ...record, offset, headers: [] })),
    { magic: 1, codec: 1 },
  )
  t.equal(refused(validateForLeader(set, topic)).error, ErrorCode.MESSAGE_TOO_LARGE)
})
