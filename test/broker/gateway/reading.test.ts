/** Where reading begins and what comes, as the protocol's page says it, on a real broker. */
import t from 'tap'
import { Stele, text } from '../../../client/index.ts'
import type { ClientMessageOf } from '../../../client/protocol/stream/client-messages.ts'
import { StreamBroker, StreamPeer } from '../../support/stream-broker.ts'

const settings = { 'group.consumer.heartbeat.interval.ms': 100, 'group.consumer.min.heartbeat.interval.ms': 100 }
type Subscribe = ClientMessageOf<'subscribe'>

const numbered = (count: number, first = 0) => Array.from({ length: count }, (_, index) => `v${first + index}`)
const firstTime = 1_700_000_000_000

t.test('reading by stream', async (t) => {
  const broker = await StreamBroker.start(settings)
  t.teardown(() => broker.close())
  const peerOf = async (options: Parameters<typeof StreamPeer.open>[1] = {}) => {
    const peer = await StreamPeer.open(broker.url, options)
    t.teardown(() => peer.close())
    return peer
  }

  t.test('begins where it is asked to, and at the nearest end of the log where there is no such offset', async (t) => {
    await broker.create('from')
    await broker.fill('from', 10)
    const peer = await peerOf()
    const cursor = (offset: number) => [{ topic: 'from', partition: 0, offset }]
    const cases: [asked: Partial<Subscribe>, begins: number][] = [
      [{}, 10],
      [{ from: 'beginning' }, 0],
      [{ from: 'end' }, 10],
      [{ from: { offset: 4 } }, 4],
      [{ from: { offset: 4711 } }, 10],
      [{ from: { time: firstTime + 7 } }, 7],
      [{ from: { time: 0 } }, 0],
      [{ from: { time: firstTime + 1000 } }, 10],
      [{ from: 'beginning', cursors: cursor(6) }, 6],
      [{ from: { time: firstTime }, cursors: cursor(4711) }, 10],
      [{ from: 'beginning', cursors: [{ topic: 'another', partition: 0, offset: 6 }] }, 0],
    ]
    for (const [subscription, [asked, begins]] of cases.entries()) {
      peer.send({ type: 'subscribe', subscription, topics: ['from'], ...asked })
      t.strictSame((await peer.next('subscribed')).partitions, cursor(begins), JSON.stringify(asked))
      peer.send({ type: 'unsubscribe', subscription })
      await peer.next('unsubscribed')
    }
  })

  t.test('of partitions that are listed, reads those and no others', async (t) => {
    await broker.create('listed', 3)
    for (const partition of [0, 1, 2]) await broker.fill('listed', 5, { first: 10 * partition, partition })
    const peer = await peerOf()
    const partitions = [{ topic: 'listed', partition: 1 }]
    peer.send({ type: 'subscribe', subscription: 1, partitions, from: 'beginning', credit: { records: 100 } })
    await peer.next('subscribed')
    t.strictSame(await peer.values(5), numbered(5, 10))
    await broker.grow('listed', 4)
    await broker.fill('listed', 1, { partition: 3 })
    await broker.fill('listed', 1, { first: 15, partition: 1 })
    t.strictSame(await peer.values(1), ['v15'])
    peer.send({ type: 'subscribe', subscription: 2, partitions: [{ topic: 'listed', partition: 9 }] })
    t.match(await peer.next('error'), { subscription: 2, topic: 'listed', partition: 9, code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  t.test('a batch comes as it is stored only to who decodes its codec, and to everybody else record by record', async (t) => {
    await broker.create('gzipped')
    const records = numbered(50).map((value) => ({ timestamp: 1, value: Buffer.from(value) }))
    await broker.produce('gzipped', records, { codec: 'gzip' })
    for (const decodes of [undefined, ['none'] as const, ['none', 'gzip'] as const]) {
      const peer = await peerOf(decodes && { decodes: [...decodes] })
      peer.send({ type: 'subscribe', subscription: 1, topics: ['gzipped'], from: 'beginning', credit: { records: 100 } })
      await peer.next('subscribed')
      if (decodes?.length === 2) t.match(await peer.next('batches'), { first: 0, count: 50, next: 50 })
      else t.strictSame(await peer.values(50), numbered(50))
    }
  })

  t.test('records of open and aborted transactions come only to who asks for them', async (t) => {
    await broker.create('transactional')
    await using stele = new Stele({ bootstrap: `127.0.0.1:${broker.node.port}` })
    await using producer = stele.transactionalProducer({ transactionalId: 'tx', value: text })
    const aborted = await producer.begin()
    await aborted.send('transactional', { value: 'aborted' })
    await aborted.abort()
    const open = await producer.begin()
    await open.send('transactional', { value: 'open' })
    const subscribe: Subscribe = {
      type: 'subscribe',
      subscription: 1,
      topics: ['transactional'],
      from: 'beginning',
      credit: { records: 100 },
    }
    const [careful, careless] = [await peerOf(), await peerOf()]
    careless.send({ ...subscribe, isolation: 'uncommitted' })
    await careless.next('subscribed')
    t.strictSame(await careless.values(2), ['aborted', 'open'])
    careful.send(subscribe)
    await careful.next('subscribed')
    t.match(await careful.next('records'), { records: [], next: 2 }, 'the cursor passes what was aborted, and waits for what is open')
    await open.commit()
    t.strictSame(await careful.values(1), ['open'])
  })

  t.test('a member begins at its cursor where that is further on than what is committed', async (t) => {
    await broker.create('further', 2)
    for (const partition of [0, 1]) await broker.fill('further', 20, { partition })
    const subscribe: Subscribe = { type: 'subscribe', subscription: 1, topics: ['further'], group: 'further', from: 'beginning' }
    const at = (partition: number, offset: number) => ({ topic: 'further', partition, offset })
    const first = await StreamPeer.open(broker.url)
    first.send(subscribe)
    await first.next('subscribed')
    t.strictSame((await first.next('assigned')).partitions, [at(0, 0), at(1, 0)])
    first.send({ type: 'commit', request: 1, subscription: 1, cursors: [at(0, 5), at(1, 15)] })
    await first.next('committed')
    await first.close()
    const second = await peerOf()
    second.send({ ...subscribe, cursors: [at(0, 9), at(1, 9)] })
    await second.next('subscribed')
    t.strictSame((await second.next('assigned')).partitions, [at(0, 9), at(1, 15)])
  })

  t.test('a published record gets the time of its topic where that stamps records itself', async (t) => {
    await broker.create('stamped', 1, { 'message.timestamp.type': 'LogAppendTime' })
    await broker.create('unstamped')
    const peer = await peerOf()
    const records = [{ value: Buffer.from('x'), timestamp: firstTime }]
    peer.send({ type: 'publish', request: 1, topic: 'stamped', partition: 0, records })
    t.ok((await peer.next('published')).timestamp > firstTime)
    peer.send({ type: 'publish', request: 2, topic: 'unstamped', partition: 0, records })
    t.equal((await peer.next('published')).timestamp, -1)
    peer.send({ type: 'publish', request: 3, topic: 'unstamped', partition: 0, records: [] })
    t.match(await peer.next('error'), { request: 3, code: 'INVALID_RECORD', retriable: false })
  })
})
