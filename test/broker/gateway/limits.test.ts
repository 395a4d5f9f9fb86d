/** What a hostile or careless client meets on a real broker: a close code for every bound, and nobody else notices. */
import { once } from 'node:events'
import t from 'tap'
import { WebSocket } from 'ws'
import { Gateway } from '../../../broker/gateway/gateway.ts'
import { StreamBroker, StreamPeer } from '../../support/stream-broker.ts'

const settings = {
  'stele.stream.hello.ms': 300,
  'stele.stream.idle.ms': 1000,
  'stele.stream.connections.max': 3,
  'stele.stream.frame.bytes.max': 4096,
  'stele.stream.partitions.max': 4,
  'stele.stream.subscriptions.max': 2,
  'stele.stream.requests.max': 6,
  'stele.stream.buffer.bytes': 64 * 1024,
}

t.test('every bound closes with its code', async (t) => {
  const broker = await StreamBroker.start(settings)
  t.teardown(() => broker.close())
  await broker.create('wide', 5)
  const publish = (peer: StreamPeer, count: number, id?: number) => {
    const records = [{ value: Buffer.from('x') }]
    for (let request = 0; request < count; request++) {
      const producer = id === undefined ? {} : { producer: { id, epoch: 0, sequence: request } }
      peer.send({ type: 'publish', request, topic: 'wide', partition: 0, records, ...producer })
    }
  }
  const cases: [name: string, code: number, reason: RegExp, act: (peer: StreamPeer) => void][] = [
    ['a frame too large', 1009, /^$/, ({ socket }) => socket.send(Buffer.alloc(5000))],
    ['a text frame', 1003, /^stele.v1.msgpack is spoken in binary frames$/, ({ socket }) => socket.send('{}')],
    ['bytes that are no MessagePack', 4000, /MessagePack/, ({ socket }) => socket.send(Buffer.from([0x81]))],
    ['a message that is none', 4000, /^type must be one of hello,/, ({ socket }) => socket.send(Buffer.from([0x80]))],
    [
      'subscriptions',
      4011,
      /^more than 2 subscriptions$/,
      (peer) => {
        for (const subscription of [1, 2, 3]) peer.send({ type: 'subscribe', subscription, partitions: [{ topic: 'wide', partition: 0 }] })
      },
    ],
    ['partitions', 4012, /^5 partitions, more than 4$/, (peer) => peer.send({ type: 'subscribe', subscription: 1, topics: ['wide'] })],
    ['requests', 4013, /^more than 6 requests unanswered$/, (peer) => publish(peer, 7)],
    ['publishes of a producer', 4014, /^more than 5 publishes of one producer to a partition unanswered$/, (peer) => publish(peer, 6, 77)],
    [
      'credit',
      4015,
      /^credit beyond 2\^40$/,
      (peer) => {
        peer.send({ type: 'subscribe', subscription: 1, partitions: [{ topic: 'wide', partition: 0 }], credit: { records: 2 ** 40 } })
        peer.send({ type: 'credit', subscription: 1, records: 1 })
      },
    ],
    ['silence', 4008, /^nothing was heard for 1000 ms$/, (peer) => peer.socket.pause()],
  ]
  for (const [name, code, reason, act] of cases) {
    const peer = await StreamPeer.open(broker.url)
    act(peer)
    if (name === 'silence') {
      await until(() => broker.closes(4008) === 1)
      peer.socket.resume()
    }
    t.match(await peer.closed, { code, reason }, name)
  }
  const binary = await StreamPeer.open(broker.url, { subprotocol: 'stele.v1.json' })
  binary.socket.send(Buffer.from('{}'))
  t.match(await binary.closed, { code: 1003, reason: 'stele.v1.json is spoken in text frames' })
  const silent = new StreamPeer(broker.url)
  t.match(await silent.closed, { code: 4001, reason: 'no hello came within 300 ms' })
  await until(() => broker.node.broker.sources().streams()?.open === 0)
  const peers = await Promise.all([1, 2, 3].map(() => StreamPeer.open(broker.url)))
  const fourth = new StreamPeer(broker.url)
  t.match(await fourth.closed, { code: 4010, reason: 'more than 3 streams' })
  for (const peer of peers) await peer.close()
})

t.test('who answers pings stays, in words or by WebSocket itself', async (t) => {
  const broker = await StreamBroker.start({ 'stele.stream.idle.ms': 1000 })
  t.teardown(() => broker.close())
  const [speaks, pings] = [await StreamPeer.open(broker.url), await StreamPeer.open(broker.url)]
  let isSilent = false
  const silent = await StreamPeer.open(broker.url)
  void silent.closed.then(() => (isSilent = true))
  for (let asked = 0; !isSilent; asked++) {
    await speaks.next('ping')
    speaks.send({ type: 'pong' })
    pings.socket.ping()
    if (asked > 10) t.fail('the silent one is still there')
  }
  for (const peer of [speaks, pings]) {
    peer.send({ type: 'ping' })
    await peer.next('pong')
    await peer.close()
  }
})

t.test('what is no stream is refused over HTTP', async (t) => {
  const broker = await StreamBroker.start()
  t.teardown(() => broker.close())
  for (const [path, subprotocol, status, origin] of [
    ['/elsewhere', 'stele.v1.json', 404],
    ['/v1/stream', 'mqtt', 400],
    ['/v1/stream', 'stele.v1.json', 403, 'http://elsewhere.example'],
  ] as const) {
    const socket = new WebSocket(`${broker.url}${path}`, subprotocol, origin === undefined ? {} : { origin })
    const [, response] = await once(socket, 'unexpected-response')
    t.equal(response.statusCode, status, path)
    socket.on('error', () => undefined)
    socket.terminate()
  }
})

t.test('a token is asked about, and who is refused hears why', async (t) => {
  const broker = await StreamBroker.start()
  t.teardown(() => broker.close())
  const asked: unknown[] = []
  const gateway = new Gateway({
    services: broker.services,
    logger: broker.logger,
    authenticate: async (token, peer) => {
      asked.push([token, peer])
      return token === 'good' ? { principal: 'User:alice' } : { refused: 'this token is not known' }
    },
  })
  const listener = await broker.listen(gateway)
  t.teardown(() => listener.close())
  for (const token of ['good', 'bad']) {
    const peer = new StreamPeer(`ws://127.0.0.1:${listener.address.port}`)
    await once(peer.socket, 'open')
    peer.send({ type: 'hello', token })
    if (token === 'good') {
      await peer.next('welcome')
      await peer.close()
    } else t.match(await peer.closed, { code: 4003, reason: 'this token is not known' })
  }
  t.strictSame(asked, [
    ['good', '127.0.0.1'],
    ['bad', '127.0.0.1'],
  ])
})

t.test('a client that grants much and reads nothing is held back by its own socket', async (t) => {
  const broker = await StreamBroker.start({ 'stele.stream.buffer.bytes': 64 * 1024 })
  t.teardown(() => broker.close())
  await broker.create('much')
  const value = Buffer.alloc(1000, 'x')
  const total = 40_000
  for (let sent = 0; sent < total; sent += 500)
    await broker.produce(
      'much',
      Array.from({ length: 500 }, () => ({ timestamp: 1, value })),
    )
  const stalled = await StreamPeer.open(broker.url)
  stalled.send({ type: 'subscribe', subscription: 1, topics: ['much'], from: 'beginning', credit: { records: 1_000_000 } })
  await stalled.next('subscribed')
  stalled.socket.pause()
  // Whoever reads gets everything meanwhile.
  const reader = await StreamPeer.open(broker.url)
  reader.send({ type: 'subscribe', subscription: 1, topics: ['much'], from: 'beginning', credit: { records: 1_000_000 } })
  await reader.next('subscribed')
  t.equal((await reader.values(total)).length, total)
  const figures = await broker.figures()
  t.ok(figures.records < 2 * total, `${figures.records - total} records were sent to the one that is stalled`)
  stalled.socket.resume()
  t.equal((await stalled.values(total)).length, total, 'and it gets everything once it reads')
  await stalled.close()
  await reader.close()
})

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise<void>((resolve) => setTimeout(resolve, 20))
}
