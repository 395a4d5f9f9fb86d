import t from 'tap'
import { batchBytesAt, batchField, RecordBatch, sequenceAfter } from '../../../client/records/batch.ts'
import { buildBatch, type NewRecord, recompress } from '../../../client/records/builder.ts'
import { codecNames } from '../../../client/records/compression/codec.ts'
import { buildEndMarker, readEndMarker } from '../../../client/records/control.ts'
import { crc32c, crc32cByTables } from '../../../client/records/crc32c.ts'
import { readInt64, readInt64Exact, writeInt64 } from '../../../client/records/int64.ts'
import { readRecords, recordsOf } from '../../../client/records/record.ts'
import { RecordsError } from '../../../client/records/records-error.ts'
import { renumber } from '../../../client/records/renumber.ts'
import { RecordScanner, scanRecords } from '../../../client/records/record-scanner.ts'

const start = 1_700_000_000_000

function someRecords(count: number): NewRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    timestamp: start + i * 1000,
    key: i % 3 === 0 ? null : Buffer.from(`key-${i}`),
    value: i % 5 === 0 ? null : Buffer.alloc(i * 7, i),
    headers: i % 4 === 0 ? [['trace', Buffer.from([i])] as const, ['empty', null] as const] : [],
  }))
}

t.test('what is built is read back, whatever the codec and the shape of the records', async (t) => {
  const records = someRecords(200)
  for (const codec of codecNames) {
    const batch = new RecordBatch(buildBatch({ records, codec, baseOffset: 1000, producerId: 7, producerEpoch: 1, baseSequence: 3 }))
    batch.ensureValid()
    t.match(
      batch,
      { baseOffset: 1000, lastOffset: 1199, nextOffset: 1200, recordCount: 200, producerId: 7, baseSequence: 3, lastSequence: 202 },
      codec,
    )
    t.match(batch, { baseTimestamp: start, maxTimestamp: start + 199_000, isTransactional: false, isControl: false })
    const read = [...recordsOf(batch)]
    t.same(
      read,
      records.map((record, i) => ({ ...record, offset: 1000 + i })),
      codec,
    )
  }
})

t.test('recompressing changes the codec and nothing else', async (t) => {
  const records = someRecords(50)
  const plain = new RecordBatch(
    buildBatch({ records, baseOffset: 5, partitionLeaderEpoch: 4, producerId: 9, producerEpoch: 0, baseSequence: 1 }),
  )
  for (const codec of codecNames) {
    const there = new RecordBatch(recompress(plain, codec))
    const back = recompress(there, 'none')
    t.ok(back.equals(plain.buffer), codec)
  }
})

t.test('the broker sets offset and epoch outside the checksum, and the append time inside it', async (t) => {
  const batch = new RecordBatch(buildBatch({ records: someRecords(3) }))
  const { crc } = batch
  batch.baseOffset = 2 ** 40
  batch.partitionLeaderEpoch = 12
  t.ok(batch.checkCrc())
  t.equal(batch.crc, crc)
  batch.setTimestamps(false, batch.maxTimestamp)
  t.equal(batch.crc, crc, 'nothing to change')
  batch.setTimestamps(true, start + 5)
  t.not(batch.crc, crc)
  t.ok(batch.checkCrc())
  t.same(
    [...recordsOf(batch)].map(({ timestamp }) => timestamp),
    [start + 5, start + 5, start + 5],
  )
  batch.buffer.writeUInt8(batch.buffer.readUInt8(batch.end - 1) ^ 1, batch.end - 1)
  t.notOk(batch.checkCrc(), 'a flipped bit shows')
})

t.test('the size of a batch is known from 17 bytes, and nonsense is told from a cut', async (t) => {
  const batch = buildBatch({ records: someRecords(2) })
  t.equal(batchBytesAt(batch, 0), batch.length)
  for (const cut of [0, 11, 16, 60, batch.length - 1]) t.equal(batchBytesAt(batch.subarray(0, cut), 0), 0, `cut to ${cut}`)
  for (const [field, wrong] of [
    [batchField.batchLength, 13],
    [batchField.batchLength, 0x7fff_ffff],
    [batchField.batchLength, -1],
    [batchField.magic, 0x0300_0000],
    [batchField.magic, -1],
  ] as const) {
    const damaged = Buffer.from(batch)
    damaged.writeInt32BE(wrong, field)
    t.throws(() => batchBytesAt(damaged, 0), RecordsError, `${wrong} at ${field}`)
  }
})

t.test('sequences go round from 2^31-1 to 0', async (t) => {
  t.equal(sequenceAfter(5, 3), 8)
  t.equal(sequenceAfter(0x7fff_ffff, 1), 0)
  t.equal(sequenceAfter(0x7fff_fffe, 3), 1)
})

t.test('64-bit integers are exact as far as numbers are', async (t) => {
  const buffer = Buffer.alloc(8)
  for (const value of [
    0,
    -1,
    1,
    2 ** 31,
    -(2 ** 31),
    2 ** 32 - 1,
    2 ** 32,
    -(2 ** 32) - 1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ]) {
    writeInt64(buffer, 0, value)
    t.equal(readInt64(buffer, 0), value)
    t.equal(readInt64Exact(buffer, 0), BigInt(value))
  }
  writeInt64(buffer, 0, 2 ** 63)
  t.equal(readInt64Exact(buffer, 0), 2n ** 63n - 1n, 'the nearest there is')
  writeInt64(buffer, 0, -(2 ** 70))
  t.equal(readInt64Exact(buffer, 0), -(2n ** 63n))
})

t.test('the checksum by tables is the checksum by machine code, in pieces or whole', async (t) => {
  t.equal(crc32c(Buffer.from('123456789')), 0xe306_9283, 'the check value of CRC-32C')
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 31) & 0xff))
  for (const [from, to] of [
    [0, 1000],
    [1, 999],
    [3, 130],
    [7, 7],
    [500, 627],
  ] as const) {
    const whole = crc32c(bytes, from, to)
    t.equal(whole, crc32cByTables(bytes, from, to), `${from} to ${to}`)
    const middle = (from + to) >> 1
    t.equal(crc32c(bytes, middle, to, crc32c(bytes, from, middle)), whole, 'continued')
  }
})

t.test('a transaction ends with a marker that says how', async (t) => {
  const marker = { committed: true, coordinatorEpoch: 21, producerId: 3, producerEpoch: 2, timestamp: start }
  const batch = new RecordBatch(buildEndMarker({ ...marker, baseOffset: 44, partitionLeaderEpoch: 5 }))
  t.match(batch, { isControl: true, isTransactional: true, baseOffset: 44, lastOffset: 44, partitionLeaderEpoch: 5, baseSequence: -1 })
  t.same(readEndMarker(batch), { committed: true, coordinatorEpoch: 21 })
  t.same(readEndMarker(new RecordBatch(buildEndMarker({ ...marker, committed: false }))), { committed: false, coordinatorEpoch: 21 })
  const cut = buildBatch({ records: [{ timestamp: start, key: Buffer.alloc(2), value: null }], isControl: true })
  t.throws(() => readEndMarker(new RecordBatch(cut)), RecordsError)
})

t.test('a reader passes over control records and aborted transactions, and still moves on', async (t) => {
  const ofProducer = (producerId: number, baseOffset: number, isTransactional: boolean) =>
    buildBatch({
      records: [{ timestamp: start, value: Buffer.from(`${producerId}`) }],
      baseOffset,
      producerId,
      producerEpoch: 0,
      baseSequence: 0,
      isTransactional,
    })
  const end = (producerId: number, baseOffset: number, committed: boolean) =>
    buildEndMarker({ committed, coordinatorEpoch: 0, producerId, producerEpoch: 0, timestamp: start, baseOffset })
  const bytes = Buffer.concat([
    ofProducer(1, 0, true),
    ofProducer(2, 1, true),
    ofProducer(3, 2, false),
    end(1, 3, false),
    ofProducer(1, 4, true),
    end(2, 5, true),
    end(1, 6, true),
    ofProducer(1, 7, true).subarray(0, 50),
  ])
  const read = [...readRecords(bytes, { aborted: [{ producerId: 1, firstOffset: 0 }] })]
  t.same(
    read.map(({ lastOffset }) => lastOffset),
    [0, 1, 2, 3, 4, 5, 6],
  )
  t.same(
    read.flatMap(({ records }) => records.map(({ offset, value }) => [offset, value?.toString()])),
    [
      [1, '2'],
      [2, '3'],
      [4, '1'],
    ],
  )
})

t.test('renumbered records count up from zero and are otherwise the same', async (t) => {
  const records = someRecords(300).map((record, i) => ({ ...record, offset: i * 3 + 7 }))
  const batch = new RecordBatch(buildBatch({ records }))
  const renumbered = renumber(batch.payload, records.length)
  const scanner = new RecordScanner(renumbered, 0, renumbered.length, records.length)
  const before = scanRecords(batch)
  for (let offset = 0; scanner.next() && before.next(); offset++) {
    t.equal(scanner.offsetDelta, offset)
    t.same(
      [scanner.timestampDelta, scanner.key(), scanner.value(), scanner.headers()],
      [before.timestampDelta, before.key(), before.value(), before.headers()],
    )
  }
  t.notOk(before.next())
})

t.test('an emptied batch keeps its place and its producer', async (t) => {
  const batch = new RecordBatch(
    buildBatch({ records: [], baseOffset: 500, lastOffset: 512, maxTimestamp: start, producerId: 4, producerEpoch: 1, baseSequence: 9 }),
  )
  t.match(batch, { baseOffset: 500, lastOffset: 512, recordCount: 0, maxTimestamp: start, lastSequence: 21 })
  t.same([...recordsOf(batch)], [])
})

t.test('of a stream that is damaged at its end, what a reader meets first is told', async (t) => {
  // Level 0 stores the bytes as they are: 10 of gzip's header and 5 of the block's stand before them.
  const firstKeyLength = 61 + 15 + 4
  const faultOf = (damage: (bytes: Buffer) => void): string => {
    const bytes = buildBatch({
      records: [1, 2, 3].map((i) => ({ timestamp: start, key: Buffer.from(`key-${i}`) })),
      codec: 'gzip',
      level: 0,
    })
    damage(bytes)
    const batch = new RecordBatch(bytes)
    batch.seal()
    try {
      return `${[...recordsOf(batch)].length} records`
    } catch (error) {
      return (error as RecordsError).fault
    }
  }
  t.equal(
    faultOf(() => undefined),
    '3 records',
  )
  t.equal(
    faultOf((bytes) => bytes.writeUInt8(0x7e, firstKeyLength)),
    'invalid',
    'a record with a key beyond its end',
  )
  t.equal(
    faultOf((bytes) => bytes.writeUInt8(0x7a, firstKeyLength + 1)),
    'undecodable',
    'well-formed records under a wrong checksum',
  )
})
