/**
 * The transactional ids of one partition of `__transaction_state`.
 * Owns: what is known of each, requests that wait for a transaction to be complete, and the clocks of timeouts and expiry.
 * Never: writes markers (it says when an outcome is decided), decides codes (rules.ts), or knows who asks.
 * Invariant: markers are asked for only once the outcome they tell is committed, and it never changes afterwards.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { Parked, StateMachine, Turn } from '../coordinator/state-machine.ts'
import type { Millis } from '../platform/clock.ts'
import {
  addPartitions,
  type Claim,
  type EndTransaction,
  endTransaction,
  hasExpired,
  hasTimedOut,
  type InitProducer,
  initProducer,
  verifyPartition,
} from './rules.ts'
import { completed, fenced, isEnding, type Partitions, type Transaction, type TransactionVersion } from './transaction.ts'
import type { TransactionRecord } from './transaction-records.ts'

export interface TransactionMachineOptions {
  times(): TransactionTimes
  /** The version of transactions that the cluster has finalized. */
  serverVersion(): TransactionVersion
  /** The outcome is committed: its markers are to be written. May come more than once for the same one. */
  decided(transaction: Transaction): void
  /** Told once of each transaction that is decided. */
  ended(transaction: Transaction, how: Outcome): void
}

/** timedOut: aborted over its producer's head, because it took too long. */
export type Outcome = 'committed' | 'aborted' | 'timedOut'

export interface TransactionTimes {
  readonly abortCheckMillis: Millis
  readonly expiryCheckMillis: Millis
  readonly expirationMillis: Millis
  /** How long a request waits for the transaction before to be complete. */
  readonly patienceMillis: Millis
}

export type ProducerAnswer = { readonly error: number } & Claim
/** `freshId` is asked for: bring one, and ask again. */
export type NeedsProducerId = 'needs producer id'

export interface AddRequest {
  readonly transactionalId: string
  readonly claim: Claim
  readonly added: Partitions
  readonly clientVersion: TransactionVersion
}

interface Waiting {
  readonly key: string
  readonly request: AddRequest
  readonly parked: Parked<number>
}

const abortTimer = 'abort'
const expiryTimer = 'expiry'
/** Tombstones of one turn: well below what a batch may be. */
const expiredAtOnceMax = 100

export class TransactionMachine implements StateMachine<TransactionRecord> {
  readonly #options: TransactionMachineOptions
  readonly #transactions = new Map<string, Transaction>()
  readonly #ongoing = new Set<string>()
  readonly #waiting = new Map<string, Waiting[]>()
  #waits = 0
  #checksTimeouts = false
  #checksExpiry = false

  constructor(options: TransactionMachineOptions) {
    this.#options = options
  }

  get ongoingCount(): number {
    return this.#ongoing.size
  }

  get(transactionalId: string): Transaction | undefined {
    return this.#transactions.get(transactionalId)
  }

  all(): IterableIterator<Transaction> {
    return this.#transactions.values()
  }

  apply({ transactionalId, transaction }: TransactionRecord): void {
    if (transaction) this.#transactions.set(transactionalId, transaction)
    else this.#transactions.delete(transactionalId)
    if (transaction?.state === 'Ongoing') this.#ongoing.add(transactionalId)
    else this.#ongoing.delete(transactionalId)
  }

  /** Its records are of no producer's transaction. */
  transactionEnded(): void {}

  loaded(turn: Turn<TransactionRecord>): void {
    for (const transaction of this.#transactions.values()) {
      if (isEnding(transaction)) turn.whenCommitted(() => this.#options.decided(transaction))
    }
    if (this.#ongoing.size > 0) this.#watchTimeouts(turn)
    if (this.#transactions.size > 0) this.#watchExpiry(turn)
  }

  initProducer(turn: Turn<TransactionRecord>, request: Omit<InitProducer, 'now'>): ProducerAnswer | NeedsProducerId {
    const { now } = turn
    const verdict = initProducer(this.get(request.transactionalId), { ...request, now }, this.#options.serverVersion())
    if ('needs' in verdict) return 'needs producer id'
    if ('error' in verdict) return refusal(verdict.error)
    const { next } = verdict
    this.#become(turn, next)
    if (isEnding(next)) {
      this.#options.ended(next, 'aborted')
      return refusal(ErrorCode.CONCURRENT_TRANSACTIONS)
    }
    return { error: ErrorCode.NONE, producerId: next.producerId, producerEpoch: next.producerEpoch }
  }

  /** Answers with an error code; waits a moment for the transaction before, where that is being completed. */
  addPartitions(turn: Turn<TransactionRecord>, request: AddRequest, parked: Parked<number>): void {
    const { patienceMillis } = this.#options.times()
    const error = this.#add(turn, this.get(request.transactionalId), request)
    if (error !== ErrorCode.CONCURRENT_TRANSACTIONS || patienceMillis <= 0) return turn.answer(parked, error)
    const waiting: Waiting = { key: `wait ${this.#waits++}`, request, parked }
    const others = this.#waiting.get(request.transactionalId)
    if (others) others.push(waiting)
    else this.#waiting.set(request.transactionalId, [waiting])
    turn.schedule(waiting.key, patienceMillis, (later) => this.#giveUp(later, waiting))
  }

  #add(turn: Turn<TransactionRecord>, known: Transaction | undefined, { claim, added, clientVersion }: AddRequest): number {
    const verdict = addPartitions(known, claim, added, { clientVersion, now: turn.now })
    if ('error' in verdict) return verdict.error
    if ('next' in verdict) this.#become(turn, verdict.next)
    return ErrorCode.NONE
  }

  #giveUp(turn: Turn<TransactionRecord>, waiting: Waiting): void {
    const { transactionalId } = waiting.request
    const left = this.#waiting.get(transactionalId)?.filter((other) => other !== waiting) ?? []
    if (left.length > 0) this.#waiting.set(transactionalId, left)
    else this.#waiting.delete(transactionalId)
    turn.answer(waiting.parked, ErrorCode.CONCURRENT_TRANSACTIONS)
  }

  verifyPartition(transactionalId: string, claim: Claim, topic: string, index: number): number {
    return verifyPartition(this.get(transactionalId), claim, topic, index)
  }

  end(
    turn: Turn<TransactionRecord>,
    { transactionalId, ...request }: { transactionalId: string } & Omit<EndTransaction, 'now'>,
  ): ProducerAnswer | NeedsProducerId {
    const known = this.get(transactionalId)
    const verdict = endTransaction(known, { ...request, now: turn.now })
    if ('needs' in verdict) return 'needs producer id'
    if ('error' in verdict) {
      if (verdict.error !== ErrorCode.NONE || !known) return refusal(verdict.error)
      return { error: ErrorCode.NONE, producerId: known.producerId, producerEpoch: known.producerEpoch }
    }
    this.#options.ended(verdict.next, request.committed ? 'committed' : 'aborted')
    this.#become(turn, verdict.next)
    // What the producer goes on with is decided already.
    const { producerId, producerEpoch } = completed(verdict.next, turn.now)
    return { error: ErrorCode.NONE, producerId, producerEpoch }
  }

  /** All markers of this outcome are written. Anything else that was decided since is left alone. */
  markersWritten(turn: Turn<TransactionRecord>, decided: Transaction): void {
    const { transactionalId } = decided
    const known = this.get(transactionalId)
    if (!known || known.state !== decided.state || known.producerId !== decided.producerId) return
    if (known.producerEpoch !== decided.producerEpoch) return
    let latest = completed(known, turn.now)
    this.#become(turn, latest)
    const waiting = this.#waiting.get(transactionalId) ?? []
    this.#waiting.delete(transactionalId)
    for (const { key, request, parked } of waiting) {
      turn.cancel(key)
      const { claim, added, clientVersion } = request
      const verdict = addPartitions(latest, claim, added, { clientVersion, now: turn.now })
      if ('next' in verdict) this.#become(turn, (latest = verdict.next))
      turn.answer(parked, 'error' in verdict ? verdict.error : ErrorCode.NONE)
    }
  }

  #become(turn: Turn<TransactionRecord>, transaction: Transaction): void {
    turn.append({ transactionalId: transaction.transactionalId, transaction })
    if (isEnding(transaction)) turn.whenCommitted(() => this.#options.decided(transaction))
    if (transaction.state === 'Ongoing') this.#watchTimeouts(turn)
    this.#watchExpiry(turn)
  }

  #watchTimeouts(turn: Turn<TransactionRecord>): void {
    if (this.#checksTimeouts) return
    this.#checksTimeouts = true
    turn.schedule(abortTimer, this.#options.times().abortCheckMillis, (later) => this.#abortTimedOut(later))
  }

  #abortTimedOut(turn: Turn<TransactionRecord>): void {
    this.#checksTimeouts = false
    for (const transactionalId of this.#ongoing) {
      const transaction = this.get(transactionalId)
      if (!transaction || !hasTimedOut(transaction, turn.now)) continue
      this.#options.ended(transaction, 'timedOut')
      this.#become(turn, fenced(transaction, this.#options.serverVersion(), turn.now))
    }
    if (this.#ongoing.size > 0) this.#watchTimeouts(turn)
  }

  #watchExpiry(turn: Turn<TransactionRecord>): void {
    if (this.#checksExpiry) return
    this.#checksExpiry = true
    turn.schedule(expiryTimer, this.#options.times().expiryCheckMillis, (later) => this.#forgetExpired(later))
  }

  #forgetExpired(turn: Turn<TransactionRecord>): void {
    const { expirationMillis } = this.#options.times()
    this.#checksExpiry = false
    let forgotten = 0
    for (const [transactionalId, transaction] of this.#transactions) {
      if (!hasExpired(transaction, expirationMillis, turn.now)) continue
      if (forgotten++ === expiredAtOnceMax) {
        this.#checksExpiry = true
        return turn.schedule(expiryTimer, 0, (later) => this.#forgetExpired(later))
      }
      turn.append({ transactionalId, transaction: undefined })
    }
    if (this.#transactions.size > forgotten) this.#watchExpiry(turn)
  }
}

function refusal(error: number): ProducerAnswer {
  return { error, producerId: -1, producerEpoch: -1 }
}
