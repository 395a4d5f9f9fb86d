/** A producer of transactions as the tables of bad input need it: whatever its claim, in whatever version, and told what it is answered. */
import { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from '../../../../client/protocol/messages/add-offsets-to-txn.ts'
import { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from '../../../../client/protocol/messages/add-partitions-to-txn.ts'
import { EndTxnRequest, EndTxnResponse } from '../../../../client/protocol/messages/end-txn.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../../../client/protocol/messages/find-coordinator.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../../../client/protocol/messages/init-producer-id.ts'
import { WriteTxnMarkersRequest, WriteTxnMarkersResponse } from '../../../../client/protocol/messages/write-txn-markers.ts'
import { batch, nameOf, type Topic, type Verdict, type World } from './world.ts'

export interface Claim {
  readonly producerId: number
  readonly producerEpoch: number
}

let ids = 0

/** A transactional id of its own, with the requests that its producer may send. Those that must wait for the coordinator are repeated. */
export class TransactionalProducer {
  readonly id = `tx-${++ids}-${Date.now()}`
  readonly #world: World
  claim: Claim = { producerId: -1, producerEpoch: -1 }

  constructor(world: World) {
    this.#world = world
  }

  /** Its coordinator is known, and its id has a first epoch. */
  static async begun(world: World): Promise<TransactionalProducer> {
    const producer = new TransactionalProducer(world)
    await settled(async () => {
      const answer = await world.ask(FindCoordinatorRequest, FindCoordinatorResponse, 4, { keyType: 1, coordinatorKeys: [producer.id] })
      return nameOf(answer?.coordinators[0]?.errorCode)
    })
    await settled(() => producer.init())
    return producer
  }

  /** Asked once; what it is given is its claim from then on. */
  async init(expected: Partial<Claim> = {}, { version = 4, timeout = 60_000, id = this.id } = {}): Promise<Verdict> {
    const answer = await this.#world.ask(InitProducerIdRequest, InitProducerIdResponse, version, {
      transactionalId: id,
      transactionTimeoutMs: timeout,
      ...(version >= 3 && { producerId: expected.producerId ?? -1, producerEpoch: expected.producerEpoch ?? -1 }),
    })
    if (answer?.errorCode === 0) this.claim = { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
    return nameOf(answer?.errorCode)
  }

  add(topics: readonly Topic[], claim: Partial<Claim> = {}, { version = 3, id = this.id } = {}): Promise<Verdict[]> {
    return settled(async () => {
      const { producerId, producerEpoch } = { ...this.claim, ...claim }
      const answer = await this.#world.ask(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, version, {
        v3AndBelowTransactionalId: id,
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: topics.map(({ name }) => ({ name, partitions: [0] })),
      })
      const results = answer?.resultsByTopicV3AndBelow ?? []
      return topics.map(({ name }) => nameOf(results.find((result) => result.name === name)?.resultsByPartition[0]?.partitionErrorCode))
    })
  }

  /** As brokers ask. */
  addAsBroker(topic: Topic, claim: Partial<Claim> = {}, { verifyOnly = true, version = 5 } = {}): Promise<Verdict> {
    return settled(async () => {
      const topics = [{ name: topic.name, partitions: [0] }]
      const answer = await this.#world.ask(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, version, {
        transactions: [{ transactionalId: this.id, ...this.claim, ...claim, verifyOnly, topics }],
      })
      return nameOf(answer?.resultsByTransaction[0]?.topicResults[0]?.resultsByPartition[0]?.partitionErrorCode)
    })
  }

  addOffsets(claim: Partial<Claim> = {}, { version = 3, id = this.id, groupId = 'group' } = {}): Promise<Verdict> {
    return settled(async () => {
      const body = { transactionalId: id, ...this.claim, ...claim, groupId }
      return nameOf((await this.#world.ask(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, version, body))?.errorCode)
    })
  }

  end(committed: boolean, claim: Partial<Claim> = {}, { version = 4, id = this.id } = {}): Promise<Verdict> {
    return settled(async () => {
      const body = { transactionalId: id, ...this.claim, ...claim, committed }
      const answer = await this.#world.ask(EndTxnRequest, EndTxnResponse, version, body)
      if (answer?.errorCode === 0 && version >= 5) this.claim = { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
      return nameOf(answer?.errorCode)
    })
  }

  produce(topic: Topic, { version = 11, baseSequence = 0, isTransactional = true, ...claim }: ProduceTraits = {}): Promise<Verdict> {
    return settled(() => {
      const records = batch({ ...this.claim, ...claim, baseSequence, isTransactional })
      return this.#world.produce(topic, records, { version, acks: -1, transactionalId: this.id })
    })
  }

  mark(topic: Topic, marker: Partial<Claim> & { committed?: boolean; coordinatorEpoch?: number } = {}): Promise<Verdict> {
    return writeMarker(this.#world, topic, { ...this.claim, ...marker })
  }
}

interface ProduceTraits extends Partial<Claim> {
  readonly version?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
}

const passing = new Set<Verdict>([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
])

/** Asks again while the answer only says so. */
export async function settled<V extends Verdict | Verdict[]>(ask: () => Promise<V>): Promise<V> {
  for (;;) {
    const verdict = await ask()
    if (![verdict].flat().some((each) => passing.has(each))) return verdict
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function writeMarker(
  world: World,
  topic: Topic,
  marker: Claim & { committed?: boolean; coordinatorEpoch?: number },
): Promise<Verdict> {
  const { producerId, producerEpoch, committed = false, coordinatorEpoch = 0 } = marker
  const topics = [{ name: topic.name, partitionIndexes: [0] }]
  const answer = await world.ask(WriteTxnMarkersRequest, WriteTxnMarkersResponse, 1, {
    markers: [{ producerId, producerEpoch, transactionResult: committed, topics, coordinatorEpoch }],
  })
  return nameOf(answer?.markers[0]?.topics[0]?.partitions[0]?.errorCode)
}
