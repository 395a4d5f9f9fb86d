/** Whatever a consumer waits for, a signal ends the wait: at a broker that no longer says anything, and has minutes to do so. */
import t, { type Test } from 'tap'
import { text } from '../../../client/index.ts'
import { ConsumingStage, rejectsWith } from '../../support/consuming.ts'
import type { FaultProxy } from '../../support/fault-proxy.ts'
import { faultStage, unhandled } from '../../support/faults/stage.ts'

const soon = (): AbortSignal => AbortSignal.timeout(30)
const ways = [{}, { group: 'classic' }, { group: 'modern', protocol: 'consumer' }] as const

function hush(t: Test, proxy: FaultProxy): void {
  proxy.plan = () => 'silence'
  proxy.door = 'silent'
  t.teardown(() => {
    proxy.plan = () => undefined
    proxy.door = 'open'
    proxy.cut()
  })
}

t.test('signals', { timeout: 60_000 }, async (t) => {
  const proxy = await faultStage(t)
  const stage = new ConsumingStage(t, proxy.bootstrap)
  const topic = await stage.topic({ partitions: 1, records: 10 })
  const place = { topic, partition: 0 }

  await t.test('commits, also behind one that hangs, what is committed, a batch and closing', async (t) => {
    const stele = stage.client(t, { requestTimeoutMs: 300_000 })
    const group = stage.name('group')
    const consumer = stele.consumer({ topics: [topic], group, from: 'beginning', autoCommit: { everyMs: 600_000 } })
    const { value: batch } = await consumer.batches().next()
    if (!batch) throw new Error('there are records')
    hush(t, proxy)
    await rejectsWith(t, consumer.commit([{ ...place, offset: 1 }], { signal: soon() }), 'ABORTED')
    const hanging = consumer.commit([{ ...place, offset: 2 }]).catch(() => undefined)
    await rejectsWith(t, consumer.commit([{ ...place, offset: 3 }], { signal: soon() }), 'ABORTED')
    await rejectsWith(t, consumer.commit(undefined, { signal: soon() }), 'ABORTED')
    await rejectsWith(t, consumer.committed([place], { signal: soon() }), 'ABORTED')
    await rejectsWith(t, batch.commit({ signal: soon() }), 'ABORTED')
    await rejectsWith(t, consumer.close({ signal: soon() }), 'ABORTED')
    await rejectsWith(t, consumer.close({ signal: AbortSignal.abort() }), 'ABORTED')
    proxy.plan = () => undefined
    proxy.door = 'open'
    proxy.cut()
    await Promise.all([hanging, consumer.close()])
    t.pass('what was going on goes on')
  })

  for (const way of ways) {
    const stele = stage.client(t, { requestTimeoutMs: 300_000 })
    const options = { topics: [topic], from: 'beginning', value: text, ...way } as const

    await t.test(`loops that begin: ${JSON.stringify(way)}`, async (t) => {
      hush(t, proxy)
      const consumer = stele.consumer(options)
      await rejectsWith(t, consumer.records({ signal: soon() }).next(), 'ABORTED')
      await rejectsWith(t, consumer.batches({ signal: soon() }).next(), 'ABORTED')
      await consumer.close()
      await rejectsWith(
        t,
        stele
          .consumer({ ...options, signal: soon() })
          .records()
          .next(),
        'ABORTED',
      )
      await rejectsWith(
        t,
        stele
          .consumer({ ...options, signal: AbortSignal.abort() })
          .records()
          .next(),
        'ABORTED',
      )
      const closed = stele.consumer(options)
      const waiting = closed.records().next()
      await closed.close()
      t.same(await waiting, { done: true, value: undefined }, 'closing ends it too')
    })

    await t.test(`loops that go on: ${JSON.stringify(way)}`, async (t) => {
      const own = new AbortController()
      const consumer = stele.consumer({ ...options, signal: own.signal })
      const records = consumer.records()
      for (let nth = 0; nth < 10; nth++) await records.next()
      hush(t, proxy)
      await records.return?.()
      await rejectsWith(t, consumer.records({ signal: soon() }).next(), 'ABORTED')
      const waiting = consumer.records().next()
      own.abort()
      await rejectsWith(t, waiting, 'ABORTED')
    })
  }

  await t.test('a reader ends', async (t) => {
    const stele = stage.client(t, { requestTimeoutMs: 300_000 })
    hush(t, proxy)
    const read = []
    for await (const records of stele.reader().batches(topic, { from: 'beginning', signal: soon() })) read.push(...records)
    t.same(read, [])
  })

  await t.test('an application that throws while its signal closes the consumer', async (t) => {
    const own = new AbortController()
    const consumer = stage.stele.consumer({
      topics: [topic],
      group: stage.name('group'),
      from: 'beginning',
      signal: own.signal,
      onRevoked: () => {
        throw new Error('not now')
      },
    })
    const records = consumer.records()
    await records.next()
    own.abort()
    await rejectsWith(t, records.next(), 'ABORTED')
    await t.rejects(consumer.close(), { message: 'not now' }, 'who waits for the end is told')
  })

  t.same(unhandled, [])
})
