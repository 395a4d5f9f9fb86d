/**
 * A simulated producer of transactions, of either version of the protocol (KIP-890): it writes to several partitions, commits or aborts,
 * repeats what it was not answered, gives up in the middle, and may share its transactional id with others, each fencing the one before.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from '../../../client/protocol/messages/add-partitions-to-txn.ts'
import { EndTxnRequest, EndTxnResponse } from '../../../client/protocol/messages/end-txn.ts'
import { ProduceRequest, ProduceResponse } from '../../../client/protocol/messages/produce.ts'
import { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../../../client/protocol/messages/txn-offset-commit.ts'
import type { Ledger, LedgerEntry } from '../checkers/ledger.ts'
import { buildBatch } from './batch.ts'
import { Client, Over, type Surroundings } from './client.ts'
import { coordinatorOfGroups, TransactionalProducer, type TransactionalTraits } from './transactional-producer.ts'

export interface TransactorTraits extends TransactionalTraits {
  topic: string
  partitions: number
  transactions: number
  batchesMax: number
  recordsMax: number
  abortChance: number
  /** That it leaves a transaction alone, and begins anew. */
  vanishChance: number
  /** That it vanishes where a commit is not answered, and never learns what became of it. */
  dropsChance: number
  /** That a group's offset is part of a transaction. */
  offsetsChance: number
  pauseMillisMax: number
}

export class Transactor extends Client {
  readonly #traits: TransactorTraits
  readonly #ledger: Ledger
  #left: number
  readonly #producer: TransactionalProducer
  #isInitialized = false
  #sequences = new Map<number, number>()

  constructor(around: Surroundings, traits: TransactorTraits, ledger: Ledger) {
    super(around, { requestTimeoutMillis: 1_500 })
    this.#traits = traits
    this.#ledger = ledger
    this.#left = traits.transactions
    this.#producer = new TransactionalProducer(traits, this.random, this.insist, () => (this.#sequences = new Map()))
  }

  protected async live(): Promise<void> {
    while (this.#left > 0 && !this.stopping) {
      try {
        if (!this.#isInitialized) await this.#initialize()
        this.#left--
        await this.#transact()
      } catch (error) {
        if (!(error instanceof Over)) throw error
        this.#isInitialized = false
      }
      await this.sleep(this.random.fraction() * this.#traits.pauseMillisMax)
    }
    await this.#producer.leaveNothingOpen()
  }

  async #initialize(): Promise<void> {
    await this.#producer.find(coordinatorOfGroups, this.#group)
    await this.#producer.initialize(this.random.chance(0.5))
    this.#isInitialized = true
  }

  get #group(): string {
    return `group of ${this.#traits.transactionalId}`
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
    const before = this.#producer.identity
    await this.#end(entry, commits)
    if (!commits && version === 2 && this.random.chance(0.3)) await this.#haunt(entry, this.random.pick(chosen), before)
  }

  async #add(partitions: readonly number[]): Promise<void> {
    const { transactionalId, topic } = this.#traits
    await this.insist(
      () => ({
        request: AddPartitionsToTxnRequest,
        response: AddPartitionsToTxnResponse,
        version: this.random.between(2, 3),
        body: {
          v3AndBelowTransactionalId: transactionalId,
          v3AndBelowProducerId: this.#producer.identity.producerId,
          v3AndBelowProducerEpoch: this.#producer.identity.producerEpoch,
          v3AndBelowTopics: [{ name: topic, partitions: [...partitions] }],
        },
      }),
      ({ resultsByTopicV3AndBelow: [result] }) =>
        firstError(result?.resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode)),
    )
  }

  /** The transaction's number becomes the offset of its group, if it is committed. */
  async #commitOffset(entry: LedgerEntry): Promise<void> {
    const { transactionalId, topic } = this.#traits
    await this.#producer.addOffsets(this.#group)
    entry.group = this.#group
    await this.insist(
      () => ({
        request: TxnOffsetCommitRequest,
        response: TxnOffsetCommitResponse,
        version: this.#producer.commitVersions[0],
        body: {
          transactionalId,
          groupId: this.#group,
          ...this.#producer.identity,
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
    const records = this.#batch(values, baseSequence, this.#producer.identity.producerEpoch)
    const answer = this.insist(
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
      producerId: this.#producer.identity.producerId,
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
    if (committed) entry.fate = 'ending'
    if (committed && this.random.chance(this.#traits.dropsChance)) await this.#commitOnce()
    await this.#producer.end(committed)
    entry.fate = committed ? 'committed' : 'aborted'
  }

  /** What is answered is asked again, as a repetition; what is not is left so. */
  async #commitOnce(): Promise<void> {
    const { transactionalId, version } = this.#traits
    const connection = await this.connected()
    const body = { transactionalId, ...this.#producer.identity, committed: true }
    const answer = connection && (await this.tryTo(() => connection.request(EndTxnRequest, EndTxnResponse, version === 2 ? 5 : 4, body)))
    if (!answer) throw new Over()
  }

  /** A batch of an aborted transaction that comes late: it must not become part of the next one. Nobody waits for the answer. */
  async #haunt(
    entry: LedgerEntry,
    partition: number,
    { producerId, producerEpoch }: { producerId: number; producerEpoch: number },
  ): Promise<void> {
    if (producerId !== this.#producer.identity.producerId) return
    const connection = await this.connected()
    const { request, response, version, body } = this.#produce(partition, this.#batch([entry.ghost(partition)], 0, producerEpoch))
    if (connection) void this.tryTo(() => connection.request(request, response, version, body))
  }
}

function firstError(codes: readonly number[] | undefined): number {
  return codes?.find((code) => code !== ErrorCode.NONE) ?? (codes ? ErrorCode.NONE : -1)
}
