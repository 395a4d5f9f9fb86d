/**
 * A simulated client's transactional id, of either version of the protocol (KIP-890): how it gets its producer id and epoch, what it keeps of
 * them, and how it ends a transaction. Each step is tried until it is known to be done. Never: decides what is part of a transaction.
 */
import { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from '../../../client/protocol/messages/add-offsets-to-txn.ts'
import { EndTxnRequest, EndTxnResponse } from '../../../client/protocol/messages/end-txn.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../../client/protocol/messages/find-coordinator.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../../client/protocol/messages/init-producer-id.ts'
import type { SeededRandom } from '../platform/random.ts'
import { type Insist, Over } from './client.ts'

export interface TransactionalTraits {
  readonly transactionalId: string
  /** 2: every end bumps the epoch, and partitions are added by writing to them. */
  readonly version: 1 | 2
  readonly timeoutMillis: number
}

export const coordinatorOfGroups = 0
export const coordinatorOfTransactions = 1

export class TransactionalProducer {
  readonly #traits: TransactionalTraits
  readonly #random: SeededRandom
  readonly #insist: Insist
  #producerId = -1
  #producerEpoch = -1
  /** Told whenever another id or epoch counts: sequences begin anew. */
  readonly #onAdopted: () => void

  constructor(traits: TransactionalTraits, random: SeededRandom, insist: Insist, onAdopted: () => void = () => {}) {
    this.#traits = traits
    this.#random = random
    this.#insist = insist
    this.#onAdopted = onAdopted
  }

  get transactionalId(): string {
    return this.#traits.transactionalId
  }

  /** Of TxnOffsetCommit: the oldest and the newest. */
  get commitVersions(): [number, number] {
    return this.#traits.version === 2 ? [5, 6] : [3, 4]
  }

  get identity(): { producerId: number; producerEpoch: number } {
    return { producerId: this.#producerId, producerEpoch: this.#producerEpoch }
  }

  /** The coordinator's topic is there then. */
  async find(keyType: number, key: string): Promise<void> {
    await this.#insist(
      () => ({
        request: FindCoordinatorRequest,
        response: FindCoordinatorResponse,
        version: 4,
        body: { keyType, coordinatorKeys: [key] },
      }),
      ({ coordinators }) => coordinators[0]?.errorCode ?? -1,
    )
  }

  /** @param continues with the id and epoch it had (KIP-360). */
  async initialize(continues: boolean): Promise<void> {
    const { transactionalId, timeoutMillis } = this.#traits
    const isKnown = continues && this.#producerId !== -1
    await this.find(coordinatorOfTransactions, transactionalId)
    try {
      const answer = await this.#insist(
        () => ({
          request: InitProducerIdRequest,
          response: InitProducerIdResponse,
          version: this.#random.between(4, 5),
          body: {
            transactionalId,
            transactionTimeoutMs: timeoutMillis,
            producerId: isKnown ? this.#producerId : -1,
            producerEpoch: isKnown ? this.#producerEpoch : -1,
          },
        }),
        ({ errorCode }) => errorCode,
      )
      this.#adopt(answer.producerId, answer.producerEpoch)
    } catch (error) {
      // Who is fenced and goes on all the same is a new producer.
      if (error instanceof Over) this.#producerId = -1
      throw error
    }
  }

  /** Its last transaction is ended by beginning anew: who reads what is committed must get to the end. */
  async leaveNothingOpen(): Promise<void> {
    for (;;) {
      try {
        return await this.initialize(false)
      } catch (error) {
        if (!(error instanceof Over)) throw error
      }
    }
  }

  #adopt(producerId: number, producerEpoch: number): void {
    if (producerId !== this.#producerId || producerEpoch !== this.#producerEpoch) this.#onAdopted()
    this.#producerId = producerId
    this.#producerEpoch = producerEpoch
  }

  /** A group's offsets are to be part of the transaction. In version 2 they become so by being committed. */
  async addOffsets(groupId: string): Promise<void> {
    const { transactionalId, version } = this.#traits
    if (version === 2) return
    await this.#insist(
      () => ({
        request: AddOffsetsToTxnRequest,
        response: AddOffsetsToTxnResponse,
        version: this.#random.between(2, 4),
        body: { transactionalId, ...this.identity, groupId },
      }),
      ({ errorCode }) => errorCode,
    )
  }

  async end(committed: boolean): Promise<void> {
    const { transactionalId, version } = this.#traits
    const answer = await this.#insist(
      () => ({
        request: EndTxnRequest,
        response: EndTxnResponse,
        version: version === 2 ? 5 : this.#random.between(2, 4),
        body: { transactionalId, ...this.identity, committed },
      }),
      ({ errorCode }) => errorCode,
    )
    if (version === 2) this.#adopt(answer.producerId, answer.producerEpoch)
  }
}
