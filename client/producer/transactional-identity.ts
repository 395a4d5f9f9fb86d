/**
 * A transactional id to its coordinator (KIP-98, KIP-360, KIP-890): who the producer is, which partitions its transaction has, how it ends.
 * Owns: id and epoch at hand, and the partitions added. Never: sends records, or knows what a transaction holds.
 * With transaction version 2 brokers add partitions by themselves, and each end brings a new epoch; before, partitions are added by asking.
 */
import type { Coordinators } from '../cluster/coordinators.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from '../protocol/messages/add-offsets-to-txn.ts'
import { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from '../protocol/messages/add-partitions-to-txn.ts'
import { EndTxnRequest, EndTxnResponse } from '../protocol/messages/end-txn.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages/init-producer-id.ts'
import { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../protocol/messages/txn-offset-commit.ts'
import type { Identity, IdentitySource } from './identity.ts'

/** Where a group has got to, as a transaction is to say. */
export interface TransactionOffset {
  readonly topic: string
  readonly partition: number
  /** Of the next record to read. */
  readonly offset: number
  readonly metadata?: string
}

/** Who commits: a group by its name alone, or a member of it, which is refused once it is no member any more (KIP-447). */
export interface GroupMetadata {
  readonly groupId: string
  readonly memberId?: string
  readonly generationId?: number
  readonly groupInstanceId?: string | null
}

/** The last versions in which transactions are as they were before KIP-890's second part; of AddPartitionsToTxn the last for clients. */
const firstProtocol = { produce: 11, endTxn: 4, addPartitions: 3, commitOffsets: 4 }
const any = Number.POSITIVE_INFINITY

/** The producer can do nothing more under its id: another one has taken it, or it may not have it. */
export const fatalCodes: readonly string[] = [
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION',
]

export class TransactionalIdentity implements IdentitySource {
  readonly transactionalId: string
  readonly #coordinators: Coordinators
  readonly #timeoutMs: number
  #identity: Identity | undefined
  #isSecond = false
  readonly #added = new Set<string>()

  constructor(coordinators: Coordinators, transactionalId: string, timeoutMs: number) {
    this.#coordinators = coordinators
    this.transactionalId = transactionalId
    this.#timeoutMs = timeoutMs
  }

  /** Of Produce: a higher one would add partitions that the coordinator does not expect. */
  get produceVersionMax(): number {
    return this.#isSecond ? any : firstProtocol.produce
  }

  /** What the coordinator must be asked to add before a partition is written to. */
  missing(partitions: readonly { readonly topic: string; readonly index: number }[]): { topic: string; index: number }[] {
    return this.#isSecond ? [] : partitions.filter(({ topic, index }) => !this.#added.has(`${topic}/${index}`))
  }

  async current(worn?: Identity): Promise<Identity> {
    if (worn) throw new ClientError('TRANSACTION_ABORTABLE', 'records of this transaction are lost: it can only be aborted')
    if (!this.#identity) throw new ClientError('INVALID_TXN_STATE', 'no transaction is under way: begin one')
    return this.#identity
  }

  /** Takes the id over from whoever has it, and aborts what that one left open. Again after an abort, for a new epoch. */
  async initialize(): Promise<void> {
    const expected = this.#identity ?? { producerId: -1, producerEpoch: -1 }
    const body = { transactionalId: this.transactionalId, transactionTimeoutMs: this.#timeoutMs, ...expected }
    await this.#ask(async (connection) => {
      const { errorCode, producerId, producerEpoch } = await connection.send(InitProducerIdRequest, InitProducerIdResponse, body, 5)
      this.#throwIf(errorCode, 'cannot begin', connection)
      this.#isSecond = connection.featureLevel('transaction.version') >= 2
      this.#identity = { producerId, producerEpoch }
    })
    this.#added.clear()
  }

  async addPartitions(partitions: readonly { readonly topic: string; readonly index: number }[]): Promise<void> {
    const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
    const topics = [...byTopic].map(([name, own]) => ({ name, partitions: own.map(({ index }) => index) }))
    const { producerId, producerEpoch } = await this.current()
    const body = {
      v3AndBelowTransactionalId: this.transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: topics,
    }
    await this.#ask(async (connection) => {
      const answer = await connection.send(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, body, firstProtocol.addPartitions)
      for (const { resultsByPartition } of answer.resultsByTopicV3AndBelow) {
        for (const { partitionErrorCode } of resultsByPartition) this.#throwIf(partitionErrorCode, 'cannot add partitions', connection)
      }
    })
    for (const { topic, index } of partitions) this.#added.add(`${topic}/${index}`)
  }

  /** The group's offsets count if the transaction is committed. */
  async commitOffsets(group: GroupMetadata, offsets: readonly TransactionOffset[]): Promise<void> {
    const identity = await this.current()
    const { transactionalId } = this
    const { groupId, memberId = '', generationId = -1, groupInstanceId = null } = group
    if (!this.#isSecond) {
      await this.#ask(async (connection) => {
        const body = { transactionalId, ...identity, groupId }
        const { errorCode } = await connection.send(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, body)
        this.#throwIf(errorCode, `cannot add offsets of group '${groupId}'`, connection)
      })
    }
    const byTopic = Map.groupBy(offsets, ({ topic }) => topic)
    const topics = [...byTopic].map(([name, own]) => ({
      name,
      partitions: own.map(({ partition, offset, metadata = '' }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedMetadata: metadata,
      })),
    }))
    const body = { transactionalId, groupId, ...identity, generationIdOrMemberEpoch: generationId, memberId, groupInstanceId, topics }
    await this.#coordinators.ask('group', groupId, async (connection) => {
      // By names: the last version before topic ids.
      const versionMax = this.#isSecond ? 5 : firstProtocol.commitOffsets
      const answer = await connection.send(TxnOffsetCommitRequest, TxnOffsetCommitResponse, body, versionMax)
      for (const { partitions } of answer.topics) {
        for (const { errorCode } of partitions) this.#throwIf(errorCode, `cannot commit offsets of group '${groupId}'`, connection)
      }
    })
  }

  /** Whether the identity is another one from now on. */
  async end(committed: boolean): Promise<boolean> {
    const before = await this.current()
    const body = { transactionalId: this.transactionalId, ...before, committed }
    await this.#ask(async (connection) => {
      const answer = await connection.send(EndTxnRequest, EndTxnResponse, body, this.#isSecond ? any : firstProtocol.endTxn)
      this.#throwIf(answer.errorCode, committed ? 'cannot commit' : 'cannot abort', connection)
      const { producerId, producerEpoch } = answer
      if (this.#isSecond && producerId >= 0) this.#identity = { producerId, producerEpoch }
    })
    this.#added.clear()
    return this.#identity !== before
  }

  #ask(act: (connection: BrokerConnection) => Promise<void>): Promise<void> {
    return this.#coordinators.ask('transaction', this.transactionalId, act)
  }

  #throwIf(errorCode: number, what: string, { broker }: BrokerConnection): void {
    if (errorCode === ErrorCode.NONE) return
    const error = answeredError(errorCode, `${what}, as transactional id '${this.transactionalId}'`, { broker })
    // The one before is being completed: it takes a moment.
    const isMomentary = errorCode === ErrorCode.CONCURRENT_TRANSACTIONS
    throw isMomentary ? new ClientError(error.code, error.message, { retriable: true, broker }) : error
  }
}
