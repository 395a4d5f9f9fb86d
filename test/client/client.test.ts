import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket as NetSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startBroker } from '../../broker/index.ts'
import { ClientError, type ReadRecord, Stele } from '../../client/index.ts'
import type { ClientPlatform } from '../../client/platform/dial.ts'
import { nodeClientPlatform } from '../../client/platform/node.ts'

const produceKey = 0
const apiKeyAt = 4

/** The real world, but for so many Produce requests whose answers are lost with their connections, after the broker did what they ask. */
function losingAnswers(): ClientPlatform & { answersToLose: number } {
  const platform: ClientPlatform & { answersToLose: number } = {
    ...nodeClientPlatform,
    answersToLose: 0,
    async dial(host, port, handler) {
      let isLosing = false
      const socket = await nodeClientPlatform.dial(host, port, {
        bytes: (view) => (isLosing ? socket.destroy() : handler.bytes(view)),
        closed: (error) => handler.closed(error),
      })
      return {
        write(chunks, taken) {
          if (chunks[0] && Buffer.from(chunks[0]).readInt16BE(apiKeyAt) === produceKey && platform.answersToLose > 0) {
            platform.answersToLose--
            isLosing = true
          }
          socket.write(chunks, taken)
        },
        destroy: () => socket.destroy(),
      }
    },
  }
  return platform
}

const valueOf = (text: string) => [{ value: Buffer.from(text) }]

async function valuesOf(stele: Stele, topic: string): Promise<string[]> {
  const values: string[] = []
  for await (const records of stele.reader().batches(topic, { from: 'beginning', untilEnd: true })) {
    values.push(...records.map(({ value }) => String(value)))
  }
  return values
}

async function rejectsWith(t: Test, promise: Promise<unknown>, code: string, retriable?: boolean): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  t.ok(error instanceof ClientError, `a ClientError, not ${String(error)}`)
  if (!(error instanceof ClientError)) return
  t.equal(error.code, code, error.message)
  if (retriable !== undefined) t.equal(error.retriable, retriable)
}

t.test('with a broker', async (t) => {
  const broker = await startBroker({ settings: { 'num.partitions': 3 } })
  t.teardown(() => broker.close())
  const { bootstrap } = broker

  t.test('a batch whose answer was lost is sent again, and kept once', async (t) => {
    const platform = losingAnswers()
    await using stele = new Stele({ bootstrap, platform })
    await stele.topics.create([{ name: 'once', partitions: 1 }])
    const producer = stele.producer()
    await producer.send('once', valueOf('a'))
    platform.answersToLose = 2
    t.same(await producer.send('once', valueOf('b')), [{ partition: 0, offset: 1 }])
    t.same(await producer.send('once', valueOf('c')), [{ partition: 0, offset: 2 }])
    t.same(await valuesOf(stele, 'once'), ['a', 'b', 'c'])
  })

  t.test('after a batch whose end is not known, the next one is not taken for it', async (t) => {
    const platform = losingAnswers()
    await using stele = new Stele({ bootstrap, platform })
    await stele.topics.create([{ name: 'unknown', partitions: 1 }])
    const producer = stele.producer({ deliveryTimeoutMs: 50 })
    await producer.send('unknown', valueOf('a'))
    platform.answersToLose = 1
    await rejectsWith(t, producer.send('unknown', valueOf('b')), 'CONNECTION_LOST', true)
    t.same(await producer.send('unknown', valueOf('c')), [{ partition: 0, offset: 2 }])
    t.same(await valuesOf(stele, 'unknown'), ['a', 'b', 'c'])
  })

  t.test('sends that overlap arrive in order, in every codec, with keys, headers and times', async (t) => {
    await using stele = new Stele({ bootstrap })
    await stele.topics.create([{ name: 'coded', partitions: 1 }])
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
    for (const compression of codecs) {
      const producer = stele.producer({ compression })
      const record = (nth: number) => ({
        key: Buffer.from(compression),
        value: nth === 0 ? null : Buffer.from(`${compression} ${nth}`),
        headers: [['h', Buffer.from('x')]] as const,
        timestamp: 1_700_000_000_000 + nth,
      })
      await Promise.all([0, 1, 2].map((nth) => producer.send('coded', [record(nth)])))
    }
    const found = []
    for await (const records of stele.reader().batches('coded', { from: 'beginning', untilEnd: true })) found.push(...records)
    t.same(
      found.map(({ offset, key, value, timestamp, headers }) => [
        offset,
        String(key),
        value?.toString() ?? null,
        timestamp - 1.7e12,
        String(headers),
      ]),
      codecs.flatMap((codec, at) => [0, 1, 2].map((nth) => [at * 3 + nth, codec, nth === 0 ? null : `${codec} ${nth}`, nth, 'h,x'])),
    )
  })

  t.test('a codec that nobody knows is told when the producer is made', async (t) => {
    await using stele = new Stele({ bootstrap })
    const compression = 'brotli' as 'none'
    t.throws(() => stele.producer({ compression }), { code: 'INVALID_OPTION', message: /'brotli' must be one of none, gzip, snappy/ })
  })

  t.test('one send of more than a batch may hold goes in several', async (t) => {
    await using stele = new Stele({ bootstrap })
    await stele.topics.create([{ name: 'large', partitions: 1 }])
    const records = Array.from({ length: 30 }, (_, nth) => ({ value: Buffer.alloc(100_000, nth) }))
    const deliveries = await stele.producer().send('large', records)
    t.ok(deliveries.length >= 6)
    const sizes: number[] = []
    for await (const batch of stele.reader().batches('large', { from: 'beginning', untilEnd: true }))
      sizes.push(...batch.map(({ value }) => value?.[0] ?? -1))
    t.same(
      sizes,
      records.map((_, nth) => nth),
    )
  })

  t.test('reading begins where it is told, and ends where it is told', async (t) => {
    await using stele = new Stele({ bootstrap })
    await stele.topics.create([{ name: 'places', partitions: 1 }])
    const producer = stele.producer({ acks: 'none' })
    await producer.send(
      'places',
      [0, 1, 2, 3].map((nth) => ({ value: Buffer.from(String(nth)), timestamp: 1_700_000_000_000 + nth * 1000 })),
    )
    await stele.producer().send('places', [{ value: Buffer.from('4'), timestamp: 1_700_000_004_000 }])
    const reader = stele.reader()
    const read = async (from: Parameters<typeof reader.batches>[1]['from']) => {
      const values: string[] = []
      for await (const records of reader.batches('places', { from, untilEnd: true }))
        values.push(...records.map(({ value }) => String(value)))
      return values.join('')
    }
    t.equal(await read('beginning'), '01234')
    t.equal(await read({ offset: 2 }), '234')
    t.equal(await read({ time: 1_700_000_001_500 }), '234')
    t.equal(await read({ time: 1_900_000_000_000 }), '')
    t.equal(await read('end'), '')
    await rejectsWith(t, reader.batches('places', { from: { offset: 77 } }).next(), 'OFFSET_OUT_OF_RANGE', false)
  })

  t.test('reading to the end of a client that is closed on the way is not taken for all there is', async (t) => {
    await using stele = new Stele({ bootstrap })
    const leaving = new Stele({ bootstrap })
    await stele.topics.create([{ name: 'on-the-way', partitions: 1 }])
    const large = Array.from({ length: 8 }, () => ({ value: Buffer.alloc(900_000) }))
    await stele.producer().send('on-the-way', large)
    const read = async () => {
      for await (const batch of leaving.reader().batches('on-the-way', { from: 'beginning', untilEnd: true }))
        if (batch.length > 0) await leaving.close()
    }
    await t.rejects(read(), { code: 'CLIENT_CLOSED', topic: 'on-the-way' })
  })

  t.test('what does not exist is told by name', async (t) => {
    await using stele = new Stele({ bootstrap })
    await rejectsWith(t, stele.reader().batches('nowhere', { from: 'beginning' }).next(), 'UNKNOWN_TOPIC_OR_PARTITION')
    await rejectsWith(t, stele.producer({ createTopics: false }).send('nowhere', valueOf('x')), 'UNKNOWN_TOPIC_OR_PARTITION')
    await rejectsWith(t, stele.topics.describe(['nowhere']), 'UNKNOWN_TOPIC_OR_PARTITION')
    await rejectsWith(t, stele.topics.alterConfigs('nowhere', { 'retention.ms': '1' }), 'UNKNOWN_TOPIC_OR_PARTITION')
    await stele.topics.create([{ name: 'here', partitions: 1 }])
    await rejectsWith(t, stele.producer().send('here', { value: Buffer.from('x'), partition: 1 }), 'UNKNOWN_TOPIC_OR_PARTITION', false)
    await rejectsWith(t, stele.topics.create([{ name: 'here' }]), 'TOPIC_ALREADY_EXISTS', false)
    await rejectsWith(t, stele.topics.delete(['here', 'nowhere']), 'UNKNOWN_TOPIC_OR_PARTITION')
    t.notOk(
      (await stele.topics.list()).some(({ name }) => name === 'here'),
      'of several, those that could be deleted are',
    )
  })

  t.test('a producer makes the topic it needs', async (t) => {
    await using stele = new Stele({ bootstrap })
    await stele.producer().send('made', valueOf('x'))
    t.equal((await stele.topics.describe(['made']))[0]?.partitions.length, 3)
  })
})

t.test('reading goes on when the broker was away', async (t) => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'stele-client-'))
  t.teardown(() => rmSync(dataDirectory, { recursive: true, force: true }))
  let broker = await startBroker({ dataDirectory })
  await using stele = new Stele({ bootstrap: broker.bootstrap })
  const producer = stele.producer()
  await producer.send('kept', valueOf('before'))
  const batches = stele.reader().batches('kept', { from: 'beginning' })
  const next = async () => {
    const { value: records } = await batches.next()
    return (records as ReadRecord[]).map(({ value }) => String(value))
  }
  t.same(await next(), ['before'])
  const waiting = next()
  await broker.close()
  broker = await startBroker({ dataDirectory, port: broker.port })
  t.same(await producer.send('kept', valueOf('after')), [{ partition: 0, offset: 1 }])
  t.same(await waiting, ['after'])
  await batches.return(undefined)
  await stele.close()
  await broker.close()
})

t.test('what is no broker is told apart', async (t) => {
  const sockets: NetSocket[] = []
  const serve = async (answer: (socket: NetSocket) => void) => {
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => undefined)
      answer(socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const listing = async (bootstrap: string, requestTimeoutMs = 5000) => {
    await using stele = new Stele({ bootstrap, requestTimeoutMs })
    return await stele.topics.list()
  }
  await rejectsWith(t, listing('127.0.0.1:1'), 'CONNECTION_FAILED', true)
  await rejectsWith(t, listing(await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))), 'MALFORMED_RESPONSE', false)
  await rejectsWith(t, listing(await serve((socket) => socket.end())), 'CONNECTION_LOST', true)
  await rejectsWith(t, listing(await serve(() => undefined), 30), 'REQUEST_TIMED_OUT', true)
  t.throws(() => new Stele({ bootstrap: 'no port' }), { code: 'INVALID_ADDRESS' })
  t.throws(() => new Stele({ bootstrap: 'host:99999' }), { code: 'INVALID_ADDRESS' })

  await using broker = await startBroker()
  t.same(await listing(`127.0.0.1:1,${broker.bootstrap}`), [], 'of several the first that answers is asked')
})
