import t from 'tap'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { RecordBatch } from '../../../client/records/batch.ts'
import { buildEndMarker } from '../../../client/records/control.ts'
import { testBatch, testTime } from '../../support/batches.ts'
import { append, baseOffsets, folder, LogFixture, readAll } from '../../support/log-fixture.ts'
import { MemoryDisk } from '../../support/memory-disk.ts'

t.test('what is appended gets the next offsets, and is read back as it came but for what the broker owns', async (t) => {
  const fixture = new LogFixture()
  const log = fixture.open()
  log.assignEpoch(7)
  const sent = testBatch({ count: 3, valueBytes: 50 })
  t.equal(append(log, { count: 2 }), 0)
  t.equal(append(log, sent), 2)
  t.equal(log.endOffset, 5)
  t.equal(log.writtenEnd, 0, 'nothing is in the file before the turn ends')
  await fixture.written()
  t.equal(log.writtenEnd, 5)
  const slice = await log.read(2, { maxBytes: 10_000, upTo: 5, atLeastOneBatch: true })
  const stored = Buffer.concat(slice.chunks)
  const batch = new RecordBatch(stored)
  t.equal(batch.baseOffset, 2)
  t.equal(batch.partitionLeaderEpoch, 7)
  t.ok(batch.checkCrc())
  t.same(stored.subarray(16), sent.subarray(16))
  t.equal(slice.nextOffset, 5)
})

t.test('appends of one turn reach the file in one write', async (t) => {
  const disk = new MemoryDisk()
  const fixture = new LogFixture({ disk })
  const log = fixture.open()
  append(log)
  await fixture.written()
  let writes = 0
  disk.before = (operation, path) => {
    if (operation === 'write' && path.endsWith('.log')) writes++
  }
  for (let at = 0; at < 50; at++) append(log, {}, 'client', at % 7 === 0)
  await fixture.written()
  t.equal(writes, 1)
  t.equal((await readAll(log)).length, 51)
})

t.test('reading keeps to its bounds', async (t) => {
  const fixture = new LogFixture()
  const log = fixture.open()
  const size = testBatch({ count: 2, valueBytes: 100 }).length
  for (let at = 0; at < 100; at++) append(log, { count: 2, valueBytes: 100 })
  await fixture.written()
  const at = async (from: number, maxBytes: number, upTo: number, atLeastOneBatch = false) => {
    const slice = await log.read(from, { maxBytes, upTo, atLeastOneBatch })
    return slice.error ?? baseOffsets(slice)
  }
  t.same(await at(0, size * 3, 200), [0, 2, 4], 'whole batches within maxBytes')
  t.same(await at(0, size * 3 + size - 1, 200), [0, 2, 4])
  t.same(await at(1, size * 2, 200), [0, 2], 'from the batch that holds the offset')
  t.same(await at(101, size, 200), [100])
  t.same(await at(0, size - 1, 200), [], 'nothing if the first batch is too large')
  t.same(await at(0, 1, 200, true), [0], 'but for the one that must be')
  t.same(await at(100, 100_000, 106), [100, 102, 104], 'nothing that reaches upTo')
  t.same(await at(199, 100_000, 200), [198])
  t.same(await at(200, 100_000, 200), [], 'nothing at the end')
  t.equal(await at(201, 100, 200), ErrorCode.OFFSET_OUT_OF_RANGE)
  t.equal(await at(-1, 100, 200), ErrorCode.OFFSET_OUT_OF_RANGE)
})

t.test('reads from files give what reads from memory give', async (t) => {
  const warm = new LogFixture()
  const cold = new LogFixture({ settings: { tailCacheBytes: 0 }, config: { segmentBytes: 20_000 } })
  const logs = [warm.open(), cold.open()] as const
  for (let at = 0; at < 300; at++) {
    for (const log of logs) append(log, { count: 1 + (at % 5), valueBytes: 10 + ((at * 37) % 900), timestamp: testTime + at })
    if (at % 10 === 0) await Promise.all([warm.written(), cold.written()])
  }
  await Promise.all([warm.written(), cold.written()])
  for (const maxBytes of [1, 500, 5_000, 100_000]) t.same(await readAll(logs[0], 0, maxBytes), await readAll(logs[1], 0, maxBytes))
  t.ok(cold.directory.tailCache.misses > 0)
})

t.test('large cold reads come off the event loop, in buffers that are given back', async (t) => {
  const fixture = new LogFixture({ settings: { tailCacheBytes: 0 } })
  const log = fixture.open()
  for (let at = 0; at < 10; at++) append(log, { count: 1, valueBytes: 200_000 })
  await fixture.written()
  // Memory is bounded for all logs together: another's growth pushes this one's batches out.
  append(fixture.open(1), { valueBytes: 900_000 })
  const slice = log.read(0, { maxBytes: 3_000_000, upTo: 10, atLeastOneBatch: true })
  t.ok(slice instanceof Promise)
  t.same(baseOffsets(await slice), [0, 1, 2, 3, 4], 'no more than one buffer holds')
})

t.test('a segment rolls by size, by time and when its index is full, and reading goes on across', async (t) => {
  const one = testBatch({ valueBytes: 1000 }).length
  const cases = {
    size: { segmentBytes: one * 4 },
    time: { segmentMillis: 1000 },
    index: { segmentIndexBytes: 24, indexIntervalBytes: 0 },
  }
  for (const [name, config] of Object.entries(cases)) {
    const fixture = new LogFixture({ config, settings: { tailCacheBytes: 0 } })
    const log = fixture.open()
    for (let at = 0; at < 20; at++) append(log, { valueBytes: 1000, timestamp: testTime + at * 300 })
    await fixture.written()
    const starts = log.segmentStarts().map(({ offset }) => offset)
    t.ok(starts.length >= 4, `by ${name}: ${starts.join(' ')}`)
    t.same(
      await readAll(log),
      Array.from({ length: 20 }, (_, at) => at),
    )
    if (name !== 'index') t.same(starts, [0, 4, 8, 12, 16])
  }
})

t.test('a batch larger than a segment or than the topic takes is refused', (t) => {
  const fixture = new LogFixture({ config: { segmentBytes: 1000, maxMessageBytes: 2000 } })
  const log = fixture.open()
  t.equal(append(log, { valueBytes: 1100 }), `error ${ErrorCode.RECORD_LIST_TOO_LARGE}`)
  t.equal(append(log, { valueBytes: 2000 }), `error ${ErrorCode.MESSAGE_TOO_LARGE}`)
  const damaged = testBatch()
  damaged[damaged.length - 1] = (damaged[damaged.length - 1] as number) ^ 1
  t.equal(append(log, damaged), `error ${ErrorCode.CORRUPT_MESSAGE}`)
  t.equal(log.endOffset, 0)
  t.end()
})

t.test('LogAppendTime stamps batches with the time of their append', async (t) => {
  const fixture = new LogFixture({ config: { messageTimestampType: 'LogAppendTime' } })
  const log = fixture.open()
  const result = log.append(testBatch({ timestamp: 5 }), { leaderEpoch: 0, now: testTime, retain: false, origin: 'client' })
  t.match(result, { firstOffset: 0, logAppendTime: testTime })
  await fixture.written()
  t.same(await log.maxTimestampOffset(), { timestamp: testTime, offset: 0, leaderEpoch: 0 })
})

t.test('an idempotent producer: duplicates get their first offset, gaps and old epochs are refused', async (t) => {
  const fixture = new LogFixture()
  const log = fixture.open()
  const send = (baseSequence: number, count = 2, producerEpoch = 0) => append(log, { producerId: 9, producerEpoch, baseSequence, count })
  t.equal(send(0), 0)
  t.equal(send(2), 2)
  t.equal(send(0), 0, 'a duplicate')
  t.equal(send(2), 2)
  t.equal(send(6), `error ${ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER}`)
  for (let sequence = 4; sequence < 14; sequence += 2) t.equal(send(sequence), sequence)
  t.equal(send(2), `error ${ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER}`, 'older than the last five')
  t.equal(send(0, 2, 1), 14, 'a new epoch begins at 0')
  t.equal(send(2, 2, 0), `error ${ErrorCode.INVALID_PRODUCER_EPOCH}`)
  t.equal(send(5, 2, 2), `error ${ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER}`)
  t.equal(append(log, { producerId: 10, producerEpoch: 0, baseSequence: 77 }), 16, 'who is unknown may begin anywhere')
  t.match(log.producers.describe(), [
    { producerId: 9, producerEpoch: 1, lastSequence: 1 },
    { producerId: 10, lastSequence: 77 },
  ])
  t.end()
})

t.test('transactions bound the last stable offset, and aborted ones are told to readers', async (t) => {
  const fixture = new LogFixture({ config: { segmentBytes: 2000 } })
  const log = fixture.open()
  const sequences = new Map<number, number>()
  const write = (producerId: number) => {
    const baseSequence = sequences.get(producerId) ?? 0
    sequences.set(producerId, baseSequence + 1)
    return append(log, { producerId, producerEpoch: 0, baseSequence, isTransactional: true, valueBytes: 200 })
  }
  const end = (producerId: number, committed: boolean) =>
    append(log, buildEndMarker({ committed, coordinatorEpoch: 0, producerId, producerEpoch: 0, timestamp: testTime }), 'coordinator')
  write(1)
  write(2)
  append(log, { valueBytes: 200 })
  await fixture.written()
  t.equal(log.highWatermark, 3)
  t.equal(log.lastStableOffset, 0)
  end(1, false)
  t.equal(log.lastStableOffset, 0, 'the marker is not committed yet')
  await fixture.written()
  t.equal(log.lastStableOffset, 1, 'producer 2 has one open')
  for (let at = 0; at < 10; at++) write(2)
  end(2, true)
  await fixture.written()
  t.equal(log.lastStableOffset, log.highWatermark)
  t.same(log.abortedTransactions(0, log.endOffset), [{ producerId: 1, firstOffset: 0 }])
  t.same(log.abortedTransactions(4, log.endOffset), [])
  t.equal(append(log, { producerId: 3, producerEpoch: 0, baseSequence: 0, isTransactional: true }), 15)
  t.equal(append(log, { producerId: 3, producerEpoch: 0, baseSequence: 1 }), `error ${ErrorCode.INVALID_TXN_STATE}`)
})

t.test('offsets by time, and by the largest time', async (t) => {
  const fixture = new LogFixture({ config: { segmentBytes: 5000, indexIntervalBytes: 300 } })
  const log = fixture.open()
  for (let at = 0; at < 100; at++) append(log, { count: 3, valueBytes: 100, timestamp: testTime + at * 10 })
  append(log, { timestamp: testTime + 3, valueBytes: 100 })
  await fixture.written()
  const offsetAt = async (after: number) => (await log.offsetForTimestamp(testTime + after))?.offset
  t.equal(await offsetAt(-5), 0)
  t.equal(await offsetAt(0), 0)
  t.equal(await offsetAt(1), 1)
  t.equal(await offsetAt(3), 3)
  t.equal(await offsetAt(500), 150)
  t.equal(await offsetAt(992), 299)
  t.equal(await offsetAt(993), undefined)
  t.match(await log.maxTimestampOffset(), { timestamp: testTime + 992, offset: 299 })
})

t.test('leader epochs answer where one ended', async (t) => {
  const log = new LogFixture().open()
  t.same(log.epochEndOffset(0), { epoch: -1, endOffset: -1 })
  log.assignEpoch(2)
  append(log, { count: 10 })
  log.assignEpoch(5)
  append(log, { count: 5 })
  t.same(log.epochEndOffset(1), { epoch: 1, endOffset: 0 })
  t.same(log.epochEndOffset(2), { epoch: 2, endOffset: 10 })
  t.same(log.epochEndOffset(4), { epoch: 2, endOffset: 10 })
  t.same(log.epochEndOffset(5), { epoch: 5, endOffset: 15 })
  t.same(log.epochEndOffset(6), { epoch: -1, endOffset: -1 })
  t.equal(log.epochAt(9), 2)
  t.equal(log.epochAt(10), 5)
})

t.test('a follower takes batches as its leader has them, and cuts back to where they part', async (t) => {
  const leader = new LogFixture({ config: { segmentBytes: 3000 } })
  const source = leader.open()
  source.assignEpoch(1)
  for (let at = 0; at < 30; at++) append(source, { count: 2, valueBytes: 100, producerId: 4, producerEpoch: 0, baseSequence: at * 2 })
  await leader.written()
  const follower = new LogFixture({ config: { segmentBytes: 3000 } })
  const log = follower.open()
  for (let at = 0; at < 60; ) {
    const slice = await source.read(at, { maxBytes: 1000, upTo: 60, atLeastOneBatch: true })
    const result = log.append(Buffer.concat(slice.chunks), { leaderEpoch: 9, now: testTime, retain: false, origin: 'leader' })
    t.match(result, { lastOffset: slice.nextOffset - 1 })
    at = slice.nextOffset
  }
  await follower.written()
  t.same(log.segmentStarts(), source.segmentStarts(), 'the same files')
  t.same(
    (follower.disk as MemoryDisk).get(`${folder}/00000000000000000000.log`),
    (leader.disk as MemoryDisk).get(`${folder}/00000000000000000000.log`),
  )
  t.equal(log.latestEpoch, 1)
  const again = await source.read(10, { maxBytes: 1000, upTo: 60, atLeastOneBatch: true })
  t.match(log.append(Buffer.concat(again.chunks), { leaderEpoch: 1, now: 0, retain: false, origin: 'leader' }), {
    error: ErrorCode.OFFSET_OUT_OF_RANGE,
  })
  log.truncateTo(33)
  t.equal(log.endOffset, 32, 'whole batches only')
  t.equal(log.producers.describe()[0]?.lastSequence, 31)
  const rest = await source.read(32, { maxBytes: 100_000, upTo: 60, atLeastOneBatch: true })
  t.match(log.append(Buffer.concat(rest.chunks), { leaderEpoch: 1, now: 0, retain: false, origin: 'leader' }), { firstOffset: 32 })
  await follower.written()
  t.same(
    await readAll(log),
    (await readAll(source)).filter((offset) => offset < log.endOffset),
  )
  log.truncateFullyAndStartAt(500)
  t.equal(log.startOffset, 500)
  t.equal(log.endOffset, 500)
  t.equal(append(log), 500)
})

t.test('deleted records are out of range, and their files go', async (t) => {
  const disk = new MemoryDisk()
  const fixture = new LogFixture({ disk, config: { segmentBytes: 1000 } })
  const log = fixture.open()
  for (let at = 0; at < 20; at++) append(log, { valueBytes: 300 })
  await fixture.written()
  log.deleteRecordsBefore(7)
  t.equal(log.startOffset, 7)
  t.match(await log.read(6, { maxBytes: 1000, upTo: 20, atLeastOneBatch: true }), { error: ErrorCode.OFFSET_OUT_OF_RANGE })
  t.equal((await readAll(log))[0], 7)
  t.notOk(disk.exists(`${folder}/00000000000000000000.log`))
  t.ok(disk.exists(`${folder}/00000000000000000000.log.deleted`))
  await fixture.clock.pass(60_000)
  t.notOk(disk.exists(`${folder}/00000000000000000000.log.deleted`))
  t.match(disk.get('/data/log-start-offset-checkpoint').toString(), 't 0 7')
})

t.test('retention lets old segments go by time and by size', async (t) => {
  const byTime = new LogFixture({ config: { segmentBytes: 1000, retentionMillis: 1000 } })
  const old = byTime.open()
  for (let at = 0; at < 12; at++) append(old, { valueBytes: 300, timestamp: testTime + at * 100 })
  await byTime.written()
  t.equal(old.applyRetention(testTime + 1000), 0)
  t.equal(old.applyRetention(testTime + 1900), 4, 'nothing newer than offset 7')
  t.equal(old.startOffset, 8)
  t.equal(old.applyRetention(testTime + 10_000), 2, 'all, the last one too')
  t.equal(old.startOffset, 12)
  t.equal(append(old), 12)

  const bySize = new LogFixture({ config: { segmentBytes: 1000, retentionBytes: 2000 } })
  const large = bySize.open()
  for (let at = 0; at < 12; at++) append(large, { valueBytes: 300 })
  await bySize.written()
  const before = large.sizeBytes
  large.applyRetention(testTime)
  t.ok(large.sizeBytes >= 2000 && large.sizeBytes < before, `${before} → ${large.sizeBytes}`)
})

t.test('a compacted topic loses nothing by age or size, but what was deleted from its front', async (t) => {
  const bounds = { segmentBytes: 1000, retentionMillis: 1000, retentionBytes: 1000 }
  const fixture = new LogFixture({ config: { ...bounds, compact: true, delete: false } })
  const log = fixture.open()
  for (let at = 0; at < 12; at++) append(log, { keys: ['same'], valueBytes: 300, timestamp: testTime })
  await fixture.written()
  t.equal(log.applyRetention(testTime + 1_000_000), 0)
  t.equal((await readAll(log)).length, 12)
  log.deleteRecordsBefore(5)
  log.applyRetention(testTime + 1_000_000)
  t.same([log.startOffset, (await readAll(log)).length], [5, 7])
  log.configure({ ...log.config, delete: true })
  t.ok(log.applyRetention(testTime + 1_000_000) > 0, 'compact,delete: old segments go')
})
