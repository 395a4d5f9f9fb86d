/** The browser's consumer, word by word: a scripted broker says what a real one rarely says at just that moment. */
import t from 'tap'
import type { StreamSocketHandler } from '../../../client/platform/stream-socket.ts'
import type { ClientMessage, ClientMessageOf } from '../../../client/protocol/stream/client-messages.ts'
import { decodeMsgpack, encodeMsgpack } from '../../../client/protocol/stream/msgpack.ts'
import type { ServerMessage } from '../../../client/protocol/stream/server-messages.ts'
import { text } from '../../../client/serde/serde.ts'
import { StreamClient } from '../../../client/stream/stream-client.ts'

const limits = { frameBytes: 1e6, subscriptions: 64, partitions: 1024, requests: 256, publishesPerPartition: 5, idleMs: 60_000 }

/** Time stands still but for what is asked to come at once: another connection. */
class ScriptedBroker {
  readonly client: StreamClient
  readonly said: ClientMessage[] = []
  #handler: StreamSocketHandler | undefined

  constructor() {
    const platform = {
      now: () => 0,
      after: (delay: number, wake: () => void) => {
        if (delay <= 1) queueMicrotask(wake)
        return () => undefined
      },
      fraction: () => 0.5,
      connect: (_url: string, _subprotocol: string, handler: StreamSocketHandler) => {
        this.#handler = handler
        queueMicrotask(() => handler.opened())
        return { send: (bytes: Uint8Array) => this.#hear(decodeMsgpack(bytes) as ClientMessage), close: () => undefined }
      },
    }
    this.client = new StreamClient({ url: 'ws://scripted', retry: { initialMs: 1, maxMs: 1 } }, platform)
  }

  #hear(message: ClientMessage): void {
    this.said.push(message)
    if (message.type === 'hello') queueMicrotask(() => this.say({ type: 'welcome', session: 's', limits }))
    if (message.type === 'commit') queueMicrotask(() => this.say({ type: 'committed', request: message.request }))
  }

  say(message: ServerMessage): void {
    this.#handler?.message(encodeMsgpack(message))
  }

  /** Resolves once the client has come back. */
  async cut(): Promise<void> {
    const subscribed = this.all('subscribe').length
    this.#handler?.closed(1006, '')
    while (this.all('subscribe').length === subscribed) await Promise.resolve()
  }

  all<T extends ClientMessage['type']>(type: T): ClientMessageOf<T>[] {
    return this.said.filter((message): message is ClientMessageOf<T> => message.type === type)
  }

  last<T extends ClientMessage['type']>(type: T): ClientMessageOf<T> | undefined {
    return this.all(type).at(-1)
  }

  async subscription(): Promise<number> {
    while (this.all('subscribe').length === 0) await Promise.resolve()
    return this.last('subscribe')?.subscription ?? -1
  }

  records(partition: number, first: number, count: number, size = 3): void {
    const subscription = this.last('subscribe')?.subscription ?? -1
    const value = new Uint8Array(size).fill(0x61)
    const records = Array.from({ length: count }, (_, nth) => ({ offset: first + nth, timestamp: 0, key: null, value }))
    this.say({ type: 'records', subscription, topic: 'a', partition, records, next: first + count })
  }
}

const place = (partition: number, offset: number) => ({ topic: 'a', partition, offset })

t.test('what came to a member and was not read when the connection broke, is asked for again', async (t) => {
  const broker = new ScriptedBroker()
  const consumer = broker.client.consumer({ topics: ['a'], group: 'g', autoCommit: false, value: text })
  const subscription = await broker.subscription()
  broker.say({ type: 'assigned', subscription, partitions: [place(0, 5), place(1, 7)] })
  broker.records(0, 5, 3)
  broker.records(1, 7, 3)
  for await (const { partition, offset } of consumer) {
    t.same([partition, offset], [0, 5])
    break
  }
  await broker.cut()
  t.same(broker.last('subscribe')?.cursors, [place(0, 6), place(1, 7)], 'of the one partition the rest, of the other all')
})

t.test('when a partition is taken away, what is in hand of another is given out to its end', async (t) => {
  const broker = new ScriptedBroker()
  const consumer = broker.client.consumer({ topics: ['a'], group: 'g', autoCommit: false, value: text })
  const subscription = await broker.subscription()
  broker.say({ type: 'assigned', subscription, partitions: [place(0, 0), place(1, 0)] })
  const records = consumer[Symbol.asyncIterator]()
  broker.records(0, 0, 3)
  t.equal((await records.next()).value?.offset, 0)
  broker.say({ type: 'revoked', subscription, partitions: [{ topic: 'a', partition: 1 }] })
  t.equal((await records.next()).value?.offset, 1)
  broker.say({ type: 'revoked', subscription, partitions: [{ topic: 'a', partition: 0 }] })
  broker.say({ type: 'assigned', subscription, partitions: [place(0, 1)] })
  broker.records(0, 1, 1)
  t.equal((await records.next()).value?.offset, 1, 'but nothing more of one that was taken away itself')
})

t.test('what was held of a partition that is taken away makes room for the others', async (t) => {
  const broker = new ScriptedBroker()
  broker.client.consumer({ topics: ['a'], group: 'g', autoCommit: false, maxBytes: 100 })
  const subscription = await broker.subscription()
  broker.say({ type: 'assigned', subscription, partitions: [place(0, 0), place(1, 0)] })
  broker.records(1, 0, 1, 84)
  broker.say({ type: 'revoked', subscription, partitions: [{ topic: 'a', partition: 1 }] })
  t.equal(broker.last('credit')?.bytes, 100)
})

t.test('a member that came back commits nothing of partitions that it was not given again', async (t) => {
  const broker = new ScriptedBroker()
  const consumer = broker.client.consumer({ topics: ['a'], group: 'g', autoCommit: false, value: text })
  const subscription = await broker.subscription()
  broker.say({ type: 'assigned', subscription, partitions: [place(0, 0), place(1, 0)] })
  const records = consumer[Symbol.asyncIterator]()
  broker.records(0, 0, 1)
  await records.next()
  broker.records(1, 0, 1)
  await records.next()
  await broker.cut()
  t.same(consumer.assignment(), [], 'it has nothing yet')
  broker.say({ type: 'assigned', subscription: broker.last('subscribe')?.subscription ?? -1, partitions: [place(1, 1)] })
  t.same(consumer.assignment(), [{ topic: 'a', partition: 1 }])
  broker.records(1, 1, 1)
  await records.next()
  await consumer.commit()
  t.same(broker.last('commit')?.cursors, [place(1, 2)])
})

t.test('a record larger than the window is paid for as soon as what came before it is read', async (t) => {
  const broker = new ScriptedBroker()
  const consumer = broker.client.consumer({ topics: ['a'], from: 'beginning', maxBytes: 100 })
  const subscription = await broker.subscription()
  t.same(broker.last('subscribe')?.credit, { bytes: 100 })
  broker.records(0, 0, 1, 4)
  broker.say({ type: 'starved', subscription, topic: 'a', partition: 0, bytes: 500 })
  t.equal(broker.all('credit').length, 0, 'not while something waits to be read')
  await consumer[Symbol.asyncIterator]().next()
  t.equal(broker.last('credit')?.bytes, 420, 'and then as much as is missing: it will not be said twice')
})
