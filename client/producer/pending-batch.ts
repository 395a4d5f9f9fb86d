/**
 * One batch on its way: its records while it is open, its bytes when it is closed, and what became of it.
 * Invariant: its outcome is told once. What was refused for certain may get another sequence; what may have been written may not.
 */
import type { ClientError } from '../network/client-error.ts'
import type { CodecName } from '../records/compression/codec.ts'
import { type RecordBatchWriter, sealFor, type Sequenced } from './record-batch-writer.ts'

/** `offset` is that of the first record; -1 where nobody said. */
export interface BatchDelivery {
  readonly offset: number
  /** Milliseconds since the Unix epoch where the broker's clock was taken; -1: the records' own. */
  readonly logAppendTime: number
}

const released = Buffer.alloc(0)

export class PendingBatch {
  readonly writer: RecordBatchWriter
  /** Monotonic or wall, whatever the producer's clock is. */
  readonly createdAt: number
  readonly delivered: Promise<BatchDelivery>
  #resolve!: (delivery: BatchDelivery) => void
  #reject!: (error: ClientError) => void
  #bytes: Buffer | undefined
  #sequence: Sequenced | undefined
  #count = 0
  isSettled = false
  /** A request with it is under way. */
  isOut = false
  /** It may have been written, though nobody said so. */
  mayBeWritten = false
  attempts = 0
  /** Why it was not delivered yet. */
  lastError: ClientError | undefined
  /** Bytes that it is held to account for. */
  held = 0
  /** Of which the producer has taken notice. */
  isReleased = false

  constructor(writer: RecordBatchWriter, now: number) {
    this.writer = writer
    this.createdAt = now
    this.delivered = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Who sent a record has the same promise, and hears of it.
    this.delivered.catch(() => undefined)
  }

  get sequence(): Sequenced | undefined {
    return this.#sequence
  }

  get count(): number {
    return this.#bytes ? this.#count : this.writer.count
  }

  get isClosed(): boolean {
    return this.#bytes !== undefined
  }

  /** The closed batch. */
  get bytes(): Buffer {
    return this.#bytes as Buffer
  }

  close(codec: CodecName): void {
    if (this.#bytes) return
    this.#count = this.writer.count
    this.#bytes = this.writer.finish(codec)
  }

  assign(sequence: Sequenced): void {
    this.#sequence = sequence
    sealFor(this.bytes, sequence)
  }

  deliver(delivery: BatchDelivery): void {
    if (this.isSettled) return
    this.isSettled = true
    this.#resolve(delivery)
  }

  /** A broker has it: its bytes are not needed again. */
  release(): void {
    this.#bytes = released
    this.writer.release()
  }

  fail(error: ClientError): void {
    if (this.isSettled) return
    this.isSettled = true
    this.#reject(error)
  }
}
