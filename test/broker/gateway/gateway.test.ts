import { once } from 'node:events'
import t from 'tap'
import type { ClientMessage } from '../../../client/protocol/stream/client-messages.ts'
import { StreamBroker, StreamPeer } from '../../support/stream-broker.ts'

const settings = { 'group.consumer.heartbeat.interval.ms': 100, 'group.consumer.min.heartbeat.interval.ms': 100 }
const numbered = (count: number, first = 0) => Array.from({ length: count }, (_, index) => `v${first + index}`)

t.test('a broker over WebSocket', async (t) => {
  const broker = await StreamBroker.start(settings)
  t.teardown(() => broker.close())
  await broker.create('orders', 2)

  for (const subprotocol of ['stele.v1.msgpack', 'stele.v1.json']) {
    t.test(`${subprotocol}: what is there comes, then what is written later`, async (t) => {
      const topic = `read-${subprotocol}`
      await broker.create(topic)
      await broker.fill(topic, 20)
      const peer = await StreamPeer.open(broker.url, { subprotocol })
      t.teardown(() => peer.close())
      peer.send({ type: 'subscribe', subscription: 1, topics: [topic], from: 'beginning', credit: { records: 1000 } })
      t.match(await peer.next('subscribed'), { subscription: 1, partitions: [{ topic, partition: 0, offset: 0 }] })
      t.strictSame(await peer.values(20), numbered(20))
      await broker.fill(topic, 3, { first: 20 })
      t.strictSame(await peer.values(3), numbered(3, 20))
    })

    t.test(`${subprotocol}: publishes are answered with their offset`, async (t) => {
      const topic = `publish-${subprotocol}`
      await broker.create(topic)
      const peer = await StreamPeer.open(broker.url, { subprotocol })
      t.teardown(() => peer.close())
      peer.send({ type: 'identify', request: 1 })
      const { id, epoch } = await peer.next('identity')
      const records = [
        { key: Buffer.from('a'), value: Buffer.from([0xff, 0]), headers: [['h', Buffer.from('x')] as const] },
        { value: null },
      ]
      peer.send({ type: 'publish', request: 2, topic, partition: 0, records, producer: { id, epoch, sequence: 0 } })
      t.match(await peer.next('published'), { request: 2, offset: 0 })
      peer.send({ type: 'publish', request: 3, topic, partition: 0, records, producer: { id, epoch, sequence: 0 } })
      t.match(await peer.next('published'), { request: 3, offset: 0 }, 'a repeated one is the same one')
      peer.send({ type: 'publish', request: 4, topic, partition: 7, records })
      t.match(await peer.next('error'), { request: 4, code: 'UNKNOWN_TOPIC_OR_PARTITION' })
      peer.send({ type: 'subscribe', subscription: 1, topics: [topic], from: 'beginning', credit: { bytes: 100_000 } })
      await peer.next('subscribed')
      const { records: read, next } = await peer.next('records')
      t.equal(next, 2)
      t.match(read, [
        { offset: 0, key: Buffer.from('a'), value: Buffer.from([0xff, 0]), headers: [['h', Buffer.from('x')]] },
        { offset: 1, key: null, value: null },
      ])
    })
  }

  t.test('topics are told', async (t) => {
    const peer = await StreamPeer.open(broker.url)
    t.teardown(() => peer.close())
    peer.send({ type: 'topics', request: 1, names: ['orders', 'no-such'] })
    t.strictSame((await peer.next('topics')).topics, [{ name: 'orders', partitions: 2, internal: false }])
  })

  t.test('no more comes than was granted', async (t) => {
    await broker.create('credit')
    await broker.fill('credit', 100)
    const peer = await StreamPeer.open(broker.url)
    t.teardown(() => peer.close())
    peer.send({ type: 'subscribe', subscription: 1, topics: ['credit'], from: 'beginning' })
    await peer.next('subscribed')
    peer.send({ type: 'credit', subscription: 1, records: 7 })
    t.equal((await peer.next('records')).records.length, 7)
    peer.send({ type: 'credit', subscription: 1, records: 5 })
    t.strictSame(await peer.values(5), numbered(5, 7))
    await broker.fill('credit', 10, { first: 100 })
    peer.send({ type: 'topics', request: 1 })
    await peer.next('topics')
    t.equal(peer.waiting.length, 0)
  })

  t.test('a record larger than the bytes that are left says what it takes', async (t) => {
    await broker.create('starve')
    await broker.produce('starve', [{ timestamp: 1, value: Buffer.alloc(1000) }])
    const peer = await StreamPeer.open(broker.url)
    t.teardown(() => peer.close())
    peer.send({ type: 'subscribe', subscription: 1, topics: ['starve'], from: 'beginning', credit: { bytes: 100 } })
    await peer.next('subscribed')
    const { bytes } = await peer.next('starved')
    t.equal(bytes, 1016)
    peer.send({ type: 'credit', subscription: 1, bytes: bytes - 100 })
    t.equal((await peer.next('records')).records[0]?.value?.length, 1000)
  })

  t.test('only the keys that are asked for come, and the cursor passes the others', async (t) => {
    await broker.create('keys')
    await broker.fill('keys', 50)
    const peer = await StreamPeer.open(broker.url)
    t.teardown(() => peer.close())
    const keys = [Buffer.from('k3'), Buffer.from('k40')]
    peer.send({ type: 'subscribe', subscription: 1, topics: ['keys'], from: 'beginning', keys, credit: { records: 10 } })
    await peer.next('subscribed')
    const { records, next } = await peer.next('records')
    t.strictSame(
      records.map(({ offset }) => offset),
      [3, 40],
    )
    t.equal(next, 50)
    await broker.fill('keys', 5, { first: 50 })
    t.match(await peer.next('records'), { records: [], next: 55 })
  })

  t.test('batches come as they are stored to a client that decodes them', async (t) => {
    await broker.create('stored')
    await broker.fill('stored', 10)
    const peer = await StreamPeer.open(broker.url, { decodes: ['none'] })
    t.teardown(() => peer.close())
    peer.send({ type: 'subscribe', subscription: 1, topics: ['stored'], from: { offset: 4 }, credit: { records: 3 } })
    await peer.next('subscribed')
    t.strictSame(await peer.values(3), numbered(3, 4), 'part of a batch comes decoded')
    peer.send({ type: 'credit', subscription: 1, records: 100 })
    const { first, count, next, batches } = await peer.next('batches')
    t.strictSame({ first, count, next }, { first: 7, count: 3, next: 10 })
    t.equal(Buffer.from(batches).readBigInt64BE(0), 0n)
  })

  t.test('paused, nothing comes; resumed, it goes on; unsubscribed, it is over', async (t) => {
    await broker.create('pause')
    const peer = await StreamPeer.open(broker.url)
    t.teardown(() => peer.close())
    peer.send({ type: 'subscribe', subscription: 1, topics: ['pause'], from: 'beginning', credit: { records: 100 } })
    await peer.next('subscribed')
    peer.send({ type: 'pause', subscription: 1 })
    peer.send({ type: 'topics', request: 1 })
    await peer.next('topics')
    await broker.fill('pause', 4)
    peer.send({ type: 'topics', request: 2 })
    await peer.next('topics')
    peer.send({ type: 'resume', subscription: 1 })
    t.strictSame(await peer.values(4), numbered(4))
    peer.send({ type: 'unsubscribe', subscription: 1 })
    await peer.next('unsubscribed')
    await broker.fill('pause', 4)
    peer.send({ type: 'topics', request: 3 })
    await peer.next('topics')
  })

  t.test('a topic that is deleted ends, one that grows is read on', async (t) => {
    await broker.create('grow')
    const peer = await StreamPeer.open(broker.url)
    t.teardown(() => peer.close())
    peer.send({ type: 'subscribe', subscription: 1, topics: ['grow'], from: 'end', credit: { records: 100 } })
    await peer.next('subscribed')
    await broker.grow('grow', 2)
    await broker.fill('grow', 2, { partition: 1 })
    t.strictSame(await peer.values(2), numbered(2))
    await broker.delete('grow')
    for (let partition = 0; partition < 2; partition++) {
      t.match(await peer.next('error'), { subscription: 1, topic: 'grow', code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    }
    peer.send({ type: 'subscribe', subscription: 2, topics: ['grow'] })
    t.match(await peer.next('error'), { subscription: 2, code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  t.test('two members share a topic, and hand over what they have committed', async (t) => {
    await broker.create('shared', 2)
    await broker.fill('shared', 10, { partition: 0 })
    await broker.fill('shared', 10, { partition: 1 })
    const subscribe: ClientMessage = {
      type: 'subscribe',
      subscription: 1,
      topics: ['shared'],
      group: 'g',
      from: 'beginning',
      credit: { records: 1000 },
    }
    const first = await StreamPeer.open(broker.url)
    first.send(subscribe)
    await first.next('subscribed')
    const assigned = await first.next('assigned')
    t.equal(assigned.partitions.length, 2)
    t.equal((await first.values(20)).length, 20)
    first.send({
      type: 'commit',
      request: 1,
      subscription: 1,
      cursors: [0, 1].map((partition) => ({ topic: 'shared', partition, offset: 10 })),
    })
    await first.next('committed')
    const second = await StreamPeer.open(broker.url)
    t.teardown(() => second.close())
    second.send(subscribe)
    await second.next('subscribed')
    const revoked = await first.next('revoked')
    t.equal(revoked.partitions.length, 1)
    first.send({ type: 'release', subscription: 1, partitions: revoked.partitions })
    const taken = await second.next('assigned')
    t.strictSame(taken.partitions, [{ ...revoked.partitions[0], offset: 10 }])
    await first.close()
    t.equal((await second.next('assigned')).partitions.length, 1)
  })

  t.test('many readers of one place are sent the same message, which is made once', async (t) => {
    await broker.create('crowd')
    const peers = await Promise.all(Array.from({ length: 50 }, () => StreamPeer.open(broker.url)))
    for (const peer of peers) peer.send({ type: 'subscribe', subscription: 1, topics: ['crowd'], credit: { records: 1000 } })
    for (const peer of peers) await peer.next('subscribed')
    const before = await broker.figures()
    await broker.fill('crowd', 20)
    for (const peer of peers) t.strictSame(await peer.values(20), numbered(20))
    const after = await broker.figures()
    t.equal(after.records - before.records, 1000)
    t.equal(after.sharedMisses - before.sharedMisses, 1)
    for (const peer of peers) await peer.close()
  })

  t.test('a broker that stops says so', async (t) => {
    const other = await StreamBroker.start()
    const peer = await StreamPeer.open(other.url)
    await other.close()
    t.match(await peer.closed, { code: 1001 })
  })

  t.test('pages of other origins are refused', async (t) => {
    for (const [origin, isAllowed] of [
      [`http://127.0.0.1:${broker.port}`, true],
      ['http://elsewhere.example', false],
      ['null', false],
    ] as const) {
      const peer = new StreamPeer(broker.url, { origin })
      if (isAllowed) {
        await once(peer.socket, 'open')
        await peer.close()
      } else t.match(await peer.closed, { code: 1006 }, origin)
    }
  })
})
