/**
 * A simulated producer of transactions, of either version of the protocol (KIP-890): it writes to several partitions, commits or aborts,
 * repeats what it was not answered, gives up in the middle, and may share its transactional id with others, each fencing the one before.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from '../../../client/protocol/messages/add-offsets-to-txn.ts'
import { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from '../../../client/protocol/messages/add-partitions-to-txn.ts'
import { EndTxnRequest, EndTxnResponse } from '../../../client/protocol/messages/end-txn.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../../client/protocol/messages/find-coordinator.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../../client/protocol/messages/init-producer-id.ts'
import { ProduceRequest, ProduceResponse } from '../../../client/protocol/messages/produce.ts'
import { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../../../client/protocol/messages/txn-offset-commit.ts'
import type { Input, Message, Of } from '../../../client/protocol/schema.ts'
import type { Ledger, LedgerEntry } from '../checkers/ledger.ts'
import { Violation } from '../violation.ts'
import { buildBatch } from './batch.ts'
import { Client, isPassing, type Surroundings } from './client.ts'

export interface TransactorTraits {
  transactionalId: string
  topic: string
  partitions: number
  /** 2: every end bumps the epoch, and partitions are added by writing to them. */
  version: 1 | 2
  timeoutMillis: number
  transactions: number
  batchesMax: number
  recordsMax: number
  abortChance: number
  /** That it leaves a transaction alone, and begins anew. */
  vanishChance: number
  /** That a group's offset is part of a transaction. */
  offsetsChance: number
  pauseMillisMax: number
}

/** It must begin anew: the broker says that the transaction is over, one way or another. */
class Over extends Error {}

const coordinatorOfGroups = 0
const coordinatorOfTransactions = 1

export class Transactor extends Client {
  readonly #traits: TransactorTraits
  readonly #ledger: Ledger
  #left: number
  #producerId = -1
  #producerEpoch = -1
  #isInitialized = false
  #sequences = new Map<number, number>()

  constructor(around: Surroundings, traits: TransactorTraits, ledger: Ledger) {
    super(around, { requestTimeoutMillis: 1_500 })
    this.#traits = traits
    this.#ledger = ledger
    this.#left = traits.transactions
  }

  protected async live(): Promise<void> {
    while (this.#left > 0 && !this.stopping) {
      try {
        if (!this.#isInitialized) await this.#initialize(this.random.chance(0.5))
        this.#left--
        await this.#transact()
      } catch (error) {
        if (!(error instanceof Over)) throw error
        this.#isInitialized = false
      }
      await this.sleep(this.random.fraction() * this.#traits.pauseMillisMax)
    }
    await this.#leaveNothingOpen()
  }

  /** Its last transaction is ended by whoever begins anew: a reader of committed records must get to the end. */
  async #leaveNothingOpen(): Promise<void> {
    for (;;) {
      try {
        return await this.#initialize(false)
      } catch (error) {
        if (!(error instanceof Over)) throw error
      }
    }
  }

  /** @param continues with the id and epoch it had (KIP-360). */
  async #initialize(continues: boolean): Promise<void> {
    const { transactionalId, timeoutMillis } = this.#traits
    const isKnown = continues && this.#producerId !== -1
    await this.#find(coordinatorOfTransactions, transactionalId)
    await this.#find(coordinatorOfGroups, this.#group)
    const answer = await this.#until(
      () => ({
        request: InitProducerIdRequest,
        response: InitProducerIdResponse,
        version: this.random.between(4, 5),
        body: {
          transactionalId,
          transactionTimeoutMs: timeoutMillis,
          producerId: isKnown ? this.#producerId : -1,
          producerEpoch: isKnown ? this.#producerEpoch : -1,
        },
      }),
      ({ errorCode }) => errorCode,
      // Who is fenced and goes on all the same is a new producer.
      () => (this.#producerId = -1),
    )
    this.#adopt(answer.producerId, answer.producerEpoch)
    this.#isInitialized = true
  }

  get #group(): string {
    return `group of ${this.#traits.transactionalId}`
  }

  /** Its topic is there then. */
  async #find(keyType: number, key: string): Promise<void> {
    await this.#until(
      () => ({
        request: FindCoordinatorRequest,
        response: FindCoordinatorResponse,
        version: 4,
        body: { keyType, coordinatorKeys: [key] },
      }),
      ({ coordinators }) => coordinators[0]?.errorCode ?? -1,
    )
  }

  #adopt(producerId: number, producerEpoch: number): void {
    if (producerId !== this.#producerId || producerEpoch !== this.#producerEpoch) this.#sequences = new Map()
    this.#producerId = producerId
    this.#producerEpoch = producerEpoch
  }

  async #transact(): Promise<void> {
    const { batchesMax, partitions, abortChance, vanishChance, offsetsChance, version } = this.#traits
    const entry = this.#ledger.open(this.name)
    const chosen = Array.from({ length: partitions }, (_, index) => index).filter(() => this.random.chance(0.7))
    if (chosen.length === 0) chosen.push(this.random.below(partitions))
    if (version === 1) await this.#add(chosen)
    for (const partition of chosen) {
      const batches = this.random.between(1, batchesMax)
      for (let batch = 0; batch < batches; batch++) await this.#write(entry, partition)
    }
    if (this.random.chance(offsetsChance)) await this.#commitOffset(entry)
    if (this.random.chance(vanishChance)) throw new Over()
    const commits = !this.random.chance(abortChance)
    const before = { producerId: this.#producerId, producerEpoch: this.#producerEpoch }
    await this.#end(entry, commits)
    if (!commits && version === 2 && this.random.chance(0.3)) await this.#haunt(entry, this.random.pick(chosen), before)
  }

  async #add(partitions: readonly number[]): Promise<void> {
    const { transactionalId, topic } = this.#traits
    await this.#until(
      () => ({
        request: AddPartitionsToTxnRequest,
        response: AddPartitionsToTxnResponse,
        version: this.random.between(2, 3),
        body: {
          v3AndBelowTransactionalId: transactionalId,
          v3AndBelowProducerId: this.#producerId,
          v3AndBelowProducerEpoch: this.#producerEpoch,
          v3AndBelowTopics: [{ name: topic, partitions: [...partitions] }],
        },
      }),
      ({ resultsByTopicV3AndBelow: [result] }) =>
        firstError(result?.resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode)),
    )
  }

  /** The transaction's number becomes the offset of its group, if it is committed. */
  async #commitOffset(entry: LedgerEntry): Promise<void> {
    const { transactionalId, topic, version } = this.#traits
    const producer = { producerId: this.#producerId, producerEpoch: this.#producerEpoch }
    if (version === 1) {
      await this.#until(
        () => ({
          request: AddOffsetsToTxnRequest,
          response: AddOffsetsToTxnResponse,
          version: this.random.between(2, 4),
          body: { transactionalId, ...producer, groupId: this.#group },
        }),
        ({ errorCode }) => errorCode,
      )
    }
    entry.group = this.#group
    await this.#until(
      () => ({
        request: TxnOffsetCommitRequest,
        response: TxnOffsetCommitResponse,
        version: version === 2 ? 5 : this.random.between(3, 4),
        body: {
          transactionalId,
          groupId: this.#group,
          ...producer,
          topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: entry.id }] }],
        },
      }),
      ({ topics: [found] }) => found?.partitions[0]?.errorCode ?? -1,
    )
  }

  /** One batch, sent until it is known to be written, or the transaction to be over. */
  async #write(entry: LedgerEntry, partition: number): Promise<void> {
    const count = this.random.between(1, this.#traits.recordsMax)
    const baseSequence = this.#sequences.get(partition) ?? 0
    this.#sequences.set(partition, baseSequence + count)
    const values = Array.from({ length: count }, () => entry.record(partition))
    const records = this.#batch(values, baseSequence, this.#producerEpoch)
    const answer = this.#until(
      () => this.#produce(partition, records),
      ({ responses }) => responses[0]?.partitionResponses[0]?.errorCode ?? -1,
    )
    await answer
  }

  #batch(values: Buffer[], baseSequence: number, producerEpoch: number): Buffer {
    return buildBatch({
      values,
      timestamp: this.now(),
      compressed: false,
      producerId: this.#producerId,
      producerEpoch,
      baseSequence,
      transactional: true,
    })
  }

  #produce(partition: number, records: Buffer) {
    const { transactionalId, topic, version } = this.#traits
    return {
      request: ProduceRequest,
      response: ProduceResponse,
      version: version === 2 ? 12 : this.random.between(9, 11),
      body: { transactionalId, acks: -1, timeoutMs: 1_000, topicData: [{ name: topic, partitionData: [{ index: partition, records }] }] },
    }
  }

  async #end(entry: LedgerEntry, committed: boolean): Promise<void> {
    const { transactionalId, version } = this.#traits
    if (committed) entry.fate = 'ending'
    const answer = await this.#until(
      () => ({
        request: EndTxnRequest,
        response: EndTxnResponse,
        version: version === 2 ? 5 : this.random.between(2, 4),
        body: { transactionalId, producerId: this.#producerId, producerEpoch: this.#producerEpoch, committed },
      }),
      ({ errorCode }) => errorCode,
    )
    entry.fate = committed ? 'committed' : 'aborted'
    if (version === 2) this.#adopt(answer.producerId, answer.producerEpoch)
  }

  /** A batch of an aborted transaction that comes late: it must not become part of the next one. Nobody waits for the answer. */
  async #haunt(
    entry: LedgerEntry,
    partition: number,
    { producerId, producerEpoch }: { producerId: number; producerEpoch: number },
  ): Promise<void> {
    if (producerId !== this.#producerId) return
    const connection = await this.connected()
    const { request, response, version, body } = this.#produce(partition, this.#batch([entry.ghost(partition)], 0, producerEpoch))
    if (connection) void this.tryTo(() => connection.request(request, response, version, body))
  }

  /** Asks again and again while the answer is lost, or only says to try again. Throws Over on what is final. */
  async #until<Q extends Message, S extends Message>(
    ask: () => { request: Q; response: S; version: number; body: Input<Q> },
    errorOfAnswer: (answer: Of<S>) => number,
    refused?: () => void,
  ): Promise<Of<S>> {
    for (;;) {
      const connection = await this.connectedAnyway()
      const { request, response, version, body } = ask()
      const answer = await this.tryTo(() => connection.request(request, response, version, body))
      const error = answer ? errorOfAnswer(answer) : undefined
      if (answer && error === ErrorCode.NONE) return answer
      if (error !== undefined && !isPassing(error)) {
        if (!isFinal(error)) throw new Violation(5, `${this.name} sent a good ${request.name} and was answered ${errorOf(error).name}`)
        refused?.()
        throw new Over()
      }
      await this.sleep(this.random.between(5, 100))
    }
  }
}

function firstError(codes: readonly number[] | undefined): number {
  return codes?.find((code) => code !== ErrorCode.NONE) ?? (codes ? ErrorCode.NONE : -1)
}

/** Another producer has the transactional id, or the transaction took too long. */
function isFinal(error: number): boolean {
  return error === ErrorCode.PRODUCER_FENCED || error === ErrorCode.INVALID_PRODUCER_EPOCH || error === ErrorCode.INVALID_TXN_STATE
}
