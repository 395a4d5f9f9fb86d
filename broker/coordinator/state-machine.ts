/**
 * What a coordinator's state machine and its shard are to each other. A machine holds the state of one partition of an internal topic;
 * it decides, and its shard (shard.ts) does: appends, waits, answers, keeps time.
 *
 * A turn is one step of a machine: it looks at its state, appends records, says what is to happen once they are committed, and sets timers.
 * When the turn ends, its records go to the log as one batch, and each is applied; only `apply` changes what the records stand for, so the
 * same state is there after a restart. What no record stands for (members that are joining, requests that wait) a machine may change as it likes:
 * it is gone after a restart, and whoever waited is told to ask again.
 */
import type { Millis } from '../platform/clock.ts'

/** Where a record stands in the log, and whose transaction it is part of. */
export interface Placement {
  readonly offset: number
  /** When it was appended, milliseconds since the Unix epoch. */
  readonly timestamp: Millis
  /** -1: of no transaction, it counts at once. Else it counts when that producer's transaction is committed. */
  readonly producerId: number
  readonly producerEpoch: number
}

export interface EncodedRecord {
  readonly key: Buffer
  /** `null` takes back what the key stood for. */
  readonly value: Buffer | null
}

/** From a machine's own records to those of the log, and back. */
export interface RecordCodec<R> {
  encode(record: R): EncodedRecord
  /** Undefined for a kind that this broker does not know: passed over with a warning. Throws DecodeError. */
  decode(key: Buffer, value: Buffer | null): R | undefined
}

export interface Producer {
  readonly producerId: number
  readonly producerEpoch: number
}

/** One step of a machine. */
export interface Turn<R> {
  /** Wall time, milliseconds since the Unix epoch: for what is written down. */
  readonly now: Millis
  /** Never goes back: for how long something took. */
  readonly monotonic: Millis
  append(record: R): void
  /** The turn's records are part of this producer's transaction. */
  inTransactionOf(producer: Producer): void
  /** Once all that was appended so far, in this turn too, is committed. Not at all where that fails: `Parked` requests are told then. */
  whenCommitted(act: () => void): void
  /** Answers a request, of this turn or an earlier one, once all that was appended so far is committed. */
  answer<A>(request: Parked<A>, answer: A): void
  /** Calls `expired` after `delay`, in a turn of its own, unless the key is scheduled anew or cancelled. */
  schedule(key: string, delay: Millis, expired: (turn: Turn<R>) => void): void
  cancel(key: string): void
}

/** A request that waits for its answer: pass it on, keep it, hand it to `Turn.answer` once. */
export interface Parked<A> {
  readonly isAnswered: boolean
  /** Typed by what it is answered with. */
  readonly type?: A
}

export interface StateMachine<R> {
  /** Takes in a record: when the log is loaded, and when the turn that appended it ends. */
  apply(record: R, placement: Placement): void
  /** The producer's transaction has ended: its records count now, or never. */
  transactionEnded(producer: Producer, committed: boolean): void
  /** All of the log is applied: the machine may set timers. */
  loaded(turn: Turn<R>): void
}
