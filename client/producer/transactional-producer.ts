/**
 * Records and offsets that count together or not at all, under a transactional id, one transaction after another.
 *
 *     await using producer = stele.transactionalProducer({ transactionalId: 'billing-1' })
 *     await using transaction = await producer.begin()
 *     await transaction.send('invoices', { value })
 *     await transaction.sendOffsets('billing', [{ topic: 'orders', partition: 0, offset: 18 }])
 *     await transaction.commit()
 *
 * Leaving the block without a commit aborts. Owns: which transaction is under way. Never: decides an outcome by itself once commit was asked for.
 */
import { ClientError } from '../network/client-error.ts'
import type { Delivery, Producer, ProducerRecord, SendOptions } from './producer.ts'
import { fatalCodes, type GroupMetadata, type TransactionalIdentity, type TransactionOffset } from './transactional-identity.ts'

type State = 'open' | 'ending' | 'committed' | 'aborted' | 'unknown'

export class TransactionalProducer<K = Uint8Array | null, V = Uint8Array | null> {
  readonly #producer: Producer<K, V>
  readonly #identity: TransactionalIdentity
  #initialized: Promise<void> | undefined
  #underWay: Transaction<K, V> | undefined
  #fatal: ClientError | undefined

  constructor(producer: Producer<K, V>, identity: TransactionalIdentity) {
    this.#producer = producer
    this.#identity = identity
  }

  /** The next transaction. The first one takes the transactional id over from whoever had it. Throws ClientError. */
  async begin(): Promise<Transaction<K, V>> {
    if (this.#fatal) throw this.#fatal
    if (this.#underWay) throw new ClientError('CONCURRENT_TRANSACTIONS', 'a transaction is under way: commit or abort it first')
    const transaction = new Transaction<K, V>(this.#producer, this.#identity, (state, error) => this.#ended(state, error))
    this.#underWay = transaction
    try {
      this.#initialized ??= this.#identity.initialize()
      await this.#initialized
      return transaction
    } catch (error) {
      this.#initialized = undefined
      this.#underWay = undefined
      throw this.#noted(error)
    }
  }

  #noted(error: unknown): unknown {
    if (error instanceof ClientError && fatalCodes.includes(error.code)) this.#fatal = error
    return error
  }

  #ended(state: State, error: ClientError | undefined): void {
    this.#underWay = undefined
    if (error) this.#noted(error)
    // After an abort, or where nobody knows how it ended, the next one begins in an epoch of its own.
    if (state === 'committed') return
    this.#initialized = undefined
    this.#producer.forgetIdentity()
  }

  /** Aborts what is under way, and takes nothing more. */
  async close(): Promise<void> {
    await this.#underWay?.[Symbol.asyncDispose]()
    this.#fatal ??= new ClientError('PRODUCER_CLOSED', 'this producer is closed')
    await this.#producer.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

export class Transaction<K = Uint8Array | null, V = Uint8Array | null> {
  readonly #producer: Producer<K, V>
  readonly #identity: TransactionalIdentity
  readonly #onEnded: (state: State, error: ClientError | undefined) => void
  #state: State = 'open'
  /** Something of it is lost: it can only be aborted. */
  #failure: ClientError | undefined
  #isEmpty = true

  constructor(producer: Producer<K, V>, identity: TransactionalIdentity, onEnded: (state: State, error: ClientError | undefined) => void) {
    this.#producer = producer
    this.#identity = identity
    this.#onEnded = onEnded
  }

  /** As Producer.send. What fails here fails the transaction. */
  send(topic: string, record: ProducerRecord<K, V>, options?: SendOptions): Promise<Delivery>
  send(topic: string, records: readonly ProducerRecord<K, V>[], options?: SendOptions): Promise<Delivery[]>
  async send(
    topic: string,
    given: ProducerRecord<K, V> | readonly ProducerRecord<K, V>[],
    options?: SendOptions,
  ): Promise<Delivery | Delivery[]> {
    this.#mustBeOpen()
    this.#isEmpty = false
    return this.#guarded(() => this.#producer.send(topic, given as ProducerRecord<K, V>, options))
  }

  /** How far a group has read, as part of the transaction. `group`: its id, or a consumer's `groupMetadata()`. */
  async sendOffsets(group: string | GroupMetadata, offsets: readonly TransactionOffset[]): Promise<void> {
    this.#mustBeOpen()
    if (offsets.length === 0) return
    this.#isEmpty = false
    await this.#guarded(() => this.#identity.commitOffsets(typeof group === 'string' ? { groupId: group } : group, offsets))
  }

  /** All that was sent counts when this resolves. Throws what failed; then nothing counts, but for code COMMIT_UNKNOWN, where nobody knows. */
  async commit(): Promise<void> {
    this.#mustBeOpen()
    this.#state = 'ending'
    await this.#producer.flush()
    if (this.#failure) {
      const failure = this.#failure
      await this.#end(false).catch(() => undefined)
      throw failure
    }
    await this.#end(true)
  }

  /** Nothing that was sent counts. */
  async abort(): Promise<void> {
    this.#mustBeOpen(true)
    this.#state = 'ending'
    await this.#producer.flush()
    await this.#end(false)
  }

  async #end(committed: boolean): Promise<void> {
    try {
      const isNew = this.#isEmpty ? false : await this.#identity.end(committed)
      if (isNew) this.#producer.forgetIdentity()
      this.#state = committed ? 'committed' : 'aborted'
      this.#onEnded(this.#isEmpty ? 'committed' : this.#state, undefined)
    } catch (error) {
      this.#state = 'unknown'
      const cause = error instanceof ClientError ? error : undefined
      this.#onEnded('unknown', cause)
      if (!committed || !cause?.retriable) throw error
      throw new ClientError('COMMIT_UNKNOWN', `nobody knows whether the transaction is committed: ${cause.message}`, { cause })
    }
  }

  async #guarded<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      if (error instanceof ClientError) this.#failure ??= error
      throw error
    }
  }

  #mustBeOpen(orFailed = false): void {
    if (this.#state !== 'open') throw new ClientError('INVALID_TXN_STATE', `this transaction is ${this.#state}`)
    if (this.#failure && !orFailed)
      throw new ClientError('TRANSACTION_ABORTABLE', `abort it: ${this.#failure.message}`, { cause: this.#failure })
  }

  /** Aborts unless it has been ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'open') await this.abort()
  }
}
