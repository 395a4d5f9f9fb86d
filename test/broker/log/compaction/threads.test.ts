/** Compaction in threads of their own, on the real disk, under a whole broker. */
import * as fs from 'node:fs'
import t from 'tap'
import { Stele } from '../../../../client/index.ts'
import { BrokerInProcess } from '../../../support/broker-in-process.ts'

const settings = {
  'log.cleaner.backoff.ms': 20,
  'log.cleaner.threads': 2,
  'log.segment.delete.delay.ms': 0,
}

/** Waits until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
}

t.test('compacted topics shrink while they are written and read, and keep the newest value of every key', async (t) => {
  const running = await BrokerInProcess.start(settings)
  t.teardown(() => running.close())
  const bootstrap = `127.0.0.1:${running.port}`
  await using stele = new Stele({ bootstrap })
  const configs = { 'cleanup.policy': 'compact', 'segment.bytes': '1048576', 'min.cleanable.dirty.ratio': '0.1' }
  await stele.topics.create([{ name: 'packages', partitions: 2, configs }])
  const producer = stele.producer()
  const newest = new Map<string, string>()
  for (let round = 0; round < 20; round++) {
    const records = Array.from({ length: 200 }, (_, at) => {
      const value = `${round} `.padEnd(1500, String(at))
      newest.set(`${at}`, value)
      return { key: Buffer.from(`${at}`), value: Buffer.from(value), headers: [['round', Buffer.from([round])]] as const }
    })
    await Promise.all(
      [0, 1].map((partition) =>
        producer.send(
          'packages',
          records.map((record) => ({ ...record, partition })),
        ),
      ),
    )
  }
  // Of each partition the last segment, and the newest of each key in those before.
  await until(
    () =>
      running.broker.directory.cleanerStatistics.passes >= 2 &&
      [...running.broker.replicas.sizes()].every(({ bytes }) => bytes < 3_000_000),
  )
  const latest = [new Map<string, string>(), new Map<string, string>()]
  const offsets: number[][] = [[], []]
  for await (const records of stele.reader().batches('packages', { from: 'beginning', untilEnd: true })) {
    for (const { partition, offset, key, value, headers } of records) {
      offsets[partition]?.push(offset)
      latest[partition]?.set(String(key), String(value))
      t.equal(headers[0]?.[0], 'round')
    }
  }
  for (const partition of [0, 1]) {
    t.same(latest[partition], newest)
    t.ok((offsets[partition] as number[]).length < 2000, `${offsets[partition]?.length} of 4000 records are left`)
    t.same(
      offsets[partition],
      [...(offsets[partition] as number[])].sort((a, b) => a - b),
    )
  }
  t.match(fs.readFileSync(`${running.directory}/cleaner-offset-checkpoint`, 'utf8'), /^0\n2\npackages [01] \d+\npackages [01] \d+\n$/)
  t.same(running.log, [])
})

t.test('a pass that is at work ends with its topic, and with the broker', async (t) => {
  const running = await BrokerInProcess.start({ ...settings, 'log.cleaner.io.max.bytes.per.second': 1000 })
  t.teardown(() => running.close())
  await using stele = new Stele({ bootstrap: `127.0.0.1:${running.port}` })
  const configs = { 'cleanup.policy': 'compact', 'segment.bytes': '1048576', 'min.cleanable.dirty.ratio': '0.01' }
  const producer = stele.producer()
  for (const name of ['one', 'two']) {
    await stele.topics.create([{ name, partitions: 1, configs }])
    const records = Array.from({ length: 90 }, (_, at) => ({ key: Buffer.from(`${at % 9}`), value: Buffer.alloc(10_000), partition: 0 }))
    for (let at = 0; at < 4; at++) await producer.send(name, records)
  }
  // A pass notes its log down before it begins.
  const noted = () => fs.existsSync(checkpoint) && /^one 0 0\n/m.test(text()) && /^two 0 0\n/m.test(text())
  const checkpoint = `${running.directory}/cleaner-offset-checkpoint`
  const text = () => fs.readFileSync(checkpoint, 'utf8')
  await until(noted)
  await stele.topics.delete(['one'])
  await stele.close()
  await running.broker.close()
  t.equal(running.broker.directory.cleanerStatistics.passes, 0)
  t.same(running.log, [])
})
