/** Transactions and their producers (KIP-664): listed, described, ended where their coordinator cannot, fenced. */
import { DescribeProducersRequest, DescribeProducersResponse } from '../protocol/messages/describe-producers.ts'
import { DescribeTransactionsRequest, DescribeTransactionsResponse } from '../protocol/messages/describe-transactions.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages/init-producer-id.ts'
import { ListTransactionsRequest, ListTransactionsResponse } from '../protocol/messages/list-transactions.ts'
import { WriteTxnMarkersRequest, WriteTxnMarkersResponse } from '../protocol/messages/write-txn-markers.ts'
import type { CallOptions } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { check, type Outcome, outcome } from './outcome.ts'
import { ofPartition, refusedPartition } from './partitions.ts'
import { byTopic, indexOf } from '../consumer/by-topic.ts'
import type { Reach, TopicPartition } from './reach.ts'

export interface TransactionSummary {
  readonly transactionalId: string
  readonly producerId: number
  /** `Ongoing`, `CompleteCommit`, … */
  readonly state: string
  readonly coordinator: number
}

export interface TransactionFilter {
  readonly states?: readonly string[]
  readonly producerIds?: readonly number[]
  /** Open for longer than this (KIP-994). */
  readonly longerThanMs?: number
  /** A regular expression of RE2 (KIP-1152). */
  readonly transactionalIdPattern?: string
}

export interface TransactionDescription {
  readonly coordinator: number
  readonly state: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly timeoutMs: number
  /** Milliseconds since the Unix epoch; null where none is open. */
  readonly startedAt: number | null
  readonly partitions: readonly TopicPartition[]
}

export interface ActiveProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestamp: number
  readonly coordinatorEpoch: number
  /** Where its open transaction begins; null where none is open. */
  readonly transactionStart: number | null
}

export interface AbortedTransaction extends TopicPartition {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
}

interface TransactionKey {
  readonly transactionalId: string
}

/** The last that is final. */
const lastInitVersion = 5

export class TransactionAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** Of all coordinators, by id. */
  async list(filter: TransactionFilter = {}, call: CallOptions = {}): Promise<TransactionSummary[]> {
    const { states = [], producerIds = [], longerThanMs = -1, transactionalIdPattern = null } = filter
    const listed = await this.#reach.everyBroker(call, async (ask, coordinator) => {
      const body = {
        stateFilters: [...states],
        producerIdFilters: [...producerIds],
        durationFilter: longerThanMs,
        transactionalIdPattern,
      }
      const answer = await ask(ListTransactionsRequest, ListTransactionsResponse, body)
      check(answer, 'cannot list transactions')
      return answer.transactionStates.map(({ transactionalId, producerId, transactionState }) => ({
        transactionalId,
        producerId,
        state: transactionState,
        coordinator,
      }))
    })
    return listed.flat().sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1))
  }

  /** TRANSACTIONAL_ID_NOT_FOUND where nobody has used the id lately. */
  describe(transactionalIds: readonly string[], call: CallOptions = {}): Promise<Outcome<TransactionKey, TransactionDescription>[]> {
    return Promise.all(transactionalIds.map((transactionalId) => this.#describeOne(transactionalId, call)))
  }

  #describeOne(transactionalId: string, call: CallOptions): Promise<Outcome<TransactionKey, TransactionDescription>> {
    return this.#reach.coordinator('transaction', transactionalId, call, async (ask, coordinator) => {
      const answer = await ask(DescribeTransactionsRequest, DescribeTransactionsResponse, { transactionalIds: [transactionalId] })
      const [found] = answer.transactionStates
      const errorCode = found?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
      return outcome({ transactionalId }, { errorCode }, `cannot describe transaction '${transactionalId}'`, {
        coordinator,
        state: found?.transactionState ?? '',
        producerId: found?.producerId ?? -1,
        producerEpoch: found?.producerEpoch ?? -1,
        timeoutMs: found?.transactionTimeoutMs ?? -1,
        startedAt: found && found.transactionStartTimeMs >= 0 ? found.transactionStartTimeMs : null,
        partitions: (found?.topics ?? []).flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
      })
    })
  }

  /** Who has written to these partitions lately. */
  producers(
    partitions: readonly TopicPartition[],
    call: CallOptions = {},
  ): Promise<Outcome<TopicPartition, { readonly producers: readonly ActiveProducer[] }>[]> {
    return this.#reach.leaders(
      partitions,
      call,
      async (ask, led) => {
        const topics = byTopic(led, indexOf).map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
        const answer = await ask(DescribeProducersRequest, DescribeProducersResponse, { topics })
        return answer.topics.flatMap(({ name, partitions: described }) =>
          described.map(({ partitionIndex, errorCode, errorMessage, activeProducers }) => {
            const producers = activeProducers.map(({ currentTxnStartOffset, ...producer }) => ({
              ...producer,
              transactionStart: currentTxnStartOffset < 0 ? null : currentTxnStartOffset,
            }))
            return ofPartition(name, partitionIndex, { errorCode, errorMessage }, 'cannot describe the producers of', { producers })
          }),
        )
      },
      refusedPartition,
    )
  }

  /** Ends a transaction in one partition where its coordinator has forgotten it: what `producers` tells names it. */
  async abort(
    { topic, partition, producerId, producerEpoch, coordinatorEpoch }: AbortedTransaction,
    call: CallOptions = {},
  ): Promise<void> {
    await this.#reach.leaders(
      [{ topic, partition }],
      call,
      async (ask) => {
        const topics = [{ name: topic, partitionIndexes: [partition] }]
        const markers = [{ producerId, producerEpoch, transactionResult: false, topics, coordinatorEpoch }]
        const answer = await ask(WriteTxnMarkersRequest, WriteTxnMarkersResponse, { markers })
        const [written] = answer.markers[0]?.topics[0]?.partitions ?? []
        const errorCode = written?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
        check({ errorCode, topic, partition }, `cannot abort the transaction in ${topic}-${partition}`)
        return []
      },
      (_, error) => {
        throw error
      },
    )
  }

  /** The producers that have these ids now can do nothing more; what they have open is aborted. */
  fence(
    transactionalIds: readonly string[],
    call: CallOptions = {},
  ): Promise<Outcome<TransactionKey, { readonly producerId: number; readonly producerEpoch: number }>[]> {
    const fenced = transactionalIds.map((transactionalId) =>
      this.#reach.coordinator('transaction', transactionalId, call, async (ask) => {
        const body = { transactionalId, transactionTimeoutMs: this.#reach.limitMs(call) }
        const answer = await ask(InitProducerIdRequest, InitProducerIdResponse, body, lastInitVersion)
        const { errorCode, producerId, producerEpoch } = answer
        // The transaction that is being aborted is over soon.
        if (errorCode === ErrorCode.CONCURRENT_TRANSACTIONS) check({ errorCode, retriable: true }, `cannot fence '${transactionalId}'`)
        return outcome({ transactionalId }, { errorCode }, `cannot fence '${transactionalId}'`, { producerId, producerEpoch })
      }),
    )
    return Promise.all(fenced)
  }
}
