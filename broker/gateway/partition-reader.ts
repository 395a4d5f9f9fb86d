/**
 * One subscription's place in one partition.
 * Owns: the next offset to send. Never: credit, or when it is its turn (the subscription's).
 * A message that another reader of the same place was sent is sent again as it is; else the log is read, and what was made of it is left for others.
 */
import { errorOf } from '../../client/protocol/errors.ts'
import { RecordsError } from '../../client/records/records-error.ts'
import type { Slice } from '../log/partition-log.ts'
import type { Partition, Watch, Watcher } from '../replication/partition.ts'
import type { Credit } from './credit.ts'
import { cut, type KeyFilter, type Message } from './cut.ts'
import type { RecordWriter } from './record-writer.ts'
import type { SharedFrames, Variant } from './shared-frames.ts'

/** What all partitions of a subscription have in common. */
export interface Reading {
  readonly subscription: number
  readonly committedOnly: boolean
  readonly wants: KeyFilter | undefined
  readonly decodes: ReadonlySet<number>
  readonly variant: Variant
  readonly writer: RecordWriter
  readonly shared: SharedFrames
}

export interface ReaderOwner {
  /** There is more to read, or it can be read no longer. */
  partitionReady(): void
}

const readBytes = 128 * 1024

export class PartitionReader implements Watcher {
  readonly partition: Partition
  readonly #reading: Reading
  readonly #owner: ReaderOwner
  readonly #watch: Watch
  /** The first offset that has not been sent: the cursor. */
  next: number
  /** The client has been told that it must grant more. */
  isStarved = false
  #isReading = false
  #isStopped = false
  /** What the disk brought, for the next turn: by then the credit may be another. */
  #late: Slice | undefined

  constructor(partition: Partition, next: number, reading: Reading, owner: ReaderOwner) {
    this.partition = partition
    this.next = next
    this.#reading = reading
    this.#owner = owner
    this.#watch = partition.watch(this)
  }

  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.partition.unwatch(this.#watch)
    this.#late?.release?.()
    this.#late = undefined
  }

  partitionMoved(): void {
    this.#owner.partitionReady()
  }

  /** May it be read here? */
  get isServed(): boolean {
    return this.partition.isLeader && !this.partition.log.offline
  }

  get #end(): number {
    return this.#reading.committedOnly ? this.partition.lastStableOffset : this.partition.highWatermark
  }

  get hasMore(): boolean {
    return !this.#isReading && this.next < this.#end
  }

  /** The next message within the credit; undefined while the disk is busy with it (the owner is told then), or an error code. */
  read(credit: Credit): Message | number | undefined {
    const { shared, variant, wants } = this.#reading
    const { log } = this.partition
    const late = this.#late
    this.#late = undefined
    if (late) return this.#made(late, credit)
    // Retention may have passed by.
    if (this.next < log.startOffset) this.next = log.startOffset
    const found = wants ? undefined : shared.find(this.partition, this.next, variant)
    if (found && credit.covers(found.records, found.bytes)) return found
    const slice = log.read(this.next, { maxBytes: readBytes, upTo: this.#end, atLeastOneBatch: true })
    if (slice instanceof Promise) {
      this.#isReading = true
      void slice.then((read) => this.#arrived(read))
      return undefined
    }
    return this.#made(slice, credit)
  }

  #arrived(slice: Slice): void {
    this.#isReading = false
    if (this.#isStopped) return slice.release?.()
    this.#late = slice
    return this.#owner.partitionReady()
  }

  #made(slice: Slice, credit: Credit): Message | number {
    const { shared, variant, wants, writer, decodes, committedOnly, subscription } = this.#reading
    const { partition, next: from } = this
    try {
      if (slice.error !== undefined) return slice.error
      const message = cut({
        writer,
        heading: { subscription, topic: partition.topic, partition: partition.index },
        chunks: slice.chunks,
        from,
        nextOffset: slice.nextOffset,
        aborted: committedOnly ? partition.log.abortedTransactions(from, slice.nextOffset) : [],
        recordsMax: credit.records,
        bytesMax: credit.bytes,
        wants,
        decodes,
      })
      const isWhole = message.records < credit.records && message.bytes < credit.bytes && message.starved === undefined
      if (!wants && isWhole) shared.keep(partition, from, variant, message)
      return message
    } catch (error) {
      if (error instanceof RecordsError) return error.code
      throw error
    } finally {
      slice.release?.()
    }
  }
}

export function wordsOf(code: number): { code: string; message: string; retriable: boolean } {
  const { name, about, retriable } = errorOf(code)
  return { code: name, message: about, retriable }
}
