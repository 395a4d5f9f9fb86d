import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { json, Stele, text } from '../../../client/browser.ts'
import { bundleForBrowsers } from '../../../config/browser-bundle.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { StreamBroker } from '../../support/stream-broker.ts'

const quick = { retry: { initialMs: 5, maxMs: 50 } }
const settings = { 'group.consumer.heartbeat.interval.ms': 100, 'group.consumer.min.heartbeat.interval.ms': 100 }

t.test('the browser client, in Node', async (t) => {
  const broker = await StreamBroker.start(settings)
  t.teardown(() => broker.close())

  t.test('typed values go there and come back', async (t) => {
    await broker.create('typed', 3)
    const stele = new Stele({ url: broker.url })
    t.teardown(() => stele.close())
    const producer = stele.producer({ key: text, value: json<{ n: number }>() })
    const sent = await producer.send(
      'typed',
      Array.from({ length: 100 }, (_, n) => ({ key: `k${n % 7}`, value: { n } })),
    )
    t.equal(sent.length, 100)
    const one = await producer.send('typed', { key: 'k0', value: { n: 100 }, headers: [['h', null]] })
    t.equal(one.partition, sent[0]?.partition, 'a key has its partition')
    const seen: number[] = []
    await using consumer = stele.consumer({ topics: ['typed'], from: 'beginning', key: text, value: json<{ n: number }>() })
    for await (const { value, key } of consumer) {
      if (key !== `k${value?.n === 100 ? 0 : (value?.n ?? 0) % 7}`) t.fail(`${key} came with ${value?.n}`)
      seen.push(value?.n ?? -1)
      if (seen.length === 101) break
    }
    t.strictSame(
      [...seen].sort((a, b) => a - b),
      Array.from({ length: 101 }, (_, n) => n),
    )
    t.match(await stele.topics(), [{ name: 'typed', partitions: 3 }])
  })

  t.test('a reader whose connection breaks again and again gets each record once', async (t) => {
    const count = 20_000
    await broker.create('broken')
    for (let first = 0; first < count; first += 500) await broker.fill('broken', 500, { first })
    const proxy = await FaultProxy.start({ target: broker.port, carries: 'bytes' })
    t.teardown(() => proxy.close())
    const stele = new Stele({ url: `ws://127.0.0.1:${proxy.port}`, ...quick })
    t.teardown(() => stele.close())
    let next = 0
    await using consumer = stele.consumer({ topics: ['broken'], from: 'beginning', value: text, maxBytes: 64 * 1024 })
    for await (const { value, offset } of consumer) {
      if (offset !== next || value !== `v${next}`) t.fail(`${value} came at ${offset} where v${next} was expected`)
      next++
      if (next % 3000 === 0) proxy.cut()
      if (next === count) break
    }
    t.equal(next, count)
    t.ok(proxy.connections >= 6, `${proxy.connections} connections`)
  })

  t.test('what is published over connections that break is there once, and in order', async (t) => {
    const count = 5000
    await broker.create('once')
    const proxy = await FaultProxy.start({ target: broker.port, carries: 'bytes' })
    t.teardown(() => proxy.close())
    const stele = new Stele({ url: `ws://127.0.0.1:${proxy.port}`, ...quick })
    t.teardown(() => stele.close())
    const producer = stele.producer({ value: text })
    const sent: Promise<{ offset: number }>[] = []
    for (let n = 0; n < count; n++) {
      sent.push(producer.send('once', { value: `v${n}` }))
      if (n % 25 === 0) await new Promise(setImmediate)
      // There is a connection to cut, and something under way on it.
      if (n % 700 === 340) await Promise.all(sent)
      if (n % 700 === 350) proxy.cut()
    }
    const offsets = (await Promise.all(sent)).map(({ offset }) => offset)
    t.ok(proxy.connections >= 4, `${proxy.connections} connections`)
    t.strictSame(
      offsets,
      Array.from({ length: count }, (_, n) => n),
    )
    let next = 0
    await using consumer = stele.consumer({ topics: ['once'], from: 'beginning', value: text })
    for await (const { value } of consumer) {
      if (value !== `v${next}`) t.fail(`${value} where v${next} was expected`)
      if (++next === count) break
    }
    t.equal(next, count)
  })

  t.test('a record that is refused takes no other with it', async (t) => {
    await broker.create('refuse', 1, { 'max.message.bytes': '1000' })
    const stele = new Stele({ url: broker.url })
    t.teardown(() => stele.close())
    const producer = stele.producer({ value: text })
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, async (_, n) => {
        for (let turn = 0; turn < n; turn++) await new Promise(setImmediate)
        return producer.send('refuse', { value: `v${n}`.padEnd(n === 5 ? 2000 : 4), ...(n === 7 && { partition: 3 }) })
      }),
    )
    t.strictSame(
      outcomes.map(({ status }) => status === 'fulfilled'),
      Array.from({ length: 12 }, (_, n) => n !== 5 && n !== 7),
    )
    t.match(outcomes[5], { reason: { code: 'MESSAGE_TOO_LARGE' } })
    t.match(outcomes[7], { reason: { code: 'UNKNOWN_TOPIC_OR_PARTITION' } })
    await t.rejects(producer.send('refuse', { value: 'x'.repeat(1 << 20) }), { code: 'MESSAGE_TOO_LARGE' })
    const offsets = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value.offset : []))
    t.strictSame(
      offsets,
      Array.from({ length: 10 }, (_, n) => n),
      'in order, each once',
    )
  })

  t.test('paused it holds still, and goes on where it was sent', async (t) => {
    await broker.create('seek')
    await broker.fill('seek', 100)
    const stele = new Stele({ url: broker.url })
    t.teardown(() => stele.close())
    await using consumer = stele.consumer({ topics: ['seek'], from: 'beginning', value: text })
    const offsets: number[] = []
    for await (const { offset } of consumer) {
      offsets.push(offset)
      if (offsets.length === 10) consumer.seek({ topic: 'seek', partition: 0 }, 95)
      if (offset === 99) break
    }
    t.strictSame(offsets, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 95, 96, 97, 98, 99])
    t.strictSame(consumer.cursors(), [{ topic: 'seek', partition: 0, offset: 100 }])
    t.equal(consumer.position({ topic: 'seek', partition: 0 }), 100)
    consumer.seek({ topic: 'seek', partition: 0 }, 'beginning')
    for await (const { offset } of consumer) {
      t.equal(offset, 0)
      break
    }
  })

  t.test('members of a group go on where the last one committed', async (t) => {
    await broker.create('billing')
    await broker.fill('billing', 50)
    const stele = new Stele({ url: broker.url })
    t.teardown(() => stele.close())
    const read = async (count: number) => {
      const values: string[] = []
      await using consumer = stele.consumer({ topics: ['billing'], group: 'g', from: 'beginning', value: text })
      for await (const { value } of consumer) if (values.push(value ?? '') === count) break
      return values
    }
    t.strictSame(
      await read(20),
      Array.from({ length: 20 }, (_, n) => `v${n}`),
    )
    // The last one was not done: the loop was left while it was being worked on.
    t.strictSame(
      await read(31),
      Array.from({ length: 31 }, (_, n) => `v${n + 19}`),
    )
  })

  t.test('a signal ends it', async (t) => {
    const stele = new Stele({ url: broker.url })
    t.teardown(() => stele.close())
    const over = new AbortController()
    const waiting = stele
      .consumer({ topics: ['billing'], signal: over.signal })
      [Symbol.asyncIterator]()
      .next()
    over.abort()
    await t.rejects(waiting, { code: 'ABORTED' })
    await t.rejects(
      stele
        .consumer({ topics: ['billing'], signal: over.signal })
        [Symbol.asyncIterator]()
        .next(),
      { code: 'ABORTED' },
    )
  })

  t.test('wrong addresses, unknown topics and closed clients are errors that say so', async (t) => {
    const stele = new Stele({ url: broker.url })
    await t.rejects(stele.producer({ value: text }).send('no-such', { value: 'x' }), { code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    await t.rejects(
      stele
        .consumer({ topics: ['no-such'] })
        [Symbol.asyncIterator]()
        .next(),
      { code: 'UNKNOWN_TOPIC_OR_PARTITION' },
    )
    const waiting = stele
      .consumer({ topics: ['billing'] })
      [Symbol.asyncIterator]()
      .next()
    await stele.close()
    t.match(await waiting, { done: true }, 'whoever reads is done')
    await t.rejects(stele.topics(), { code: 'CLIENT_CLOSED' })
    const nowhere = new Stele({ url: 'ws://127.0.0.1:1', ...quick })
    t.teardown(() => nowhere.close())
    const producer = nowhere.producer({ value: text, deliveryTimeoutMs: 100 })
    await t.rejects(producer.send('orders', { value: 'x' }), { code: 'CONNECTION_LOST' })
  })
})

t.test('a broker that takes small messages is sent small ones', async (t) => {
  const broker = await StreamBroker.start({ 'stele.stream.frame.bytes.max': 4096 })
  t.teardown(() => broker.close())
  await broker.create('small')
  const stele = new Stele({ url: broker.url })
  t.teardown(() => stele.close())
  const values = Array.from({ length: 200 }, (_, n) => ({
    value: `v${n}`.padEnd(n % 3 === 0 ? 2500 : 5),
    headers: [['\u00fc', null]] as const,
  }))
  t.equal((await stele.producer({ value: text }).send('small', values)).length, 200)
  t.equal(broker.closes(1009), 0)
})

t.test('a broker that is restarted again and again loses nothing of a stream, and repeats nothing', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'stele-restart-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  let broker = await StreamBroker.start({}, undefined, { directory })
  t.teardown(() => broker.close())
  const { port, url } = broker
  await broker.create('steady')
  const stele = new Stele({ url, ...quick })
  t.teardown(() => stele.close())
  const count = 400
  const producer = stele.producer({ value: text })
  const writing = (async () => {
    for (let n = 0; n < count; n++) {
      await producer.send('steady', { value: `v${n}` })
      if (n % 100 !== 50) continue
      // Under way while the broker goes, and settled by the next one.
      const held = producer.send('steady', { value: `v${++n}` })
      await broker.close()
      broker = await StreamBroker.start({}, undefined, { directory, port })
      await held
    }
  })()
  const seen: string[] = []
  await using consumer = stele.consumer({ topics: ['steady'], from: 'beginning', value: text })
  for await (const { value } of consumer) if (seen.push(value ?? '') === count) break
  await writing
  t.strictSame(
    seen,
    Array.from({ length: count }, (_, n) => `v${n}`),
  )
})

t.test('for a browser it is small, and knows nothing of Node', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-bundle-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  await bundleForBrowsers(join(folder, 'stele.js'))
  const bundle = readFileSync(join(folder, 'stele.js'))
  const gzipped = gzipSync(bundle, { level: 9 }).length
  t.ok(gzipped < 25_000, `${gzipped} bytes gzipped`)
  t.notMatch(bundle.toString(), /node:|\brequire\(|\bprocess\./)
})
