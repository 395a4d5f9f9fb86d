import fc from 'fast-check'
import t from 'tap'
import { CompactionFault } from '../../../../broker/log/compaction/compaction-fault.ts'
import type { RecordBatch } from '../../../../client/records/batch.ts'
import { buildBatch, type NewRecord } from '../../../../client/records/builder.ts'
import { codecNames } from '../../../../client/records/compression/codec.ts'
import { buildEndMarker } from '../../../../client/records/control.ts'
import { testTime } from '../../../support/batches.ts'
import { StoredSegments } from '../../../support/compaction.ts'

interface Sent {
  readonly keys: readonly number[]
  readonly codec: number
  readonly roll: boolean
  /** 0: none; else a transactional producer. */
  readonly producer: number
  readonly ends: 'commit' | 'abort' | 'no'
}

const traffic = fc.array(
  fc.record<Sent>({
    keys: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 }),
    codec: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
    roll: fc.boolean(),
    producer: fc.constantFrom(0, 0, 1, 2),
    ends: fc.constantFrom('no', 'no', 'commit', 'abort'),
  }),
  { minLength: 1, maxLength: 30 },
)

/** What is where, remembered whole. */
interface Known {
  readonly offset: number
  readonly key: string
  readonly value: string | null
  readonly timestamp: number
  isAborted: boolean
  readonly isTombstone: boolean
}

function record(key: number, salt: number): NewRecord {
  const value = key % 4 === 0 ? null : Buffer.from(`value ${salt} of ${key}`.repeat(1 + (salt % 3)))
  return {
    timestamp: testTime - 500 + ((salt * 7) % 50),
    key: Buffer.from(`key-${key}`),
    value,
    headers: [['h', Buffer.from([salt % 256])]],
  }
}

/** Sends it all, ends every transaction, and tells what a reader of everything would find. */
function write(segments: StoredSegments, sent: readonly Sent[]): Known[] {
  const known: Known[] = []
  const open = new Map<number, { first: number; mine: Known[]; sequence: number }>()
  const end = (producer: number, committed: boolean) => {
    const transaction = open.get(producer)
    if (!transaction) return
    open.delete(producer)
    const producerId = producer
    const offset = segments.append(
      buildEndMarker({ committed, coordinatorEpoch: 0, producerId, producerEpoch: 0, timestamp: testTime - 400 }),
    )
    if (committed) return
    for (const each of transaction.mine) each.isAborted = true
    const lastStableOffset = Math.min(offset + 1, ...[...open.values()].map(({ first }) => first))
    segments.aborted({ producerId, firstOffset: transaction.first, lastOffset: offset, lastStableOffset })
  }
  sent.forEach(({ keys, codec, roll, producer, ends }, at) => {
    const records = keys.map((key, index) => record(key, at * 10 + index))
    const fields = producer ? { producerId: producer, producerEpoch: 0, baseSequence: 0, isTransactional: true } : {}
    const base = segments.append(buildBatch({ records, codec: codecNames[codec], partitionLeaderEpoch: 5, ...fields }))
    const mine = records.map(({ key, value, timestamp }, index) => ({
      offset: base + index,
      key: String(key),
      value: value ? String(value) : null,
      timestamp,
      isAborted: false,
      isTombstone: !value,
    }))
    known.push(...mine)
    if (producer) {
      const transaction = open.get(producer) ?? { first: base, mine: [], sequence: 0 }
      transaction.mine.push(...mine)
      open.set(producer, transaction)
      if (ends !== 'no') end(producer, ends === 'commit')
    }
    if (roll) segments.roll()
  })
  for (const producer of [...open.keys()]) end(producer, false)
  segments.roll()
  return known
}

function newest(known: readonly Known[], withTombstones: boolean): Omit<Known, 'isAborted' | 'isTombstone'>[] {
  const last = new Map<string, number>()
  for (const { key, offset, isAborted } of known) if (!isAborted) last.set(key, offset)
  return known
    .filter(({ key, offset, isAborted, isTombstone }) => !isAborted && last.get(key) === offset && (withTombstones || !isTombstone))
    .map(({ offset, key, value, timestamp }) => ({ offset, key, value, timestamp }))
}

function stored(segments: StoredSegments): Omit<Known, 'isAborted' | 'isTombstone'>[] {
  return segments
    .records()
    .map(({ offset, key, value, timestamp }) => ({ offset, key: String(key), value: value ? String(value) : null, timestamp }))
}

t.test('compaction leaves the newest committed record of each key, where it was', (t) => {
  fc.assert(
    fc.property(traffic, fc.integer({ min: 200, max: 4000 }), (sent, segmentBytes) => {
      const segments = new StoredSegments()
      const known = write(segments, sent)
      segments.compact({ segmentBytes })
      t.same(stored(segments), newest(known, true))
      segments.compact({ segmentBytes, now: testTime + 999 })
      t.same(stored(segments), newest(known, true), 'tombstones stay until their horizon')
      segments.compact({ segmentBytes, now: testTime + 1000 })
      t.same(stored(segments), newest(known, false), 'and go then')
      segments.compact({ segmentBytes, now: testTime + 3000 })
      segments.compact({ segmentBytes, now: testTime + 5000 })
      const aborts = segments
        .batches()
        .filter((batch) => batch.isControl && batch.recordCount > 0 && batch.lastOffset < segments.endOffset - 1)
      const withData = new Set(segments.batches().flatMap((batch) => (batch.isControl ? [] : [batch.producerId])))
      t.ok(
        aborts.every(({ producerId }) => withData.has(producerId)),
        'no marker outlives the records it decides',
      )
      for (const { headers } of segments.records()) t.equal(headers[0]?.[0], 'h')
      t.same(segments.endOffset, segments.batches().at(-1)?.nextOffset, 'the last batch stays, so that the end does')
    }),
    { numRuns: 150 },
  )
  t.end()
})

t.test('a map that holds a few keys compacts as far as it goes, and the next pass goes on from there', (t) => {
  fc.assert(
    fc.property(traffic, (sent) => {
      const segments = new StoredSegments()
      const known = write(segments, sent)
      let before = -1
      while (segments.firstDirtyOffset < segments.endOffset) {
        t.ok(segments.firstDirtyOffset > before, 'every pass gets on')
        before = segments.firstDirtyOffset
        segments.compact({ mapBytes: 24 * 5 })
        const gone = new Set(stored(segments).map(({ offset }) => offset))
        for (const { offset } of newest(known, true)) t.ok(gone.has(offset), 'nothing newest is lost on the way')
      }
      t.same(stored(segments), newest(known, true))
    }),
    { numRuns: 50 },
  )
  t.end()
})

t.test('the last batch of a producer stays, without its records, so that its sequence lives on', (t) => {
  const segments = new StoredSegments()
  const from = (value: string, producerId: number, baseSequence: number, isControl = false) =>
    buildBatch({
      records: [{ timestamp: testTime, key: Buffer.from('k'), value: Buffer.from(value) }],
      producerId,
      producerEpoch: 2,
      baseSequence,
      isControl,
      codec: 'gzip',
    })
  segments.append(from('a', 1, 7))
  segments.append(from('b', 2, 8))
  segments.append(from('c', 3, 9))
  segments.append(buildBatch({ records: [{ timestamp: testTime, key: Buffer.from('other'), value: Buffer.from('x') }] }))
  segments.roll()
  segments.compact({
    producers: [
      { producerId: 1, lastOffset: 0, epoch: 2 },
      { producerId: 2, lastOffset: 5, epoch: 2 },
    ],
  })
  const [first, second] = segments.batches() as [RecordBatch, RecordBatch]
  t.match(first, {
    baseOffset: 0,
    lastOffset: 0,
    producerId: 1,
    producerEpoch: 2,
    baseSequence: 7,
    lastSequence: 7,
    recordCount: 0,
    maxTimestamp: testTime,
    codec: 0,
  })
  t.match(second, { baseOffset: 2, producerId: 3, recordCount: 1 }, 'producer 2 has sent something later')
  segments.compact()
  t.same(
    segments.batches().map(({ baseOffset }) => baseOffset),
    [2, 3],
    'a producer that is forgotten needs it no more',
  )
  t.end()
})

t.test('records between those that go keep their bytes, and the batch its offsets', (t) => {
  const segments = new StoredSegments()
  const key = (name: string, at: number): NewRecord => ({ timestamp: testTime + at, key: Buffer.from(name), value: Buffer.from(name) })
  segments.append(buildBatch({ records: [key('a', 9), key('b', 1), key('a', 2), key('c', 3), key('b', 4)], partitionLeaderEpoch: 4 }))
  segments.append(buildBatch({ records: [key('c', 5)], logAppendTime: testTime + 50 }))
  segments.roll()
  segments.compact()
  const [batch, later] = segments.batches() as [RecordBatch, RecordBatch]
  t.match(batch, {
    baseOffset: 0,
    lastOffset: 4,
    recordCount: 2,
    partitionLeaderEpoch: 4,
    baseTimestamp: testTime + 9,
    maxTimestamp: testTime + 4,
  })
  t.match(later, { maxTimestamp: testTime + 50, isLogAppendTime: true })
  t.same(
    segments.records().map(({ offset, timestamp }) => [offset, timestamp - testTime]),
    [
      [2, 2],
      [4, 4],
      [5, 50],
    ],
  )
  t.end()
})

t.test('keyless records, from before the topic was compacted, go', (t) => {
  const segments = new StoredSegments()
  segments.append(
    buildBatch({
      records: [
        { timestamp: testTime, value: Buffer.from('x') },
        { timestamp: testTime, key: Buffer.from('k') },
      ],
    }),
  )
  segments.roll()
  t.match(segments.compact(), { keyless: 1, recordsKept: 1, recordsRead: 2 })
  t.end()
})

t.test('a bound on reading and writing makes a pass rest', (t) => {
  const segments = new StoredSegments()
  for (let at = 0; at < 40; at++) {
    const value = Buffer.alloc(100_000)
    segments.append(buildBatch({ records: [{ timestamp: testTime, key: Buffer.from(`${at % 4}`), value }] }))
  }
  segments.roll()
  let restedMillis = 0
  segments.compact({ bytesPerSecond: 1_000_000, segmentBytes: 10_000_000 }, (millis) => (restedMillis = millis))
  t.ok(restedMillis > 8000 && restedMillis < 9000, `two times 4 MB read and 0.4 MB written take ${restedMillis} ms`)
  t.end()
})

t.test('damage is never compacted over', (t) => {
  const segments = new StoredSegments()
  segments.append(buildBatch({ records: [record(1, 1)] }))
  segments.append(buildBatch({ records: [record(2, 2)] }))
  segments.roll()
  const path = '/data/t-0/00000000000000000000.log'
  const bytes = segments.disk.get(path)
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1
  t.throws(() => segments.compact(), CompactionFault)
  t.ok(segments.disk.get(path).equals(bytes))
  t.end()
})

t.test('a transaction index that lost an aborted transaction stops compaction', (t) => {
  const segments = new StoredSegments()
  segments.append(buildBatch({ records: [record(1, 1)], producerId: 9, producerEpoch: 0, baseSequence: 0, isTransactional: true }))
  segments.append(buildEndMarker({ committed: false, coordinatorEpoch: 0, producerId: 9, producerEpoch: 0, timestamp: testTime }))
  segments.roll()
  t.throws(() => segments.compact(), CompactionFault)
  t.end()
})

t.test('the entry of an aborted transaction lives as long as its marker decides something', (t) => {
  const segments = new StoredSegments()
  const data = buildBatch({ records: [record(1, 1)], producerId: 9, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  segments.append(data)
  segments.append(buildEndMarker({ committed: false, coordinatorEpoch: 0, producerId: 9, producerEpoch: 0, timestamp: testTime }))
  const entry = { producerId: 9, firstOffset: 0, lastOffset: 1, lastStableOffset: 2 }
  segments.aborted(entry)
  segments.append(buildBatch({ records: [record(2, 2)] }))
  segments.roll()
  segments.compact()
  t.same(segments.abortedEntries(), [entry])
  t.same(
    segments.batches().map(({ baseOffset }) => baseOffset),
    [1, 2],
    'the data is gone',
  )
  segments.compact({ now: testTime + 1 })
  t.same(segments.abortedEntries(), [], 'then the marker decides nothing')
  t.equal(segments.batches()[0]?.deleteHorizon, testTime + 1001)
  segments.compact({ now: testTime + 1001 })
  t.same(
    segments.batches().map(({ baseOffset }) => baseOffset),
    [2],
  )
  t.end()
})
