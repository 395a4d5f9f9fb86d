/** Transactions over the wire, against a real broker: what their readers see, and what waits for what. */
import t, { type Test } from 'tap'
import { type RunningBroker, startBroker } from '../../../broker/index.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../../client/protocol/messages/delete-topics.ts'
import { DescribeTransactionsRequest, DescribeTransactionsResponse } from '../../../client/protocol/messages/describe-transactions.ts'
import { ProduceRequest, ProduceResponse } from '../../../client/protocol/messages/produce.ts'
import { settled, TransactionalProducer } from './bad-input/transactional-producer.ts'
import { batch, type Topic, World } from './bad-input/world.ts'

async function start(t: Test, settings: Record<string, number | boolean> = {}): Promise<World> {
  const broker: RunningBroker = await startBroker({ settings: { 'transaction.state.log.num.partitions': 2, ...settings } })
  const world = await World.open(broker.port)
  t.teardown(async () => {
    world.close()
    await broker.close()
  })
  return world
}

/** What a reader of committed records is told of the topic from `fetchOffset` on, once there is something. */
async function committed(world: World, topic: Topic, { fetchOffset = 0, version = 12 } = {}) {
  const answer = await world.fetched(topic, { fetchOffset }, { version, isolationLevel: 1, minBytes: 1, maxWaitMs: 10_000 })
  return answer?.responses[0]?.partitions[0]
}

t.test('readers of committed records are told of aborted transactions in every version of Fetch', async (t) => {
  const world = await start(t)
  const topic = await world.topic()
  const producer = await TransactionalProducer.begun(world)
  const { producerId } = producer.claim
  await producer.add([topic])
  t.equal(await producer.produce(topic), 'NONE')
  t.equal(await producer.end(false), 'NONE')
  await producer.end(false)
  for (let version = 4; version <= 18; version++) {
    const data = await committed(world, topic, { version })
    t.match(data, { lastStableOffset: 2, highWatermark: 2, abortedTransactions: [{ producerId, firstOffset: 0 }] }, `version ${version}`)
  }
  t.match(await world.fetched(topic, {}, { version: 12 }), { responses: [{ partitions: [{ abortedTransactions: null }] }] })
})

t.test('a reader that waits for committed records is woken by the marker', async (t) => {
  const world = await start(t)
  const topic = await world.topic()
  const producer = await TransactionalProducer.begun(world)
  t.equal(await producer.produce(topic, { version: 12 }), 'NONE')
  const reader = await World.open(world.port)
  t.teardown(() => reader.close())
  t.match(await reader.fetched(topic, {}, { isolationLevel: 1 }), {
    responses: [{ partitions: [{ lastStableOffset: 0, highWatermark: 1 }] }],
  })
  const waiting = committed(reader, topic)
  t.equal(await producer.end(true, {}, { version: 5 }), 'NONE')
  t.match(await waiting, { lastStableOffset: 2, abortedTransactions: [] })
})

t.test('a transaction that takes too long is aborted, and readers go on', async (t) => {
  const world = await start(t, { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': 20 })
  const topic = await world.topic()
  const producer = await TransactionalProducer.begun(world)
  t.equal(await producer.init({}, { timeout: 30 }), 'NONE')
  t.equal(await producer.produce(topic, { version: 12 }), 'NONE')
  t.match(await committed(world, topic), { lastStableOffset: 2, abortedTransactions: [{ firstOffset: 0 }] })
  t.equal(await producer.produce(topic, { version: 12, baseSequence: 1 }), 'INVALID_PRODUCER_EPOCH')
})

t.test('a topic that is deleted holds no transaction up', async (t) => {
  const world = await start(t)
  const [kept, deleted] = [await world.topic(), await world.topic()]
  const producer = await TransactionalProducer.begun(world)
  await producer.add([kept, deleted])
  await world.ask(DeleteTopicsRequest, DeleteTopicsResponse, 5, { topicNames: [deleted.name], timeoutMs: 5_000 })
  t.equal(await producer.end(true), 'NONE')
  t.equal(await producer.end(true), 'NONE', 'which is said when all markers are written')
  const described = await world.ask(DescribeTransactionsRequest, DescribeTransactionsResponse, 0, { transactionalIds: [producer.id] })
  t.match(described, { transactionStates: [{ transactionState: 'CompleteCommit', topics: [] }] })
})

t.test('batches that are sent together are taken in their order, though the first waits for its coordinator', async (t) => {
  const world = await start(t)
  const topic = await world.topic()
  const producer = await TransactionalProducer.begun(world)
  for (let round = 0; round < 3; round++) {
    const client = await world.connect()
    const sent = Array.from({ length: 5 }, (_, baseSequence) => {
      const records = batch({ ...producer.claim, baseSequence, isTransactional: true })
      const topicData = [{ name: topic.name, partitionData: [{ index: 0, records }] }]
      return client.ask(ProduceRequest, ProduceResponse, 12, { acks: -1, timeoutMs: 5_000, transactionalId: producer.id, topicData })
    })
    const offsets = (await Promise.all(sent)).map((answer) => answer?.responses[0]?.partitionResponses[0]?.baseOffset)
    t.same(
      offsets,
      [0, 1, 2, 3, 4].map((offset) => round * 6 + offset),
    )
    t.equal(await settled(() => producer.end(true, {}, { version: 5 })), 'NONE')
  }
})
