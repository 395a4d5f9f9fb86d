/** Bytes of any kind on a stream end in an answer or a close code, and nobody else notices. */
import { once } from 'node:events'
import t from 'tap'
import { encodeMsgpack } from '../../client/protocol/stream/msgpack.ts'
import type { ClientMessage } from '../../client/protocol/stream/client-messages.ts'
import { StreamBroker, StreamPeer } from '../support/stream-broker.ts'

const sound: ClientMessage[] = [
  { type: 'hello', client: 'fuzz', decodes: ['none', 'zstd'] },
  { type: 'subscribe', subscription: 1, topics: ['fuzz'], from: 'beginning', credit: { records: 10 } },
  {
    type: 'subscribe',
    subscription: 2,
    partitions: [{ topic: 'fuzz', partition: 0 }],
    from: { time: 5 },
    keys: [Buffer.from('k1')],
    credit: { bytes: 100 },
  },
  { type: 'subscribe', subscription: 3, topics: ['fuzz'], group: 'g', instance: 'i', from: 'committed', isolation: 'uncommitted' },
  { type: 'credit', subscription: 1, records: 5, bytes: 2 ** 35 },
  { type: 'release', subscription: 3, partitions: [{ topic: 'fuzz', partition: 0 }] },
  { type: 'commit', request: 1, subscription: 3, cursors: [{ topic: 'fuzz', partition: 0, offset: 2 ** 52 }] },
  { type: 'identify', request: 2 },
  {
    type: 'publish',
    request: 3,
    topic: 'fuzz',
    partition: 0,
    records: [{ key: null, value: Buffer.alloc(9), headers: [['h', null]], timestamp: 2 ** 53 - 1 }, { timestamp: 0 }],
    producer: { id: 7, epoch: 3, sequence: 2 ** 31 - 1 },
  },
  { type: 'publish', request: 4, topic: '__consumer_offsets', partition: 0, records: [{ value: null }] },
  { type: 'topics', request: 5, names: ['fuzz', '', '../..'] },
  { type: 'pause', subscription: 1 },
  { type: 'unsubscribe', subscription: 2 },
]

/** Repeatable: xorshift. */
function chance(seed: number): (below: number) => number {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

function mangled(bytes: Uint8Array, below: (limit: number) => number): Uint8Array {
  const copy = Buffer.from(bytes)
  if (below(30) > 0) return copy
  for (let count = 1 + below(3); count > 0; count--) copy[below(copy.length)] = below(256)
  return below(5) === 0 ? copy.subarray(0, below(copy.length)) : copy
}

t.test('a broker under nonsense', { timeout: 120_000 }, async (t) => {
  const broker = await StreamBroker.start()
  t.teardown(() => broker.close())
  await broker.create('fuzz', 2)
  await broker.fill('fuzz', 20)
  const bystander = await StreamPeer.open(broker.url)
  bystander.send({ type: 'subscribe', subscription: 1, topics: ['fuzz'], from: 'beginning', credit: { records: 1_000_000 } })
  await bystander.next('subscribed')
  await bystander.values(20)
  const codes = new Map<number, number>()
  for (let seed = 1; seed <= 150; seed++) {
    const below = chance(seed * 2_654_435_761)
    const peer = new StreamPeer(broker.url)
    await once(peer.socket, 'open')
    if (below(4) > 0) peer.send(sound[0] as ClientMessage)
    // Each once, but for a few: a number that is in use ends the stream.
    for (const message of sound.slice(1)) if (below(6) > 0) peer.socket.send(mangled(encodeMsgpack(message), below))
    if (below(2) > 0) await peer.next('welcome').catch(() => undefined)
    peer.socket.close(1000)
    const { code } = await peer.closed
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  t.notOk(codes.get(1011), `no mistake of the broker's own: ${JSON.stringify([...codes])}`)
  t.strictSame(broker.node.fatal, [])
  t.strictSame(
    broker.node.log.filter(({ level }) => level === 'error'),
    [],
  )
  bystander.send({ type: 'topics', request: 1, names: ['fuzz'] })
  while (bystander.waiting[0]?.type !== 'topics') {
    if (bystander.waiting.length > 0) await bystander.next(bystander.waiting[0]?.type ?? 'records')
    else await new Promise<void>((resolve) => setImmediate(resolve))
  }
  t.match(await bystander.next('topics'), { topics: [{ name: 'fuzz' }] }, 'others are served')
})
