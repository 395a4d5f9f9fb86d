import t from 'tap'
import { Checkpoint, formatCheckpoint, parseCheckpoint } from '../../../broker/log/checkpoint.ts'
import { silentLogger } from '../../../broker/metrics/logger.ts'
import { append, LogFixture } from '../../support/log-fixture.ts'
import { MemoryDisk } from '../../support/memory-disk.ts'

t.test("a checkpoint is Kafka's text, there and back", (t) => {
  const entries = new Map([
    ['orders 0', 4711],
    ['orders 12', 2 ** 40],
  ])
  const text = formatCheckpoint(entries).toString()
  t.equal(text, `0\n2\norders 0 4711\norders 12 ${2 ** 40}\n`)
  t.same(parseCheckpoint(text), entries)
  t.end()
})

t.test('a checkpoint that is torn, of another version or not a checkpoint vouches for nothing', (t) => {
  for (const text of ['', '0', '1\n0\n', '0\n2\norders 0 4711\n', '0\n1\norders 0\n', '0\n1\norders 0 12x\n', 'hello\n']) {
    t.notOk(parseCheckpoint(text), JSON.stringify(text))
    const disk = new MemoryDisk()
    disk.put('/checkpoint', Buffer.from(text))
    t.equal(new Checkpoint(disk, '/checkpoint', silentLogger).entries.size, 0)
  }
  t.end()
})

t.test('a checkpoint that fails half-way leaves the one before', (t) => {
  const disk = new MemoryDisk()
  const checkpoint = new Checkpoint(disk, '/checkpoint', silentLogger)
  checkpoint.writeNow(new Map([['t 0', 1]]))
  disk.fail('sync', '/checkpoint.tmp')
  t.throws(() => checkpoint.writeNow(new Map([['t 0', 2]])))
  disk.heal()
  t.equal(new Checkpoint(disk, '/checkpoint', silentLogger).get('t 0'), 1)
  t.end()
})

t.test('what is noted now stands, though an older note is on its way, and says what the file said before', async (t) => {
  for (const turns of [0, 1, 2, 3, 4]) {
    const disk = new MemoryDisk()
    const checkpoint = new Checkpoint(disk, '/checkpoint', silentLogger)
    checkpoint.writeNow(new Map([['t 0', 100]]))
    const later = checkpoint.writeLater(new Map([['t 0', 200]]))
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    checkpoint.writeNow(new Map([['t 0', 100]]))
    await later
    const found = [checkpoint.get('t 0'), new Checkpoint(disk, '/checkpoint', silentLogger).get('t 0')]
    t.same(found, [100, 100], `after ${turns} turns`)
  }
})

t.test('as time passes, offsets are noted down and quiet logs synced, so that a crash leaves little to check', async (t) => {
  const disk = new MemoryDisk()
  const fixture = new LogFixture({ disk })
  const log = fixture.open()
  append(log, { count: 5 })
  await fixture.written()
  t.equal(log.durableEnd, 0)
  await fixture.clock.pass(60_000)
  await fixture.clock.pass(60_000)
  for (let turn = 0; turn < 5; turn++) await fixture.clock.pass(0)
  t.equal(log.durableEnd, 5)
  await fixture.clock.pass(60_000)
  t.match(disk.get('/data/recovery-point-offset-checkpoint').toString(), 't 0 5')
  t.match(disk.get('/data/replication-offset-checkpoint').toString(), 't 0 5')
})
