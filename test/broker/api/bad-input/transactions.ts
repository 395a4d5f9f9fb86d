/** Every illegal step of a transaction: out of state, in another's name, with an epoch that is over, late. */
import { DescribeProducersRequest, DescribeProducersResponse } from '../../../../client/protocol/messages/describe-producers.ts'
import { DescribeTransactionsRequest, DescribeTransactionsResponse } from '../../../../client/protocol/messages/describe-transactions.ts'
import { ListTransactionsRequest, ListTransactionsResponse } from '../../../../client/protocol/messages/list-transactions.ts'
import { ProduceRequest, ProduceResponse } from '../../../../client/protocol/messages/produce.ts'
import { type Case, nowhere } from './case.ts'
import { type Claim, settled, TransactionalProducer } from './transactional-producer.ts'
import { batch, nameOf, type Topic, type Verdict, type World } from './world.ts'

async function describe(world: World, transactionalId: string): Promise<Verdict> {
  const ask = async (): Promise<Verdict> => {
    const answer = await world.ask(DescribeTransactionsRequest, DescribeTransactionsResponse, 0, { transactionalIds: [transactionalId] })
    return nameOf(answer?.transactionStates[0]?.errorCode)
  }
  return settled(ask)
}

async function describeProducers(world: World, name: string, partition = 0): Promise<Verdict> {
  const topics = [{ name, partitionIndexes: [partition] }]
  const answer = await world.ask(DescribeProducersRequest, DescribeProducersResponse, 0, { topics })
  return nameOf(answer?.topics[0]?.partitions[0]?.errorCode)
}

const begun = (ask: (producer: TransactionalProducer, topic: Topic, world: World) => Promise<Verdict | Verdict[]>) => {
  return async (world: World, topic: Topic): Promise<Verdict | Verdict[]> => ask(await TransactionalProducer.begun(world), topic, world)
}

/** With a transaction of version 1 under way, in the topic. */
const ongoing = (ask: (producer: TransactionalProducer, topic: Topic, world: World) => Promise<Verdict | Verdict[]>) => {
  return begun(async (producer, topic, world) => {
    const added = await producer.add([topic])
    return added[0] === 'NONE' ? ask(producer, topic, world) : added
  })
}

/** A repetition of the commit is told to try again until then. */
async function markersWritten(producer: TransactionalProducer, committed: Claim, version = 5): Promise<void> {
  await producer.end(true, committed, { version })
}

const initCases: readonly Case[] = [
  { name: 'an empty transactional id', ask: begun((producer) => producer.init({}, { id: '' })), answer: 'INVALID_REQUEST' },
  { name: 'no time for transactions', ask: begun((producer) => producer.init({}, { timeout: 0 })), answer: 'INVALID_TRANSACTION_TIMEOUT' },
  {
    name: 'more time for transactions than is allowed',
    ask: begun((producer) => producer.init({}, { timeout: 900_001 })),
    answer: 'INVALID_TRANSACTION_TIMEOUT',
  },
  { name: 'a producer id without an epoch', ask: begun((producer) => producer.init({ producerId: 1 })), answer: 'INVALID_REQUEST' },
  { name: 'an epoch without a producer id', ask: begun((producer) => producer.init({ producerEpoch: 1 })), answer: 'INVALID_REQUEST' },
  { name: 'going on with what it has', ask: begun((producer) => producer.init(producer.claim)), answer: 'NONE' },
  {
    name: 'going on twice with the same: the second is a repetition',
    ask: begun(async (producer) => {
      const first = producer.claim
      return [await producer.init(first), await producer.init(first)]
    }),
    answer: ['NONE', 'NONE'],
  },
  {
    name: 'going on with an epoch that was never given',
    ask: begun((producer) => producer.init({ ...producer.claim, producerEpoch: 7 })),
    answer: 'PRODUCER_FENCED',
  },
  {
    name: 'going on with an epoch that is over, asked by a client that knows no fencing',
    ask: begun(async (producer) => {
      const old = producer.claim
      return [await producer.init(), await producer.init(old, { version: 3 })]
    }),
    answer: ['NONE', 'INVALID_PRODUCER_EPOCH'],
  },
  {
    name: 'going on in the name of another producer id',
    ask: begun((producer) => producer.init({ producerId: producer.claim.producerId + 1000, producerEpoch: 0 })),
    answer: 'PRODUCER_FENCED',
  },
  {
    name: 'beginning anew while a transaction is under way: it is aborted first, and its producer fenced',
    ask: ongoing(async (producer, topic) => {
      const old = producer.claim
      return [
        await producer.init(),
        await settled(() => producer.init()),
        ...(await producer.add([topic], old)),
        await producer.end(true, old),
      ]
    }),
    answer: ['CONCURRENT_TRANSACTIONS', 'NONE', 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  },
]

const addCases: readonly Case[] = [
  {
    name: 'partitions for a transactional id that nobody uses',
    ask: begun((producer, topic) => producer.add([topic], {}, { id: `${producer.id}-not` })),
    answer: ['INVALID_PRODUCER_ID_MAPPING'],
  },
  {
    name: 'partitions for an empty transactional id',
    ask: begun((producer, topic) => producer.add([topic], {}, { id: '' })),
    answer: ['INVALID_REQUEST'],
  },
  {
    name: 'a partition that is not, beside one that is',
    ask: begun((producer, topic) => producer.add([topic, nowhere])),
    answer: ['OPERATION_NOT_ATTEMPTED', 'UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'partitions in the name of another producer id',
    ask: begun((producer, topic) => producer.add([topic], { producerId: producer.claim.producerId + 1000 })),
    answer: ['INVALID_PRODUCER_ID_MAPPING'],
  },
  {
    name: 'partitions in an epoch that is yet to come',
    ask: begun((producer, topic) => producer.add([topic], { producerEpoch: 5 })),
    answer: ['PRODUCER_FENCED'],
  },
  {
    name: 'partitions in an epoch that is over, asked by a client that knows no fencing',
    ask: begun(async (producer, topic) => {
      const old = producer.claim
      await settled(() => producer.init())
      return producer.add([topic], old, { version: 1 })
    }),
    answer: ['INVALID_PRODUCER_EPOCH'],
  },
  {
    name: 'offsets for a transactional id that nobody uses',
    ask: begun((producer) => producer.addOffsets({}, { id: `${producer.id}-not` })),
    answer: 'INVALID_PRODUCER_ID_MAPPING',
  },
  {
    name: 'offsets for an empty transactional id',
    ask: begun((producer) => producer.addOffsets({}, { id: '' })),
    answer: 'INVALID_REQUEST',
  },
  {
    name: 'offsets in an epoch that never was',
    ask: begun(async (producer) => [
      await producer.addOffsets({ producerEpoch: 9 }),
      await producer.addOffsets({ producerEpoch: 9 }, { version: 1 }),
    ]),
    answer: ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH'],
  },
  {
    name: 'a broker asks after a partition that is not part of the transaction',
    ask: begun((producer, topic) => producer.addAsBroker(topic)),
    answer: 'TRANSACTION_ABORTABLE',
  },
  {
    name: 'a broker asks after a partition of the transaction, in the right epoch and in a wrong one',
    ask: ongoing(async (producer, topic) => [await producer.addAsBroker(topic), await producer.addAsBroker(topic, { producerEpoch: 3 })]),
    answer: ['NONE', 'PRODUCER_FENCED'],
  },
  {
    name: 'a broker adds a partition',
    ask: begun(async (producer, topic) => [
      await producer.addAsBroker(topic, {}, { verifyOnly: false }),
      await producer.addAsBroker(topic, { producerId: producer.claim.producerId + 1000 }, { verifyOnly: false, version: 4 }),
    ]),
    answer: ['NONE', 'INVALID_PRODUCER_ID_MAPPING'],
  },
]

const endCases: readonly Case[] = [
  {
    name: 'ending the transaction of a transactional id that nobody uses',
    ask: begun(async (producer) => [
      await producer.end(true, {}, { id: `${producer.id}-not` }),
      await producer.end(true, {}, { id: `${producer.id}-not`, version: 5 }),
    ]),
    answer: ['INVALID_PRODUCER_ID_MAPPING', 'INVALID_PRODUCER_ID_MAPPING'],
  },
  {
    name: 'ending that of an empty transactional id',
    ask: begun((producer) => producer.end(true, {}, { id: '' })),
    answer: 'INVALID_REQUEST',
  },
  {
    name: 'ending what was not begun',
    ask: begun(async (producer) => [await producer.end(true), await producer.end(false), await producer.end(true, {}, { version: 5 })]),
    answer: ['INVALID_TXN_STATE', 'INVALID_TXN_STATE', 'INVALID_TXN_STATE'],
  },
  {
    name: 'aborting what was not begun is all right in version 2, every time anew',
    ask: begun(async (producer) => [await producer.end(false, {}, { version: 5 }), await producer.end(false, {}, { version: 5 })]),
    answer: ['NONE', 'NONE'],
  },
  {
    name: 'ending in the name of another producer id',
    ask: ongoing(async (producer) => {
      const producerId = producer.claim.producerId + 1000
      return [await producer.end(true, { producerId }), await producer.end(true, { producerId }, { version: 5 })]
    }),
    answer: ['INVALID_PRODUCER_ID_MAPPING', 'INVALID_PRODUCER_ID_MAPPING'],
  },
  {
    name: 'ending in an epoch that never was',
    ask: ongoing(async (producer) => [
      await producer.end(true, { producerEpoch: 4 }),
      await producer.end(true, { producerEpoch: 4 }, { version: 1 }),
      await producer.end(true, { producerEpoch: 4 }, { version: 5 }),
    ]),
    answer: ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'],
  },
  {
    name: 'committing twice, then aborting, in version 1',
    ask: ongoing(async (producer) => [await producer.end(true), await producer.end(true), await producer.end(false)]),
    answer: ['NONE', 'NONE', 'INVALID_TXN_STATE'],
  },
  {
    name: 'aborting twice, then committing, in version 1',
    ask: ongoing(async (producer) => [await producer.end(false), await producer.end(false), await producer.end(true)]),
    answer: ['NONE', 'NONE', 'INVALID_TXN_STATE'],
  },
  {
    name: 'repeating a commit of version 2, then taking it back, then committing nothing, then in an epoch long over',
    ask: begun(async (producer, topic) => {
      await producer.addAsBroker(topic, {}, { verifyOnly: false })
      const { claim } = producer
      const version = { version: 5 }
      const verdicts = [await producer.end(true, {}, version)]
      const next = producer.claim
      verdicts.push(await producer.end(true, claim, version), await producer.end(false, claim, version))
      verdicts.push(await producer.end(true, next, version), await producer.end(false, next, version))
      return [...verdicts, await producer.end(false, claim, version)]
    }),
    answer: ['NONE', 'NONE', 'INVALID_TXN_STATE', 'INVALID_TXN_STATE', 'NONE', 'PRODUCER_FENCED'],
  },
]

const produceCases: readonly Case[] = [
  {
    name: 'records outside of any transaction, of a producer that may have one',
    ask: begun(async (producer, topic) => [await producer.produce(topic, { version: 11 }), await producer.produce(topic, { version: 10 })]),
    answer: ['TRANSACTION_ABORTABLE', 'INVALID_TXN_STATE'],
  },
  {
    name: 'records of a transactional id that belongs to another producer id',
    ask: ongoing((producer, topic) => producer.produce(topic, { producerId: producer.claim.producerId + 1000 })),
    answer: 'INVALID_PRODUCER_ID_MAPPING',
  },
  {
    name: 'records in an epoch that never was',
    ask: ongoing((producer, topic) => producer.produce(topic, { producerEpoch: 6 })),
    answer: 'INVALID_PRODUCER_EPOCH',
  },
  {
    name: 'records that add their partition, in an epoch that is over',
    ask: begun(async (producer, topic) => {
      const { claim } = producer
      const first = await producer.produce(topic, { version: 12 })
      await producer.end(true, {}, { version: 5 })
      await markersWritten(producer, claim)
      return [first, await producer.produce(topic, { version: 12, ...claim, baseSequence: 1 })]
    }),
    answer: ['NONE', 'INVALID_PRODUCER_EPOCH'],
  },
  {
    name: 'records of a transaction that is over, in version 1',
    ask: ongoing(async (producer, topic) => {
      const first = await producer.produce(topic)
      const { claim } = producer
      await producer.end(true)
      await markersWritten(producer, claim, 4)
      return [first, await producer.produce(topic, { baseSequence: 1 })]
    }),
    answer: ['NONE', 'TRANSACTION_ABORTABLE'],
  },
  {
    name: 'records outside of the transaction that is open',
    ask: ongoing(async (producer, topic) => [
      await producer.produce(topic),
      await producer.produce(topic, { baseSequence: 1, isTransactional: false }),
    ]),
    answer: ['NONE', 'INVALID_TXN_STATE'],
  },
  {
    name: 'records out of order in a transaction',
    ask: ongoing(async (producer, topic) => [await producer.produce(topic), await producer.produce(topic, { baseSequence: 5 })]),
    answer: ['NONE', 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  },
  {
    name: 'records before the first ones, which were refused',
    ask: begun(async (producer, topic) => {
      const first = await producer.produce(topic)
      await producer.add([topic])
      return [first, await producer.produce(topic, { baseSequence: 3 }), await producer.produce(topic)]
    }),
    answer: ['TRANSACTION_ABORTABLE', 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'NONE'],
  },
  {
    name: 'records that add their partition, and are not the first of their epoch',
    ask: begun((producer, topic) => producer.produce(topic, { version: 12, baseSequence: 3 })),
    answer: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  },
  {
    name: 'records of two producers in one request',
    ask: ongoing(async (producer, topic, world) => {
      const { claim } = producer
      const topics = [topic, await world.topic()]
      await producer.add(topics)
      const answer = await world.ask(ProduceRequest, ProduceResponse, 11, {
        acks: -1,
        timeoutMs: 5000,
        transactionalId: producer.id,
        topicData: topics.map(({ name }, index) => ({
          name,
          partitionData: [
            { index: 0, records: batch({ ...claim, producerId: claim.producerId + index, baseSequence: 0, isTransactional: true }) },
          ],
        })),
      })
      return (answer?.responses ?? []).map(({ partitionResponses }) => nameOf(partitionResponses[0]?.errorCode))
    }),
    answer: ['INVALID_PRODUCER_ID_MAPPING', 'INVALID_PRODUCER_ID_MAPPING'],
  },
  {
    name: "records for the brokers' own topic",
    ask: begun((_producer, _topic, world) => world.produce({ name: '__transaction_state', id: '' }, batch(), { acks: -1 })),
    answer: 'INVALID_TOPIC_EXCEPTION',
  },
]

const otherCases: readonly Case[] = [
  {
    name: 'a marker for a topic that is not',
    ask: begun((producer) => producer.mark(nowhere)),
    answer: 'UNKNOWN_TOPIC_OR_PARTITION',
  },
  {
    name: 'a marker of an epoch that is over',
    ask: begun(async (producer, topic) => [
      await producer.mark(topic, { producerEpoch: 5 }),
      await producer.mark(topic, { producerEpoch: 4 }),
      await producer.mark(topic, { producerEpoch: 5 }),
    ]),
    answer: ['NONE', 'INVALID_PRODUCER_EPOCH', 'NONE'],
  },
  {
    name: 'a marker of a coordinator that is no longer in office',
    ask: begun(async (producer, topic) => [
      await producer.mark(topic, { coordinatorEpoch: 5 }),
      await producer.mark(topic, { coordinatorEpoch: 4 }),
    ]),
    answer: ['NONE', 'TRANSACTION_COORDINATOR_FENCED'],
  },
  {
    name: 'describing a transactional id that nobody uses, and an empty one',
    ask: begun(async (producer, _topic, world) => [await describe(world, `${producer.id}-not`), await describe(world, '')]),
    answer: ['TRANSACTIONAL_ID_NOT_FOUND', 'INVALID_REQUEST'],
  },
  {
    name: 'describing the producers of a topic that is not, of one that cannot be, and of a partition that is not',
    ask: async (world, topic) => [
      await describeProducers(world, nowhere.name),
      await describeProducers(world, 'not/a topic'),
      await describeProducers(world, topic.name, 9),
    ],
    answer: ['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION', 'UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'listing transactions by a pattern that is none',
    ask: begun(async (_producer, _topic, world) => {
      const answer = await world.ask(ListTransactionsRequest, ListTransactionsResponse, 2, { transactionalIdPattern: '(ab(cd' })
      return nameOf(answer?.errorCode)
    }),
    answer: 'INVALID_REGULAR_EXPRESSION',
  },
  {
    name: 'listing transactions by a pattern: it means the whole name',
    ask: begun(async ({ id }, _topic, world) => {
      const listed = async (transactionalIdPattern: string): Promise<Verdict> => {
        const answer = await world.ask(ListTransactionsRequest, ListTransactionsResponse, 2, { transactionalIdPattern })
        return `${answer?.transactionStates.length ?? 0}`
      }
      return [await listed(id), await listed(id.slice(1)), await listed(`.*${id.slice(1)}`)]
    }),
    answer: ['1', '0', '1'],
  },
  {
    name: 'listing transactions in a state that there is not',
    ask: begun(async (_producer, _topic, world) => {
      const answer = await world.ask(ListTransactionsRequest, ListTransactionsResponse, 1, { stateFilters: ['Sleeping', 'Empty'] })
      return [nameOf(answer?.errorCode), ...(answer?.unknownStateFilters ?? [])]
    }),
    answer: ['NONE', 'Sleeping'],
  },
]

export const transactionCases: readonly Case[] = [...initCases, ...addCases, ...endCases, ...produceCases, ...otherCases]
