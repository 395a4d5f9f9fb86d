import t from 'tap'
import type { PartitionLog } from '../../../broker/log/partition-log.ts'
import { DiskError, type DiskFile, type OpenMode } from '../../../broker/platform/disk.ts'
import { testBatch } from '../../support/batches.ts'
import { append, LogFixture, readAll, TestClock } from '../../support/log-fixture.ts'
import { MemoryDisk } from '../../support/memory-disk.ts'

/** Each write to a segment of partition 0 takes its time; those off the event loop also wait for the gate. */
class StallingDisk extends MemoryDisk {
  readonly clock = new TestClock()
  millis = 0
  gate: Promise<void> | undefined
  readonly writes: ('now' | 'later')[] = []

  override open(path: string, mode: OpenMode): DiskFile {
    const file = super.open(path, mode)
    if (!path.includes('/t-0/') || !path.endsWith('.log')) return file
    const write = file.write.bind(file)
    const taking = (how: 'now' | 'later', chunks: readonly Uint8Array[], position: number): void => {
      this.writes.push(how)
      this.clock.time += this.millis
      write(chunks, position)
    }
    file.write = (chunks, position) => taking('now', chunks, position)
    file.writeLater = async (chunks, position) => {
      await this.gate
      taking('later', chunks, position)
    }
    return file
  }

  /** Writes off the event loop get no further, until the function is called. */
  shut(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.gate = promise
    return () => {
      this.gate = undefined
      resolve()
    }
  }
}

/** Any topic's but the metadata's, whose writes never leave the event loop. */
function open({ directory, config }: LogFixture): PartitionLog {
  const log = directory.openLog({ topic: 't', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAZQ', config })
  log.highWatermark = log.writtenEnd
  return log
}

/** A log whose disk has just been found stalling. */
async function stalling(config = {}) {
  const disk = new StallingDisk()
  const fixture = new LogFixture({ disk, clock: disk.clock, config })
  const log = open(fixture)
  disk.millis = 30
  while (fixture.said('warn').length === 0 && disk.writes.length < 10) {
    append(log)
    await fixture.written()
  }
  t.same(fixture.said('warn'), ["The disk stalls a partition's writes: they leave the event loop"])
  t.ok(disk.writes.every((how) => how === 'now'))
  disk.writes.length = 0
  return { disk, fixture, log }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('a log whose disk stalls is written off the event loop, until it was quick for a minute', async (t) => {
  const { disk, fixture, log } = await stalling()
  for (let at = 0; at < 3; at++) {
    append(log)
    await fixture.written()
    t.equal(log.writtenEnd, log.endOffset)
  }
  t.same(disk.writes, ['later', 'later', 'later'])
  disk.millis = 0
  for (const millis of [1_000, 58_000, 2_000]) {
    t.same(fixture.said('info'), [])
    await disk.clock.pass(millis)
    append(log)
    await fixture.written()
  }
  t.same(fixture.said('info'), ["The disk stalls a partition's writes no longer: they are done at once again"])
  disk.writes.length = 0
  append(log)
  await fixture.written()
  t.same(disk.writes, ['now'])
  t.equal((await readAll(log)).length, log.endOffset)
  t.equal(fixture.said('warn').length, 1)
})

t.test('slow writes now and then, and other logs of the directory, stay where they are', async (t) => {
  const disk = new StallingDisk()
  const fixture = new LogFixture({ disk, clock: disk.clock })
  const log = open(fixture)
  const healthy = fixture.open(1)
  for (let at = 0; at < 20; at++) {
    disk.millis = at % 4 === 0 ? 30 : 0
    append(log)
    append(healthy)
    await fixture.written()
    await disk.clock.pass(2_000)
  }
  t.same(fixture.said('warn'), [])
  t.ok(disk.writes.every((how) => how === 'now'))
})

t.test('a large batch is on its way to its file while the turn goes on, and what comes behind it follows', async (t) => {
  const disk = new StallingDisk()
  const fixture = new LogFixture({ disk, clock: disk.clock, settings: { writeLaterBytesMin: 1_000 } })
  const log = open(fixture)
  append(log, { valueBytes: 2_000 })
  append(log, { valueBytes: 2_000 })
  await Promise.resolve()
  t.same(disk.writes, [])
  await disk.gate
  t.same(disk.writes, ['later'], 'the turn has not ended')
  append(log)
  await fixture.written()
  t.same(disk.writes, ['later', 'now'])
  t.equal(log.writtenEnd, 3)
})

t.test('answers and durability follow the write, in the order of the turns', async (t) => {
  const { disk, fixture, log } = await stalling()
  const healthy = fixture.open(1)
  const before = log.writtenEnd
  const release = disk.shut()
  const happened: string[] = []
  append(log)
  fixture.directory.afterWrite(() => happened.push(`first ${log.writtenEnd - before}`))
  await turn()
  append(log)
  append(log)
  log.durable(log.endOffset, () => happened.push('durable'))
  fixture.directory.afterWrite(() => happened.push(`second ${log.writtenEnd - before}`))
  await turn()
  append(healthy)
  fixture.directory.afterWrite(() => happened.push('third'))
  await turn()
  await turn()
  t.same(happened, [])
  t.equal(log.writtenEnd, before)
  t.equal(healthy.writtenEnd, 1)
  t.equal((await log.read(before, { maxBytes: 1000, upTo: log.endOffset, atLeastOneBatch: true })).bytes, 0)
  release()
  await fixture.durable(log)
  t.same(
    happened.filter((what) => what !== 'durable'),
    ['first 1', 'second 3', 'third'],
  )
  t.ok(happened.indexOf('durable') > 0)
  t.same(disk.writes, ['later', 'later'], 'what came meanwhile went in one write')
  t.equal((await readAll(log)).length, before + 3)
})

t.test('a log rolls, lets old segments go and stops under a write that is on its way', async (t) => {
  const segmentBytes = testBatch({ valueBytes: 300 }).length * 3
  const { disk, fixture, log } = await stalling({ segmentBytes, retentionBytes: segmentBytes * 2 })
  const release = disk.shut()
  for (let at = 0; at < 20; at++) {
    append(log, { valueBytes: 300 })
    await turn()
  }
  log.applyRetention(disk.clock.time)
  let hasStopped = false
  const { endOffset } = log
  const stopping = fixture.directory.close().then(() => (hasStopped = true))
  await turn()
  t.notOk(hasStopped)
  release()
  await stopping
  t.ok(disk.exists('/data/.kafka_cleanshutdown'))
  t.same(disk.openPaths, [])
  const again = open(new LogFixture({ disk: disk.afterKill(), config: { segmentBytes } }))
  t.equal(again.endOffset, endOffset)
  const found = await readAll(again)
  t.equal(found.at(-1), endOffset - 1)
  t.equal(found.length, endOffset - again.startOffset)
})

t.test('a write off the event loop that fails takes the log offline, and reopening waits for it', async (t) => {
  const { disk, fixture, log } = await stalling()
  const written = log.writtenEnd
  const release = disk.shut()
  disk.fail('write', '.log')
  append(log)
  const answered = fixture.written()
  await turn()
  release()
  await answered
  t.equal(log.offline?.code, 'EIO')
  t.equal(log.writtenEnd, written)
  t.equal(append(log), 'error 56')
  disk.heal()
  log.reopen()
  t.notOk(log.offline)
  t.equal(log.endOffset, written)

  const releaseAgain = disk.shut()
  append(log)
  await turn()
  log.diskFailed(new DiskError('EIO', 'sync', log.folder))
  log.reopen()
  t.ok(log.offline, 'not while a write is on its way')
  releaseAgain()
  await turn()
  await turn()
  log.reopen()
  t.notOk(log.offline)
})

t.test('a log is deleted under a write that is on its way, and one of its name begins anew', async (t) => {
  const { disk, fixture, log } = await stalling()
  const release = disk.shut()
  append(log)
  const answered = fixture.written()
  await turn()
  fixture.directory.deleteLog(log)
  const again = open(fixture)
  append(again, { valueBytes: 500 })
  release()
  await answered
  await fixture.written()
  t.equal(again.endOffset, 1)
  t.same(await readAll(again), [0])
  await fixture.directory.close()
  t.same(disk.openPaths, [])
})
