import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { ClientError, SendError, Stele, text } from '../../../client/index.ts'
import type { ClientPlatform } from '../../../client/platform/dial.ts'
import { nodeClientPlatform } from '../../../client/platform/node.ts'
import { SeededRandom } from '../../simulation/platform/random.ts'

/** Connections that break now and then: before a request has left, or before its answer has come. */
function breaking(seed: number, share: number): ClientPlatform & { calm: boolean } {
  const random = new SeededRandom(seed)
  const platform = {
    ...nodeClientPlatform,
    calm: false,
    async dial(...[host, port, handler, options]: Parameters<ClientPlatform['dial']>) {
      const socket = await nodeClientPlatform.dial(host, port, handler, options)
      return {
        ...socket,
        write(chunks: readonly Uint8Array[], taken?: () => void) {
          const isUnlucky = !platform.calm && random.chance(share)
          if (isUnlucky && random.chance(0.5)) return socket.destroy()
          socket.write(chunks, taken)
          if (isUnlucky) setTimeout(() => socket.destroy(), Math.floor(random.fraction() * 4))
        },
        destroy: () => socket.destroy(),
      }
    },
  }
  return platform
}

t.test('pipelining', async (t) => {
  const broker = await startBroker()
  const { bootstrap } = broker
  const calm = new Stele({ bootstrap })
  t.teardown(async () => {
    await calm.close()
    await broker.close()
  })
  const valuesOf = async (topic: string) => {
    const values = new Map<number, string[]>()
    for await (const records of calm.reader().batches(topic, { from: 'beginning', untilEnd: true })) {
      for (const { partition, value } of records) values.set(partition, [...(values.get(partition) ?? []), String(value)])
    }
    return values
  }

  for (const seed of [1, 2, 3]) {
    t.test(`whatever breaks, each record is kept once and in order (seed ${seed})`, async (t) => {
      const topic = `broken-${seed}`
      await calm.topics.create([{ name: topic, partitions: 3 }])
      const platform = breaking(seed, 0.08)
      const retries = new Set<string>()
      const metrics = { retry: (error: string) => void retries.add(error) }
      await using stele = new Stele({ bootstrap, platform, requestTimeoutMs: 2000, retry: { initialMs: 5, maxMs: 50 }, metrics })
      const producer = stele.producer({ value: text, batchBytes: 400, createTopics: false })
      const sent: Promise<unknown>[] = []
      for (let nth = 0; nth < 900; nth++) {
        sent.push(producer.send(topic, { partition: nth % 3, value: `${nth} ${'x'.repeat(nth % 40)}` }))
        if (nth % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      }
      await Promise.all(sent)
      platform.calm = true
      t.ok(retries.has('CONNECTION_LOST'), 'what was sent again is told')
      const values = await valuesOf(topic)
      for (let partition = 0; partition < 3; partition++) {
        const numbers = (values.get(partition) ?? []).map((value) => Number.parseInt(value))
        t.same(
          numbers,
          Array.from({ length: 300 }, (_, nth) => nth * 3 + partition),
        )
      }
    })
  }

  t.test('who gives up waiting for room has sent nothing, and the others go on', async (t) => {
    await calm.topics.create([{ name: 'given-up', partitions: 1 }])
    let answer = () => {}
    const isHeld = new Promise<void>((resolve) => (answer = resolve))
    const platform: ClientPlatform = {
      ...nodeClientPlatform,
      async dial(...[host, port, handler, options]: Parameters<ClientPlatform['dial']>) {
        const bytes = (view: Buffer) => {
          const copy = Buffer.from(view)
          if (!heldBack) return handler.bytes(copy)
          void isHeld.then(() => handler.bytes(copy))
        }
        return nodeClientPlatform.dial(host, port, { ...handler, bytes }, options)
      },
    }
    let heldBack = false
    await using stele = new Stele({ bootstrap, platform })
    const producer = stele.producer({ value: text, bufferBytes: 100 })
    await producer.send('given-up', { value: 'first' })
    heldBack = true
    const second = producer.send('given-up', { value: 'x'.repeat(200) })
    const controller = new AbortController()
    const third = producer.send('given-up', { value: 'third' }, { signal: controller.signal })
    const fourth = producer.send('given-up', { value: 'fourth' })
    controller.abort()
    await t.rejects(third, { code: 'ABORTED' })
    await t.rejects(producer.send('given-up', { value: 'late' }, { signal: controller.signal }), { code: 'ABORTED' })
    answer()
    await Promise.all([second, fourth])
    t.same((await valuesOf('given-up')).get(0), ['first', 'x'.repeat(200), 'fourth'])
  })

  t.test('what failed for lack of time takes nothing with it that is sent later', async (t) => {
    let isShut = false
    const platform: ClientPlatform = {
      ...nodeClientPlatform,
      dial: (...given: Parameters<ClientPlatform['dial']>) =>
        isShut ? Promise.reject(new Error('shut')) : nodeClientPlatform.dial(...given),
    }
    await calm.topics.create([{ name: 'too-late', partitions: 1 }])
    await using stele = new Stele({ bootstrap, platform, connectionsIdleMs: 50, retry: { initialMs: 20, maxMs: 20 } })
    await stele.topics.describe(['too-late'])
    const producer = stele.producer({ value: text, deliveryTimeoutMs: 200, lingerMs: 10_000 })
    isShut = true
    await t.rejects(producer.send('too-late', { value: 'lost' }), { code: 'DELIVERY_TIMED_OUT' })
    isShut = false
    const later = producer.send('too-late', { value: 'later' })
    await producer.flush()
    t.equal((await later).offset, 0)
  })

  t.test('large sends are under way side by side, and a flood goes in full batches', async (t) => {
    await calm.topics.create([{ name: 'sides', partitions: 1 }])
    let requests = 0
    const metrics = { request: (api: string) => void (requests += api === 'Produce' ? 1 : 0) }
    await using stele = new Stele({ bootstrap, metrics })
    const producer = stele.producer({ value: text })
    const many = Array.from({ length: 150 }, () => ({ value: 'x'.repeat(1000) }))
    const sendTimes = async (count: number) => {
      requests = 0
      await Promise.all(Array.from({ length: count }, () => producer.send('sides', many)))
      return requests
    }
    await producer.send('sides', { value: '' })
    t.equal(await sendTimes(4), 4)
    const flood = await sendTimes(40)
    t.ok(flood < 20, `${flood} requests`)
  })

  t.test('of several records it is told which were not delivered', async (t) => {
    await calm.topics.create([{ name: 'mixed', partitions: 1, configs: { 'max.message.bytes': '1000' } }])
    const producer = calm.producer({ value: text, batchBytes: 500 })
    const error = (await producer
      .send('mixed', [{ value: 'a' }, { value: 'x'.repeat(3000) }, { value: 'b', partition: 7 }, { value: 'c' }])
      .catch((reason: unknown) => reason)) as SendError
    t.ok(error instanceof SendError && error instanceof ClientError)
    t.same(
      [...error.failures].map(([at, { code }]) => [at, code]),
      [
        [1, 'MESSAGE_TOO_LARGE'],
        [2, 'UNKNOWN_TOPIC_OR_PARTITION'],
      ]
        .sort((a, b) => Number(b[0]) - Number(a[0]))
        .reverse(),
    )
    t.same((await valuesOf('mixed')).get(0), ['a', 'c'])
    t.same(await producer.send('mixed', { value: 'd' }), { partition: 0, offset: 2 })
  })

  t.test('who sends more than the producer may hold waits, and all arrives in the order of sending', async (t) => {
    await calm.topics.create([{ name: 'held', partitions: 1 }])
    const producer = calm.producer({ value: text, bufferBytes: 4000, batchBytes: 1000 })
    const sends = Array.from({ length: 50 }, (_, nth) =>
      producer.send('held', [{ value: `${nth}a`.padEnd(300) }, { value: `${nth}b`.padEnd(300) }]),
    )
    await Promise.all(sends)
    t.same(
      ((await valuesOf('held')).get(0) ?? []).map((value) => value.trim()),
      Array.from({ length: 50 }, (_, nth) => [`${nth}a`, `${nth}b`]).flat(),
    )
  })

  t.test('a record that cannot be delivered fails in its time, though nobody answers', async (t) => {
    await using lost = new Stele({ bootstrap: '127.0.0.1:1' })
    const began = Date.now()
    const error = (await lost
      .producer({ value: text, deliveryTimeoutMs: 300 })
      .send('anywhere', { value: 'x' })
      .catch((reason: unknown) => reason)) as ClientError
    t.match(error, { code: 'CONNECTION_FAILED', retriable: true })
    t.ok(Date.now() - began < 10_000)
  })

  t.test('what lingers goes in one batch, and a flush does not wait for more', async (t) => {
    await calm.topics.create([{ name: 'lingering', partitions: 1 }])
    const producer = calm.producer({ value: text, lingerMs: 60_000 })
    const sends = ['a', 'b', 'c'].map((value) => producer.send('lingering', { value }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await producer.flush()
    t.same(
      (await Promise.all(sends)).map(({ offset }) => offset),
      [0, 1, 2],
    )
    await producer.close()
    await t.rejects(producer.send('lingering', { value: 'd' }), { code: 'PRODUCER_CLOSED' })
  })
})
