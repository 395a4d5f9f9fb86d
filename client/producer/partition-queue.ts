/**
 * The batches of one partition, from open to acknowledged, and their sequence numbers.
 * Owns: their order. Never: sends (sender.ts), or knows connections.
 * Invariants: batches go out, and are numbered, in the order they were filled; after one that must go again nothing overtakes it, and it goes
 * again only when all that are out are answered. A number that may have been used is never given to other records of the same identity.
 */
import { strict as assert } from 'node:assert'
import type { ClientError } from '../network/client-error.ts'
import type { CodecName } from '../records/compression/codec.ts'
import { type Identity, nobody } from './identity.ts'
import type { PendingBatch } from './pending-batch.ts'

const sequenceModulus = 2 ** 31
/** What tells that something before the batch is missing: it was refused, for certain. */
const gapCodes: readonly string[] = ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID']

/** What became of a batch that was out. `undefined`: it is written. */
export interface Setback {
  readonly error: ClientError
  /** Whether it may have been written nevertheless. */
  readonly mayBeWritten: boolean
}

export interface QueueOptions {
  readonly codec: CodecName
  readonly lingerMs: number
  /** Batches under way at once, at most. */
  readonly inFlightMax: number
}

/** While fewer batches are under way than may be, one of so many bytes goes: the broker works on it while the next is filled. */
const enoughBytes = 128 * 1024

export class PartitionQueue {
  readonly topic: string
  readonly index: number
  readonly #codec: CodecName
  readonly #lingerMs: number
  readonly #inFlightMax: number
  /** Of the batch before the one that is being filled. */
  #usualBytes = 0
  /** Being filled; the last of them. */
  #open: PendingBatch | undefined
  /** Closed, oldest first. */
  #ready: PendingBatch[] = []
  /** Oldest first, answered ones too while an older one is not. */
  #out: PendingBatch[] = []
  #identity: Identity | undefined
  #nextSequence = 0
  /** The identity has a gap that it can't get over. */
  #isWorn = false
  /** Something must go again, and waits for the others that are out. */
  #isRecovering = false
  /** The number of the first batch that was set back. */
  #recoversFrom = -1
  /** Nothing goes before. */
  #resumesAt = 0
  #isFlushing = false

  constructor(topic: string, index: number, { codec, lingerMs, inFlightMax }: QueueOptions) {
    this.topic = topic
    this.index = index
    this.#codec = codec
    this.#lingerMs = lingerMs
    this.#inFlightMax = inFlightMax
  }

  /** The batch that is being filled. */
  get open(): PendingBatch | undefined {
    return this.#open
  }

  /** What was being filled is full; another takes its place. */
  fillNext(batch: PendingBatch): void {
    this.#closeOpen()
    this.#open = batch
  }

  /** What the next batch will have, if it is like the one before. */
  get usualBytes(): number {
    return this.#usualBytes
  }

  /** Records were added to what is being filled, and others may not come soon. */
  filled(): void {
    if (this.#lingerMs > 0 || (this.#open?.writer.bytes ?? 0) < enoughBytes) return
    if (this.#ready.length + this.#out.length < this.#inFlightMax) this.#closeOpen()
  }

  /** What is there now goes without waiting for more. */
  flush(): void {
    this.#isFlushing = this.#open !== undefined
  }

  /** Nothing waits here to be sent. */
  get isIdle(): boolean {
    return this.#ready.length === 0 && this.#open === undefined
  }

  /** Nothing is unsettled. */
  get isEmpty(): boolean {
    return this.isIdle && this.#out.length === 0
  }

  /** When the next batch may go. */
  get dueAt(): number {
    if (this.#ready.length > 0 || this.#isFlushing || !this.#open) return this.#resumesAt
    return Math.max(this.#resumesAt, this.#open.createdAt + this.#lingerMs)
  }

  postpone(until: number): void {
    this.#resumesAt = Math.max(this.#resumesAt, until)
  }

  #closeOpen(): void {
    if (!this.#open) return
    this.#usualBytes = this.#open.writer.bytes
    this.#open.close(this.#codec)
    this.#ready.push(this.#open)
    this.#open = undefined
    this.#isFlushing = false
  }

  /** The next batch to go, closed; batches that nobody waits for any more are passed over. */
  head(now: number): PendingBatch | undefined {
    for (;;) {
      if (this.#ready.length === 0 && now >= this.dueAt) this.#closeOpen()
      const [batch] = this.#ready
      if (!batch?.isSettled) return batch
      this.#ready.shift()
      if (batch.mayBeWritten) this.#isWorn = true
    }
  }

  /** Whether a batch may go out now. Where the identity is of no more use, what may have been written under it is settled first, one by one. */
  maySend(now: number): boolean {
    const outMax = this.#isWorn ? 1 : this.#inFlightMax
    return !this.isIdle && !this.#isRecovering && this.#out.length < outMax && now >= this.dueAt
  }

  get needsIdentity(): boolean {
    return this.#identity === undefined || (this.#isWorn && !this.#ready[0]?.mayBeWritten)
  }

  /** The one that is of no more use, if any. */
  get wornIdentity(): Identity | undefined {
    return this.#isWorn ? this.#identity : undefined
  }

  /** Another one is asked for before the next batch goes. */
  forgetIdentity(): void {
    this.#identity = undefined
    this.#isWorn = false
  }

  /** Numbers begin anew. */
  begin(identity: Identity): void {
    assert(this.#out.length === 0, 'nobody is answered under another identity')
    this.#identity = identity
    this.#isWorn = false
    this.#nextSequence = 0
  }

  /** The next batch, numbered. */
  take(isTransactional: boolean): PendingBatch {
    const batch = this.#ready.shift() as PendingBatch
    const identity = this.#identity ?? nobody
    const { sequence } = batch
    const isNumbered = sequence?.producerId === identity.producerId && sequence.producerEpoch === identity.producerEpoch
    if (!isNumbered || !batch.mayBeWritten) {
      const baseSequence = identity === nobody ? -1 : this.#nextSequence
      batch.assign({ ...identity, baseSequence, isTransactional })
    }
    const { baseSequence } = batch.sequence as { baseSequence: number }
    if (baseSequence >= 0) this.#nextSequence = (baseSequence + batch.count) % sequenceModulus
    batch.isOut = true
    batch.attempts++
    this.#out.push(batch)
    return batch
  }

  /** An answer came, or none will. `retryAt`: when it may go again; undefined: it has failed for good. */
  answered(batch: PendingBatch, setback: Setback | undefined, retryAt: number | undefined): void {
    batch.isOut = false
    if (!setback) this.#out = this.#out.filter((other) => other !== batch)
    else this.#setBack(batch, setback, retryAt)
    if (this.#isRecovering && this.#out.every(({ isOut }) => !isOut)) this.#recover()
  }

  #setBack(batch: PendingBatch, { error, mayBeWritten }: Setback, retryAt: number | undefined): void {
    const isFirst = !this.#isRecovering
    if (isFirst) this.#recoversFrom = batch.sequence?.baseSequence ?? -1
    this.#isRecovering = true
    batch.mayBeWritten = mayBeWritten
    // With nothing missing before it, what the broker knows of this identity is not what we do.
    const isLost = isFirst && this.#out[0] === batch && gapCodes.includes(error.code)
    if (isLost || (retryAt === undefined && mayBeWritten)) this.#isWorn = true
    if (retryAt !== undefined) {
      return this.postpone(retryAt)
    }
    this.#out = this.#out.filter((other) => other !== batch)
    batch.fail(error)
  }

  /** All that were out are answered: those that must go again stand first in line, as they were numbered. */
  #recover(): void {
    this.#ready.unshift(...this.#out)
    this.#out = []
    this.#isRecovering = false
    if (this.#recoversFrom >= 0) this.#nextSequence = this.#recoversFrom
  }

  /** Fails those that wait here, as far as `which` says so. */
  failWaiting(error: ClientError, which: (batch: PendingBatch) => boolean): PendingBatch[] {
    const failed = [...this.#ready, ...(this.#open ? [this.#open] : [])].filter((batch) => !batch.isSettled && which(batch))
    for (const batch of failed) {
      if (batch.mayBeWritten) this.#isWorn = true
      batch.fail(error)
    }
    this.#ready = this.#ready.filter(({ isSettled }) => !isSettled)
    this.dropFailed()
    return failed
  }

  /** Nothing more goes into what has failed while it was being filled. */
  dropFailed(): void {
    if (this.#open?.isSettled) this.#open = undefined
  }

  /** Oldest first: all whose outcome is not told. */
  *unsettled(): Generator<PendingBatch> {
    for (const batch of this.#out) if (!batch.isSettled) yield batch
    for (const batch of this.#ready) if (!batch.isSettled) yield batch
    if (this.#open) yield this.#open
  }
}
