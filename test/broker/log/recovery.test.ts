import { dirname } from 'node:path'
import t from 'tap'
import { offsetFileName } from '../../../broker/log/segment-files.ts'
import { RecordBatch } from '../../../client/records/batch.ts'
import { buildEndMarker } from '../../../client/records/control.ts'
import { testBatch, testTime } from '../../support/batches.ts'
import { append, folder, LogFixture, readAll, TestClock, topicId } from '../../support/log-fixture.ts'
import { MemoryDisk } from '../../support/memory-disk.ts'

const firstLog = `${folder}/00000000000000000000.log`

/** A log of `batches`, three records each, by one producer; killed. */
async function killed(batches: number, config = {}): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const fixture = new LogFixture({ disk, config })
  const log = fixture.open()
  log.assignEpoch(1)
  for (let at = 0; at < batches; at++) append(log, { count: 3, valueBytes: 100, producerId: 5, producerEpoch: 0, baseSequence: at * 3 })
  await fixture.written()
  return disk.afterKill()
}

function starts(batches: number): number[] {
  return Array.from({ length: batches }, (_, at) => at * 3)
}

t.test('a killed log is whole again: offsets, epochs, producers, times', async (t) => {
  const fixture = new LogFixture({ disk: await killed(200) })
  const log = fixture.open()
  t.notOk(fixture.directory.wasClean)
  t.equal(log.endOffset, 600)
  t.same(await readAll(log), starts(200))
  t.same(log.epochEndOffset(1), { epoch: 1, endOffset: 600 })
  t.equal(append(log, { count: 3, producerId: 5, producerEpoch: 0, baseSequence: 597 }), 597, 'the last batch is known as a duplicate')
  t.equal(append(log, { count: 3, producerId: 5, producerEpoch: 0, baseSequence: 600 }), 600)
  t.match(await log.maxTimestampOffset(), { offset: 2, timestamp: testTime + 2 })
  t.same(fixture.said('warn'), [])
})

t.test('a producer that was silent for too long before the start is forgotten, unless its transaction is open', async (t) => {
  const disk = new MemoryDisk()
  const earlier = new LogFixture({ disk })
  const log = earlier.open()
  append(log, { producerId: 5, producerEpoch: 0, baseSequence: 0 })
  append(log, { producerId: 6, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  await earlier.written()
  const clock = new TestClock()
  clock.time += 1_001
  const fixture = new LogFixture({ disk: disk.afterKill(), clock, settings: { producerIdExpirationMillis: 1_000 } })
  t.match(fixture.open().producers.describe(), [{ producerId: 6 }])
})

t.test('a log cut anywhere in its last two batches recovers to the whole ones before', async (t) => {
  const disk = await killed(12)
  const whole = Buffer.from(disk.get(firstLog))
  const one = whole.length / 12
  for (let end = whole.length - 2 * one; end <= whole.length; end++) {
    const crashed = disk.afterKill()
    crashed.put(firstLog, whole.subarray(0, end))
    const fixture = new LogFixture({ disk: crashed })
    const log = fixture.open()
    const kept = Math.floor(end / one)
    if (log.endOffset !== kept * 3 || crashed.get(firstLog).length !== kept * one) t.fail(`cut at ${end}: end ${log.endOffset}`)
    if ((end % one !== 0) !== fixture.said('warn').includes('The torn end of a log was cut'))
      t.fail(`cut at ${end}: ${fixture.said('warn').join()}`)
    append(log, { count: 3, producerId: 5, producerEpoch: 0, baseSequence: kept * 3 })
    await fixture.written()
    const read = await readAll(log)
    if (read.length !== kept + 1) t.fail(`cut at ${end}: ${read.length} batches`)
  }
})

t.test('a tail of zeros, or of rubbish, is cut and said', async (t) => {
  for (const tail of [
    Buffer.alloc(5000),
    Buffer.alloc(40),
    Buffer.alloc(500, 7),
    Buffer.from('no batch at all, but long enough to hold a header of sixty-one bytes'),
  ]) {
    const disk = await killed(10)
    const good = Buffer.from(disk.get(firstLog))
    disk.put(firstLog, Buffer.concat([good, tail]))
    const fixture = new LogFixture({ disk })
    const log = fixture.open()
    t.equal(log.endOffset, 30)
    t.same(disk.get(firstLog), good)
    t.match(fixture.lines, [{ level: 'warn', fields: { offset: 30, position: good.length, bytesCut: tail.length } }])
  }
})

/** What the disk holds if the power fails: a file cut and not synced since has its old end, one removed is back if its folder was not synced. */
function losingCuts(disk: MemoryDisk): () => MemoryDisk {
  const cut = new Map<string, Buffer>()
  const removed = new Map<string, Buffer>()
  disk.before = (operation, path) => {
    if (operation === 'truncate') cut.set(path, Buffer.from(disk.get(path)))
    if (operation === 'remove' && disk.files.has(path)) removed.set(path, Buffer.from(disk.get(path)))
    if (operation !== 'sync') return
    cut.delete(path)
    for (const name of removed.keys()) if (dirname(name) === path) removed.delete(name)
  }
  return () => {
    const left = disk.afterKill()
    for (const [path, bytes] of [...cut, ...removed]) left.put(path, bytes)
    return left
  }
}

/** Ten batches on the device, and noted to be; then killed. */
async function noted(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const fixture = new LogFixture({ disk })
  const log = fixture.open()
  for (let at = 0; at < 10; at++) append(log, { count: 3, valueBytes: 100 })
  await fixture.written()
  await fixture.durable(log)
  await fixture.clock.pass(60_000)
  return disk.afterKill()
}

t.test('what recovery cut off stays off when the power fails, though a newer segment vouches for all before it', async (t) => {
  const disk = await noted()
  const good = Buffer.from(disk.get(firstLog))
  disk.put(firstLog, Buffer.concat([good, Buffer.alloc(5000)]))
  const powerFails = losingCuts(disk)
  const fixture = new LogFixture({ disk, config: { segmentBytes: good.length } })
  const log = fixture.open()
  append(log, { count: 3, valueBytes: 100 })
  await fixture.written()
  await fixture.durable(log)
  await fixture.clock.pass(60_000)

  const crashed = powerFails()
  t.same(await readAll(new LogFixture({ disk: crashed }).open()), starts(11))
  t.ok(crashed.get(firstLog).equals(good))
})

t.test('what a log was cut back by stays off when the power fails, in the same segment and in those after it', async (t) => {
  for (const inSameSegment of [true, false]) {
    const disk = await noted()
    const one = disk.get(firstLog).length / 10
    const powerFails = losingCuts(disk)
    const fixture = new LogFixture({ disk, config: { segmentBytes: one * 10 } })
    const log = fixture.open()
    append(log, { count: 3, valueBytes: 100 })
    log.truncateTo(15)
    if (inSameSegment) for (let at = 5; at < 10; at++) append(log, { count: 3, valueBytes: 100 })
    else append(log, { count: 20, valueBytes: 100 })
    await fixture.written()
    await fixture.durable(log)
    await fixture.clock.pass(60_000)

    const restarted = new LogFixture({ disk: powerFails() }).open()
    t.same(await readAll(restarted, 0, 100_000), inSameSegment ? starts(10) : [...starts(5), 15])
    t.equal(restarted.endOffset, inSameSegment ? 30 : 35)
  }
})

t.test('a batch whose offset no segment could hold ends the log, also where compaction leaves gaps', async (t) => {
  const disk = await killed(10)
  const bytes = Buffer.from(disk.get(firstLog))
  const last = (bytes.length / 10) * 9
  bytes[last] = 4
  disk.put(firstLog, bytes)
  const log = new LogFixture({ disk, config: { compact: true } }).open()
  t.equal(log.endOffset, 27)
  t.same(await readAll(log), starts(9))
})

t.test('valid batches behind a damaged one are cut off too, but kept aside', async (t) => {
  const disk = await killed(10)
  const bytes = Buffer.from(disk.get(firstLog))
  const one = bytes.length / 10
  bytes[one * 6 + 80] = (bytes[one * 6 + 80] as number) ^ 4
  disk.put(firstLog, bytes)
  const fixture = new LogFixture({ disk })
  const log = fixture.open()
  t.equal(log.endOffset, 18)
  t.same(await readAll(log), starts(6))
  t.same(disk.get(`${firstLog}.18.cut`), bytes.subarray(one * 6))
  t.equal(fixture.said('error').length, 1)
})

t.test('damage in what was on the disk is never served, and said', async (t) => {
  const disk = new MemoryDisk()
  const before = new LogFixture({ disk })
  const log = before.open()
  for (let at = 0; at < 10; at++) append(log, { count: 3, valueBytes: 100 })
  await before.written()
  await before.durable(log)
  await before.directory.close()
  const bytes = disk.get(firstLog)
  const one = bytes.length / 10
  bytes[one * 4 + 80] = (bytes[one * 4 + 80] as number) ^ 4
  const fixture = new LogFixture({ disk })
  const damaged = fixture.open()
  damaged.highWatermark = 30
  t.equal(damaged.endOffset, 30)
  const read = async (from: number) => {
    const slice = await damaged.read(from, { maxBytes: 100_000, upTo: 30, atLeastOneBatch: true })
    return slice.error ?? slice.nextOffset
  }
  t.equal(await read(0), 12, 'what lies before is served')
  t.equal(await read(12), 2, 'CORRUPT_MESSAGE')
  t.equal(await read(15), 30)
  t.match(
    fixture.lines.find(({ level }) => level === 'error'),
    { fields: { path: firstLog, position: one * 4 } },
  )
})

t.test('a segment that lost its end while it was open is damaged, and the rest of it still served', async (t) => {
  const disk = new MemoryDisk()
  const fixture = new LogFixture({ disk, settings: { tailCacheBytes: 0 } })
  const log = fixture.open()
  for (let at = 0; at < 10; at++) append(log, { count: 3, valueBytes: 100 })
  await fixture.written()
  append(fixture.open(1), { valueBytes: 900_000 })
  const file = disk.open(firstLog, 'append')
  file.truncate(file.size() - 10)
  file.close()
  const read = async (from: number) => log.read(from, { maxBytes: 100_000, upTo: 30, atLeastOneBatch: true })
  t.equal((await read(0)).nextOffset, 27)
  t.equal((await read(27)).error, 2)
})

t.test('index files that are missing, stale or full of rubbish change nothing', async (t) => {
  const config = { segmentBytes: 10_000, indexIntervalBytes: 500 }
  const rubbish = Buffer.from('rubbish that is long enough for some entries, all of them wrong')
  const ruins: Record<string, (disk: MemoryDisk, path: string) => void> = {
    missing: (disk, path) => disk.remove(path),
    empty: (disk, path) => disk.put(path, Buffer.alloc(0)),
    short: (disk, path) => disk.put(path, disk.get(path).subarray(0, 24)),
    rubbish: (disk, path) => disk.put(path, rubbish),
    zeros: (disk, path) => disk.put(path, Buffer.alloc(960)),
    padded: (disk, path) => disk.put(path, Buffer.concat([disk.get(path), Buffer.alloc(960)])),
  }
  for (const clean of [true, false]) {
    for (const [name, ruin] of Object.entries(ruins)) {
      const disk = new MemoryDisk()
      const before = new LogFixture({ disk, config })
      const log = before.open()
      for (let at = 0; at < 100; at++) append(log, { count: 3, valueBytes: 100, timestamp: testTime + at * 10 })
      await before.written()
      if (clean) await before.directory.close()
      const left = disk.afterKill()
      for (const path of left.files.keys()) if (path.endsWith('index')) ruin(left, path)
      const fixture = new LogFixture({ disk: left, config, settings: { tailCacheBytes: 0 } })
      const again = fixture.open()
      again.highWatermark = again.writtenEnd
      t.equal(again.endOffset, 300, `${name}, ${clean ? 'clean' : 'killed'}`)
      t.same(await readAll(again), starts(100))
      t.match(await again.offsetForTimestamp(testTime + 500), { offset: 150 })
      t.equal((await readAll(again, 77, 300))[0], 75)
    }
  }
})

t.test('where epochs began is found in the batches, as far as their file does not tell', async (t) => {
  const disk = new MemoryDisk()
  const fixture = new LogFixture({ disk, config: { indexIntervalBytes: 500 } })
  const log = fixture.open()
  for (const epoch of [1, 2, 3]) {
    log.assignEpoch(epoch)
    for (let at = 0; at < 5; at++) append(log, { count: 3, valueBytes: 100 })
    await fixture.written()
    if (epoch === 2) await fixture.durable(log)
  }
  const path = `${folder}/leader-epoch-checkpoint`
  t.equal(disk.get(path).toString(), '0\n2\n1 0\n2 15\n', 'on the device with the batches')
  await fixture.directory.close()
  disk.remove('/data/.kafka_cleanshutdown')
  t.equal(disk.get(path).toString(), '0\n3\n1 0\n2 15\n3 30\n')
  for (const text of ['0\n2\n1 0\n2 15\n', undefined, '', '0\n', '0\n2\n1 0\n', '0\n2\n1 0\n2 1', 'rubbish']) {
    const crashed = disk.afterKill()
    if (text === undefined) crashed.remove(path)
    else crashed.put(path, Buffer.from(text))
    crashed.put('/data/recovery-point-offset-checkpoint', Buffer.from('0\n1\nt 0 30\n'))
    const found = new LogFixture({ disk: crashed }).open()
    t.same(
      [1, 2, 3].map((epoch) => found.epochEndOffset(epoch).endOffset),
      [15, 30, 45],
      JSON.stringify(text),
    )
  }
})

t.test('snapshots that are missing or damaged are made anew from the log', async (t) => {
  for (const ruin of ['missing', 'damaged', 'beyond the end'] as const) {
    const disk = await killed(100, { segmentBytes: 5000 })
    for (const path of [...disk.files.keys()].filter((path) => path.endsWith('.snapshot'))) {
      if (ruin === 'missing') disk.remove(path)
      if (ruin === 'damaged') disk.put(path, Buffer.alloc(60, 3))
    }
    if (ruin === 'beyond the end') disk.put(`${folder}/${offsetFileName(4000, '.snapshot')}`, Buffer.alloc(60))
    const log = new LogFixture({ disk, config: { segmentBytes: 5000 } }).open()
    t.match(log.producers.describe(), [{ producerId: 5, lastSequence: 299 }], ruin)
    t.notOk(disk.exists(`${folder}/${offsetFileName(4000, '.snapshot')}`))
  }
})

t.test('leftovers go, unknown files stay', async (t) => {
  const disk = await killed(10)
  const gone = [
    '00000000000000000000.log.cleaned',
    '00000000000000000007.index.deleted',
    'leader-epoch-checkpoint.tmp',
    '00000000000000000900.index',
  ]
  for (const name of gone) disk.put(`${folder}/${name}`, Buffer.from('left over'))
  disk.put(`${folder}/notes.txt`, Buffer.from('mine'))
  const log = new LogFixture({ disk }).open()
  t.equal(log.endOffset, 30)
  for (const name of gone) t.notOk(disk.exists(`${folder}/${name}`), name)
  t.ok(disk.exists(`${folder}/notes.txt`))
})

t.test('a swap that was complete is finished, one that was not is undone', async (t) => {
  for (const complete of [true, false]) {
    const disk = await killed(100, { segmentBytes: 5000 })
    const segments = [...disk.files.keys()].filter((path) => path.endsWith('.log')).sort()
    const merged = Buffer.concat(segments.slice(0, 2).map((path) => disk.get(path)))
    disk.put(`${firstLog}.swap`, merged)
    if (!complete) disk.put(`${firstLog}.cleaned`, Buffer.alloc(3))
    const log = new LogFixture({ disk, config: { segmentBytes: 5000 } }).open()
    log.highWatermark = log.writtenEnd
    t.equal(log.segmentStarts().length, complete ? segments.length - 1 : segments.length)
    t.same(await readAll(log), starts(100))
    t.notOk(disk.exists(`${firstLog}.swap`))
  }
})

t.test('a hole between segments that were never synced ends the log; what lies beyond is kept aside', async (t) => {
  const disk = await killed(100, { segmentBytes: 5000 })
  const segments = [...disk.files.keys()].filter((path) => path.endsWith('.log')).sort()
  const [, second, third] = segments as [string, string, string]
  const bytes = disk.get(second)
  const one = new RecordBatch(bytes).bytes
  disk.put(second, bytes.subarray(0, bytes.length - one))
  const fixture = new LogFixture({ disk, config: { segmentBytes: 5000 } })
  const log = fixture.open()
  t.equal(log.segmentStarts().length, 2)
  t.ok(disk.exists(`${third}.cut`))
  t.notOk(disk.exists(third))
  t.equal(fixture.said('error').length, segments.length - 2)
})

t.test('after a clean stop nothing is read but the end, and aborted transactions are still known', async (t) => {
  const disk = new MemoryDisk()
  const before = new LogFixture({ disk })
  const log = before.open()
  append(log, { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  append(log, { producerId: 2, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  append(
    log,
    buildEndMarker({ committed: false, coordinatorEpoch: 3, producerId: 1, producerEpoch: 0, timestamp: testTime }),
    'coordinator',
  )
  await before.written()
  await before.directory.close()
  t.ok(disk.exists('/data/.kafka_cleanshutdown'))
  t.same(disk.openPaths, [], 'no file is left open')
  const fixture = new LogFixture({ disk })
  t.ok(fixture.directory.wasClean)
  t.notOk(disk.exists('/data/.kafka_cleanshutdown'), 'a crash from now on is one')
  t.match(fixture.directory.folders(), [{ topic: 't', partition: 0, topicId }])
  const again = fixture.open()
  again.highWatermark = again.writtenEnd
  t.equal(again.lastStableOffset, 1)
  t.same(again.abortedTransactions(0, 3), [{ producerId: 1, firstOffset: 0 }])
  t.match(again.producers.describe(), [{ coordinatorEpoch: 3 }, { currentTransactionStartOffset: 1 }])
})

t.test('a failed write takes the log offline, keeps its written end, and reopening recovers it', async (t) => {
  const disk = new MemoryDisk()
  const fixture = new LogFixture({ disk })
  const log = fixture.open()
  append(log)
  await fixture.written()
  disk.fail('write', '.log', 'ENOSPC')
  t.equal(append(log), 1)
  await fixture.written()
  t.equal(log.offline?.code, 'ENOSPC')
  t.equal(log.writtenEnd, 1)
  t.same(fixture.offline, [log])
  t.equal(append(log), 'error 56')
  t.match(await log.read(0, { maxBytes: 100, upTo: 1, atLeastOneBatch: true }), { error: 56 })
  t.equal(fixture.said('error').length, 1)
  await t.rejects(fixture.durable(log), { code: 'ENOSPC' })
  disk.heal()
  log.reopen()
  t.notOk(log.offline)
  t.equal(append(log), 1)
  await fixture.written()
  log.highWatermark = log.writtenEnd
  t.same(await readAll(log), [0, 1])
  await fixture.durable(log)
})

t.test(
  'after a crash the topic id is written again before it is synced: an earlier sync may have failed, and the system forgotten it',
  async (t) => {
    const path = `${folder}/partition.metadata`
    const disk = await killed(2)
    const fixture = new LogFixture({ disk })
    const log = fixture.open()
    const done: string[] = []
    disk.before = (operation, at) => {
      if (at === path) done.push(operation)
    }
    append(log, { count: 3 })
    await fixture.written()
    await fixture.durable(log)
    t.same(
      done.filter((operation) => operation === 'write' || operation === 'sync'),
      ['write', 'sync'],
    )
  },
)

t.test('a failed sync is told to all who wait, and never retried', async (t) => {
  const disk = new MemoryDisk()
  const fixture = new LogFixture({ disk })
  const log = fixture.open()
  const other = fixture.open(1)
  append(log)
  append(other)
  await fixture.written()
  let syncs = 0
  disk.fail('sync', 't-0/00000000000000000000.log')
  const failing = disk.before
  disk.before = (operation, path) => {
    if (operation === 'sync' && path === firstLog) syncs++
    failing(operation, path)
  }
  const waiting = [fixture.durable(log), fixture.durable(log), fixture.durable(other)]
  const results = await Promise.allSettled(waiting)
  t.same(
    results.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  )
  await fixture.clock.pass(120_000)
  t.equal(syncs, 1)
  t.equal(log.durableEnd, 0)
  await fixture.directory.close()
  t.notOk(disk.exists('/data/.kafka_cleanshutdown'), 'such a stop is not a clean one')
})

t.test('a directory that is not ours is refused, and nothing in it touched', (t) => {
  const cases: [string, (disk: MemoryDisk) => void][] = [
    ['not empty', (disk) => disk.put('/data/holiday.jpg', Buffer.alloc(1))],
    ['version 0', (disk) => disk.put('/data/meta.properties', Buffer.from('version=0\nbroker.id=1\n'))],
    ['node 2', (disk) => disk.put('/data/meta.properties', Buffer.from('version=1\nnode.id=2\ncluster.id=x\n'))],
    ['another broker', (disk) => void disk.lock('/data/.lock')],
  ]
  for (const [why, prepare] of cases) {
    const disk = new MemoryDisk()
    disk.makeDirectory('/data')
    prepare(disk)
    const before = [...disk.files.keys()]
    t.throws(() => new LogFixture({ disk }), { name: 'DirectoryRefused', message: new RegExp(why) })
    t.same([...disk.files.keys()], before)
  }
  t.end()
})

t.test('a topic made anew under an old name starts empty, and nothing noted of the old one counts for it', async (t) => {
  const disk = await killed(10)
  disk.put('/data/recovery-point-offset-checkpoint', Buffer.from('0\n1\nt 0 30\n'))
  const fixture = new LogFixture({ disk })
  const log = fixture.directory.openLog({ topic: 't', partition: 0, topicId: 'BBBBBBBBBBBBBBBBBBBBBQ', config: fixture.config })
  t.equal(log.endOffset, 0)
  t.match(
    [...disk.directories].find((path) => path.endsWith('-stray')),
    /t-0\.[0-9a-f]{32}-stray$/,
  )
  append(log, testBatch())
  t.notMatch(disk.get('/data/recovery-point-offset-checkpoint').toString(), 't 0 30')
  fixture.directory.deleteLog(log)
  t.notOk(disk.directories.has(folder))
  await fixture.clock.pass(60_000)
  t.notOk([...disk.directories].some((path) => path.endsWith('-delete')))
})
