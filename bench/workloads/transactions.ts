/**
 * Transactional producers, each on a connection of its own: so many records in a transaction, one after another, committed.
 * In the newest way both sides know: with transaction version 2 (KIP-890) partitions are added by producing to them.
 */
import type { BrokerConnection } from '../../client/network/broker-connection.ts'
import { ErrorCode } from '../../client/protocol/errors.ts'
import { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from '../../client/protocol/messages/add-partitions-to-txn.ts'
import { EndTxnRequest, EndTxnResponse } from '../../client/protocol/messages/end-txn.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../client/protocol/messages/init-producer-id.ts'
import { ProduceRequest, ProduceResponse } from '../../client/protocol/messages/produce.ts'
import { buildBatch } from '../../client/records/builder.ts'
import type { Meter } from '../process/meter.ts'
import type { Share } from '../process/messages.ts'
import { nowMicros } from '../process/metronome.ts'
import { awaitCoordinator, check, connect, keyTypeOf, pause } from './coordinators.ts'
import { freshTopic, recordsOf } from './own-client.ts'
import { mineOf, type Workload } from './workload.ts'

export const transactions: Workload = {
  name: 'transactions',
  about: '--connections transactional producers, each with --records-per-transaction in a transaction, one after another.',
  unit: 'transactions',
  timed: 'from the first record sent to the commit answered',
  prepare: async (target, load) => ({ topic: await freshTopic(target, 'transactions', load) }),
  load: transactShare,
}

/** The last versions in which transactions are as they were before KIP-890's second part; of AddPartitionsToTxn the last for clients. */
const first = { produce: 11, endTxn: 4, addPartitions: 3 }
/** Topics by their names. */
const secondProduce = 12
const retriable: readonly number[] = [
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
]

async function untilReady<A extends { errorCode: number }>(ask: () => Promise<A>): Promise<A> {
  for (;;) {
    const answer = await ask()
    if (!retriable.includes(answer.errorCode)) return answer
    await pause(2)
  }
}

async function transactShare(share: Share, meter: Meter): Promise<void> {
  const { bootstrap, load, scene } = share
  const topic = scene['topic'] ?? ''
  const records = recordsOf(load.recordsPerTransaction, load.size).map(({ value }) => ({ timestamp: Date.now(), value: value as Buffer }))
  const producers: Transactor[] = []
  for (const nth of mineOf(load.connections, share)) {
    const producer = new Transactor(await connect(bootstrap), `${topic}-${nth}`, { topic, index: nth % load.partitions })
    await producer.begin()
    producers.push(producer)
  }
  await meter.ready()
  const forever = async (producer: Transactor) => {
    while (!meter.isOver) {
      const began = nowMicros()
      await producer.transact(records)
      meter.count(1, records.length * load.size, nowMicros() - began)
    }
    await producer.close()
  }
  await Promise.all(producers.map(forever))
}

class Transactor {
  readonly #connection: BrokerConnection
  readonly #transactionalId: string
  readonly #place: { readonly topic: string; readonly index: number }
  readonly #isSecond: boolean
  #producerId = -1
  #producerEpoch = -1
  #sequence = 0

  constructor(connection: BrokerConnection, transactionalId: string, place: { topic: string; index: number }) {
    this.#connection = connection
    this.#transactionalId = transactionalId
    this.#place = place
    this.#isSecond = connection.featureLevel('transaction.version') >= 2
  }

  async begin(): Promise<void> {
    const transactionalId = this.#transactionalId
    await awaitCoordinator(this.#connection, keyTypeOf.transaction, [transactionalId])
    const init = { transactionalId, transactionTimeoutMs: 60_000 }
    const answer = await untilReady(() => this.#connection.send(InitProducerIdRequest, InitProducerIdResponse, init))
    check('InitProducerId', answer.errorCode)
    this.#become(answer)
  }

  #become({ producerId, producerEpoch }: { producerId: number; producerEpoch: number }): void {
    if (producerId !== this.#producerId || producerEpoch !== this.#producerEpoch) this.#sequence = 0
    this.#producerId = producerId
    this.#producerEpoch = producerEpoch
  }

  async transact(records: readonly { timestamp: number; value: Buffer }[]): Promise<void> {
    if (!this.#isSecond) await this.#addPartition()
    await this.#produce(records)
    const who = { transactionalId: this.#transactionalId, producerId: this.#producerId, producerEpoch: this.#producerEpoch }
    const versionMax = this.#isSecond ? 5 : first.endTxn
    const ended = await untilReady(() => this.#connection.send(EndTxnRequest, EndTxnResponse, { ...who, committed: true }, versionMax))
    check('EndTxn', ended.errorCode)
    if (this.#isSecond) this.#become(ended)
  }

  async #addPartition(): Promise<void> {
    const { topic, index } = this.#place
    const added = await untilReady(async () => {
      const request = {
        v3AndBelowTransactionalId: this.#transactionalId,
        v3AndBelowProducerId: this.#producerId,
        v3AndBelowProducerEpoch: this.#producerEpoch,
        v3AndBelowTopics: [{ name: topic, partitions: [index] }],
      }
      const answer = await this.#connection.send(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, request, first.addPartitions)
      return { errorCode: answer.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? 0 }
    })
    check('AddPartitionsToTxn', added.errorCode)
  }

  async #produce(records: readonly { timestamp: number; value: Buffer }[]): Promise<void> {
    const { topic, index } = this.#place
    const produced = await untilReady(async () => {
      const [producerId, producerEpoch, baseSequence] = [this.#producerId, this.#producerEpoch, this.#sequence]
      const batch = buildBatch({ records, producerId, producerEpoch, baseSequence, isTransactional: true })
      const topicData = [{ name: topic, partitionData: [{ index, records: batch }] }]
      const body = { transactionalId: this.#transactionalId, acks: -1, timeoutMs: 30_000, topicData }
      const answer = await this.#connection.send(ProduceRequest, ProduceResponse, body, this.#isSecond ? secondProduce : first.produce)
      return { errorCode: answer.responses[0]?.partitionResponses[0]?.errorCode ?? 0 }
    })
    check('Produce', produced.errorCode)
    this.#sequence += records.length
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
