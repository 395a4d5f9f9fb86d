import t, { type Test } from 'tap'
import type { PartitionLog } from '../../../../broker/log/partition-log.ts'
import { buildEndMarker } from '../../../../client/records/control.ts'
import { readRecords } from '../../../../client/records/record.ts'
import { testTime } from '../../../support/batches.ts'
import { append, LogFixture, readAll } from '../../../support/log-fixture.ts'
import type { MemoryDisk } from '../../../support/memory-disk.ts'

const compacted = { compact: true, delete: false, segmentBytes: 2000, fileDeleteDelayMillis: 1000 }

/** Appends so many records, one a batch, whose keys go round. */
async function fill(fixture: LogFixture, log: PartitionLog, count: number, keys: number, valueBytes = 100): Promise<void> {
  for (let at = 0; at < count; at++) {
    const offset = log.endOffset
    append(log, { keys: [`key ${offset % keys}`], values: [`${offset} `.padEnd(valueBytes, '.')], timestamp: testTime + offset })
  }
  await fixture.durable(log)
}

/** Lets time pass until compaction has nothing to do any more. */
async function clean(fixture: LogFixture): Promise<void> {
  await fixture.clock.pass(15_000)
  const { cleanerStatistics: statistics } = fixture.directory
  for (let idle = 0, passes = statistics.passes; idle < 30; idle = passes === statistics.passes ? idle + 1 : 0) {
    passes = statistics.passes
    await fixture.clock.pass(2)
  }
}

async function records(log: PartitionLog): Promise<{ offset: number; key: string; value: string }[]> {
  const found: { offset: number; key: string; value: string }[] = []
  for (let at = log.startOffset; at < log.highWatermark; ) {
    const slice = await log.read(at, { maxBytes: 1000, upTo: log.highWatermark, atLeastOneBatch: true })
    if (slice.error !== undefined || slice.nextOffset === at) throw new Error(`at ${at}: ${slice.error}`)
    for (const { records: read } of readRecords(Buffer.concat(slice.chunks))) {
      for (const { offset, key, value } of read) if (offset >= at) found.push({ offset, key: String(key), value: String(value) })
    }
    at = slice.nextOffset
    slice.release?.()
  }
  return found
}

function checkNewest(t: Test, found: readonly { offset: number; key: string }[], end: number, keys: number, activeFrom: number): void {
  const below = found.filter(({ offset }) => offset < activeFrom).map(({ offset }) => offset)
  const newest = Array.from({ length: keys }, (_, back) => end - 1 - back)
  const wanted = new Set<number>()
  for (let offset = Math.max(0, activeFrom - keys); offset < activeFrom; offset++) wanted.add(offset)
  t.same(
    below,
    [...wanted].filter((offset) => offset >= 0),
    'sealed segments hold the newest of each key in them',
  )
  for (const offset of newest)
    t.ok(
      found.some((record) => record.offset === offset),
      `offset ${offset} is there`,
    )
}

t.test('a dirty log is compacted behind its readers', async (t) => {
  const fixture = new LogFixture({ config: compacted })
  const log = fixture.open()
  await fill(fixture, log, 200, 7)
  const before = log.sizeBytes
  await clean(fixture)
  t.ok(log.sizeBytes < before / 4, `${before} bytes are ${log.sizeBytes} now`)
  const found = await records(log)
  const active = Math.max(...log.segmentStarts().map(({ offset }) => offset))
  checkNewest(t, found, 200, 7, active)
  for (const { offset, value } of found) t.equal(value, `${offset} `.padEnd(100, '.'))
  t.equal(log.endOffset, 200)
  t.equal(
    String(fixture.disk.exists('/data/cleaner-offset-checkpoint') && (fixture.disk as MemoryDisk).get('/data/cleaner-offset-checkpoint')),
    `0\n1\nt 0 ${active}\n`,
  )
  t.equal(fixture.directory.cleanerStatistics.passes, 1, 'once is enough')
  const names = fixture.disk.list(log.folder).map(({ name }) => name)
  t.notOk(
    names.some((name) => /cleaned|swap/.test(name)),
    'nothing is left of the work',
  )
  await fixture.clock.pass(1000)
  t.notOk(
    fixture.disk.list(log.folder).some(({ name }) => name.endsWith('.deleted')),
    'old files go after their delay',
  )
  t.match(await log.offsetForTimestamp(testTime), { offset: found[0]?.offset, timestamp: testTime + (found[0]?.offset as number) })
  t.match(await log.maxTimestampOffset(), { offset: 199 })
})

t.test('a log with gaps is opened again as it was, after a clean stop and after a crash', async (t) => {
  for (const isClean of [true, false]) {
    const fixture = new LogFixture({ config: compacted })
    const log = fixture.open()
    await fill(fixture, log, 200, 7)
    await clean(fixture)
    const before = await records(log)
    if (isClean) await fixture.directory.close()
    const disk = isClean ? (fixture.disk as MemoryDisk) : (fixture.disk as MemoryDisk).afterKill()
    // The policy may have changed while the recovery point was not noted yet.
    const next = new LogFixture({ disk, config: { ...compacted, compact: false, delete: true } })
    const opened = next.open()
    t.equal(opened.endOffset, 200)
    t.same(await records(opened), before)
    t.same(next.said('error'), [])
  }
})

t.test('compaction goes on as a log grows, and takes in what it left before', async (t) => {
  const fixture = new LogFixture({ config: { ...compacted, minCleanableDirtyRatio: 0.3 } })
  const log = fixture.open()
  for (let round = 1; round <= 6; round++) {
    await fill(fixture, log, 100, 10)
    await clean(fixture)
    const active = Math.max(...log.segmentStarts().map(({ offset }) => offset))
    checkNewest(t, await records(log), round * 100, 10, active)
  }
  t.ok(fixture.directory.cleanerStatistics.passes >= 4)
})

t.test('what is undecided, young or not on the device is left alone', async (t) => {
  const young = new LogFixture({ config: { ...compacted, minCompactionLagMillis: 60_000 } })
  const youngLog = young.open()
  await fill(young, youngLog, 100, 3)
  await clean(young)
  t.equal((await records(youngLog)).length, 100)
  await young.clock.pass(60_000)
  await clean(young)
  t.ok((await records(youngLog)).length < 100, 'then it is old enough')

  const open = new LogFixture({ config: compacted })
  const openLog = open.open()
  append(openLog, { keys: ['k'], values: ['v'], producerId: 5, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  await fill(open, openLog, 100, 3)
  await clean(open)
  t.equal((await records(openLog)).length, 101, 'an open transaction holds all behind it')

  const clean0 = new LogFixture({ config: { ...compacted, minCleanableDirtyRatio: 1, maxCompactionLagMillis: 100_000 } })
  const rarely = clean0.open()
  await fill(clean0, rarely, 100, 3)
  await clean(clean0)
  t.equal((await records(rarely)).length, 100, 'it is not dirty enough')
  await clean0.clock.pass(100_000)
  await clean(clean0)
  t.ok((await records(rarely)).length < 100, 'but it waited long enough')
})

t.test('a read that is under way ends on the old file', async (t) => {
  const fixture = new LogFixture({ config: { ...compacted, segmentBytes: 200_000 }, settings: { tailCacheBytes: 1000 } })
  const log = fixture.open()
  await fill(fixture, log, 500, 5, 900)
  const held = Promise.withResolvers<void>()
  ;(fixture.disk as MemoryDisk).readsWaitFor = held.promise
  const reading = log.read(0, { maxBytes: 150_000, upTo: log.highWatermark, atLeastOneBatch: true })
  t.ok(reading instanceof Promise)
  await clean(fixture)
  held.resolve()
  const slice = await reading
  t.equal(slice.error, undefined)
  t.ok(slice.bytes > 100_000)
  t.equal([...readRecords(Buffer.concat(slice.chunks))][0]?.records[0]?.offset, 0)
  t.ok((await records(log)).length < 300)
})

const changes = ['delete records', 'truncate fully', 'truncate', 'delete the topic', 'close'] as const

t.test('records deleted, truncation, deletion and a stop in the middle of a swap win', async (t) => {
  for (const change of changes) {
    for (const moment of [1, 2, 3, 4, 5]) await changeAt(t, change, moment)
  }
})

/** Makes the change when the names in the log's folder are put on the device for the `moment`th time. */
async function changeAt(t: Test, change: (typeof changes)[number], moment: number): Promise<void> {
  const what = `${change} at ${moment}`
  const fixture = new LogFixture({ config: compacted })
  const log = fixture.open()
  await fill(fixture, log, 200, 7)
  const disk = fixture.disk as MemoryDisk
  let syncs = 0
  let changed: Promise<void> | undefined
  disk.before = (operation, path) => {
    if (operation !== 'sync' || path !== '/data/t-0' || ++syncs !== moment) return
    changed = Promise.resolve()
    if (change === 'delete records') log.deleteRecordsBefore(150)
    else if (change === 'truncate fully') log.truncateFullyAndStartAt(500)
    else if (change === 'truncate') log.truncateTo(20)
    else if (change === 'delete the topic') fixture.directory.deleteLog(log)
    else changed = fixture.directory.close()
  }
  await clean(fixture)
  t.ok(changed, `${what}: it came to that`)
  await changed
  t.same(fixture.said('error'), [], what)
  if (change === 'delete the topic') {
    t.equal(String(disk.get('/data/cleaner-offset-checkpoint')), '0\n0\n', what)
    return
  }
  const next = new LogFixture({ disk: disk.afterKill(), config: compacted })
  const opened = next.open()
  if (change === 'delete records') t.equal(opened.startOffset, 150, what)
  if (change === 'truncate fully') t.match(opened, { startOffset: 500, endOffset: 500 }, what)
  // What was compacted may have been all of it.
  if (change === 'truncate') t.ok(opened.endOffset <= 20, what)
  else
    t.ok(
      (await readAll(opened)).every((offset) => offset >= 0 && offset < 200),
      what,
    )
  if (change === 'close') t.equal(opened.endOffset, 200, what)
  t.same(next.said('error'), [], what)
}

t.test('compact and delete: what is too old goes with its segments, the rest is compacted', async (t) => {
  const fixture = new LogFixture({
    config: { ...compacted, delete: true, retentionMillis: 60_000 },
    settings: { retentionCheckMillis: 1000 },
  })
  const log = fixture.open()
  await fill(fixture, log, 100, 50)
  fixture.clock.time += 61_000
  for (let at = 100; at < 200; at++) append(log, { keys: [`key ${at % 7}`], values: [`${at}`], timestamp: fixture.clock.time + at })
  await fixture.durable(log)
  await clean(fixture)
  await clean(fixture)
  t.ok(log.startOffset >= 80 && log.startOffset <= 100, `the log starts at ${log.startOffset}`)
  const offsets = (await records(log)).map(({ offset }) => offset)
  t.ok(offsets.length < 60, `${offsets.length} of 200 records are left`)
  for (let offset = 193; offset < 200; offset++) t.ok(offsets.includes(offset))
  t.same(fixture.said('error'), [])
})

t.test('a follower takes a compacted log over its gaps', async (t) => {
  const fixture = new LogFixture({ config: compacted })
  const log = fixture.open()
  await fill(fixture, log, 200, 7)
  await clean(fixture)
  const follower = fixture.open(1)
  for (let at = 0; at < log.endOffset; ) {
    const slice = await log.read(at, { maxBytes: 700, upTo: log.highWatermark, atLeastOneBatch: true })
    const taken = follower.append(Buffer.concat(slice.chunks), { leaderEpoch: 0, now: testTime, retain: false, origin: 'leader' })
    t.notOk('error' in taken)
    at = Math.max(slice.nextOffset, follower.endOffset)
    slice.release?.()
  }
  await fixture.durable(follower)
  t.equal(follower.endOffset, 200)
  t.same(await records(follower), await records(log))
})

t.test('a transaction that is aborted in a later segment has no say in what is the newest', async (t) => {
  const fixture = new LogFixture({ config: { ...compacted, segmentBytes: 500 } })
  const log = fixture.open()
  append(log, { keys: ['k'], values: ['committed'] })
  append(log, { keys: ['k'], values: ['aborted'], producerId: 5, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  await fill(fixture, log, 10, 100)
  const sealed = log.segmentStarts().length - 1
  append(
    log,
    buildEndMarker({ committed: false, coordinatorEpoch: 0, producerId: 5, producerEpoch: 0, timestamp: testTime }),
    'coordinator',
  )
  await fixture.durable(log)
  t.ok(sealed > 1, 'the marker lies in a segment that is not compacted')
  await clean(fixture)
  t.equal(fixture.directory.cleanerStatistics.passes, 1)
  t.match(await records(log), [{ offset: 0, key: 'k', value: 'committed' }])
  t.notOk((await records(log)).some(({ value }) => value === 'aborted'))
  t.same(log.abortedTransactions(0, log.endOffset), [{ producerId: 5, firstOffset: 1 }])
})

t.test('a log that is damaged is left as it is, and said to be', async (t) => {
  const fixture = new LogFixture({ config: compacted })
  const log = fixture.open()
  await fill(fixture, log, 100, 3)
  const path = '/data/t-0/00000000000000000000.log'
  const bytes = (fixture.disk as MemoryDisk).get(path)
  bytes[100] = (bytes[100] as number) ^ 1
  await clean(fixture)
  t.same(fixture.said('error'), ['A log cannot be compacted: it is damaged'])
  t.equal(fixture.directory.cleanerStatistics.passes, 0)
  await clean(fixture)
  t.match(fixture.directory.cleanerStatistics, { uncleanableLogs: 1 })
  t.same(fixture.said('error').length, 1, 'once')
})

t.test('a disk that refuses what compaction writes costs the log nothing', async (t) => {
  const fixture = new LogFixture({ config: compacted })
  const log = fixture.open()
  await fill(fixture, log, 100, 3)
  const disk = fixture.disk as MemoryDisk
  disk.fail('write', '.cleaned', 'ENOSPC')
  await clean(fixture)
  disk.heal()
  t.equal(log.offline, undefined)
  t.same(fixture.said('error'), ['A log could not be compacted: tried again later'])
  const before = await records(log)
  for (let offset = 96; offset < 100; offset++) t.ok(before.some((record) => record.offset === offset))
  t.notOk(disk.list(log.folder).some(({ name }) => name.endsWith('.cleaned')))
  await fixture.clock.pass(300_000)
  await clean(fixture)
  t.ok((await records(log)).length < before.length, 'it is tried again')
})

t.test('killed at any file operation of a swap, a log is opened with the newest of each key', async (t) => {
  let operations = 0
  for (let fatal = 1; ; fatal++) {
    const fixture = new LogFixture({ config: { ...compacted, segmentBytes: 1500 } })
    const log = fixture.open()
    await fill(fixture, log, 60, 7)
    const disk = fixture.disk as MemoryDisk
    let dead: MemoryDisk | undefined
    let count = 0
    disk.before = (operation, path) => {
      if (
        !dead &&
        (operation === 'rename' || operation === 'remove' || operation === 'write') &&
        path.startsWith('/data/') &&
        ++count === fatal
      )
        dead = disk.afterKill()
    }
    await clean(fixture)
    operations = count
    if (!dead) break
    const next = new LogFixture({ disk: dead, config: compacted })
    const opened = next.open()
    const found = await records(opened)
    t.equal(opened.endOffset, 60)
    const offsets = found.map(({ offset }) => offset)
    t.same(
      offsets,
      [...offsets].sort((a, b) => a - b),
      `operation ${fatal}: in order`,
    )
    for (let offset = 53; offset < 60; offset++) t.ok(offsets.includes(offset), `operation ${fatal}: offset ${offset} is there`)
    for (const { offset, value } of found) t.equal(value, `${offset} `.padEnd(100, '.'))
    t.same(next.said('error'), [])
    t.notOk(dead.list('/data/t-0').some(({ name }) => /cleaned|swap/.test(name)))
    await clean(next)
    const again = (await records(opened)).map(({ offset }) => offset)
    t.ok(again.length <= offsets.length && again.includes(53))
  }
  t.ok(operations > 15, `${operations} operations`)
})

/** Follows which swaps took their places since their folder was last synced. What the disk holds if the power fails: it keeps names in no order, and of these the old ones. */
function losingSwaps(disk: MemoryDisk, unsynced = new Set<string>()): () => MemoryDisk {
  disk.before = (operation, path) => {
    if (operation === 'rename' && path.endsWith('.swap')) unsynced.add(path)
    if (operation === 'sync' && path === '/data/t-0') unsynced.clear()
  }
  return () => {
    const left = disk.afterKill()
    for (const path of unsynced) {
      left.put(path, left.get(path.slice(0, -'.swap'.length)))
      left.remove(path.slice(0, -'.swap'.length))
    }
    return left
  }
}

t.test('a swap that was finished stays so when the power fails in the next pass', async (t) => {
  for (const isKilledBefore of [false, true]) {
    const begun = new LogFixture({ config: { ...compacted, compact: false, delete: true } })
    const log = begun.open()
    await fill(begun, log, 60, 60)
    await begun.clock.pass(60_000)
    const second = `/data/t-0/${String(log.segmentStarts()[1]?.offset).padStart(20, '0')}.log`
    let disk = (begun.disk as MemoryDisk).afterKill()
    disk.rename(second, `${second}.swap`)

    const unsynced = new Set<string>()
    let powerFails = losingSwaps(disk, unsynced)
    if (isKilledBefore) {
      new LogFixture({ disk, config: compacted }).open()
      disk = disk.afterKill()
      powerFails = losingSwaps(disk, unsynced)
    }
    const next = new LogFixture({ disk, config: compacted })
    next.open()
    const { before } = disk
    let dead: MemoryDisk | undefined
    disk.before = (operation, path) => {
      before(operation, path)
      if (operation === 'write' && path.endsWith('.cleaned')) dead ??= powerFails()
    }
    await clean(next)
    t.ok(dead, 'a pass began')
    const restarted = new LogFixture({ disk: dead as MemoryDisk, config: compacted }).open()
    t.same(
      (await records(restarted)).map(({ offset }) => offset),
      Array.from({ length: 60 }, (_, offset) => offset),
      `every key has its value${isKilledBefore ? ', also when the process that finished the swap was killed at once' : ''}`,
    )
  }
})
