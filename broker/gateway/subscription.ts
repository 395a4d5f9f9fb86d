/**
 * What one `subscribe` asked for, being read: several partitions on one credit.
 * Owns: the credit, the pause, whose turn it is among its partitions. Never: more sent than was granted, or read while the client's socket is full.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { Cursor, Place } from '../../client/protocol/stream/client-messages.ts'
import type { ServerMessage } from '../../client/protocol/stream/server-messages.ts'
import type { Partition } from '../replication/partition.ts'
import { Credit, type Grant } from './credit.ts'
import type { Message } from './cut.ts'
import { PartitionReader, type Reading, wordsOf } from './partition-reader.ts'
import type { Rounds, Served } from './rounds.ts'

/** The connection that it sends on. */
export interface Outlet {
  /** No more should be sent now; `wake` its subscriptions when it has drained. */
  readonly isFull: boolean
  sendFrame(frame: Buffer, records: number): void
  send(message: ServerMessage): void
  /** How many partitions the subscription reads now. */
  reads(subscription: number, partitions: number): void
}

export class Subscription implements Served {
  readonly id: number
  readonly #reading: Reading
  readonly #outlet: Outlet
  readonly #rounds: Rounds
  readonly #credit = new Credit()
  #readers: PartitionReader[] = []
  /** The reader that comes first: they take turns. */
  #turn = 0
  #isPaused = false
  #isEnded = false

  constructor(reading: Reading, outlet: Outlet, rounds: Rounds) {
    this.id = reading.subscription
    this.#reading = reading
    this.#outlet = outlet
    this.#rounds = rounds
  }

  get partitions(): readonly Partition[] {
    return this.#readers.map(({ partition }) => partition)
  }

  /** Reads these too. */
  add(partitions: readonly { partition: Partition; offset: number }[]): void {
    if (this.#isEnded) return
    for (const { partition, offset } of partitions) this.#readers.push(new PartitionReader(partition, offset, this.#reading, this))
    this.#outlet.reads(this.id, this.#readers.length)
    this.wake()
  }

  /** Reads these no longer. */
  drop(places: readonly Place[]): void {
    const isDropped = ({ partition }: PartitionReader) =>
      places.some(({ topic, partition: index }) => topic === partition.topic && index === partition.index)
    for (const reader of this.#readers) if (isDropped(reader)) reader.stop()
    this.#readers = this.#readers.filter((reader) => !isDropped(reader))
    this.#outlet.reads(this.id, this.#readers.length)
  }

  cursors(): Cursor[] {
    return this.#readers.map(({ partition, next }) => ({ topic: partition.topic, partition: partition.index, offset: next }))
  }

  /** False: more than can be meant. */
  grant(grant: Grant): boolean {
    const isSound = this.#credit.grant(grant)
    for (const reader of this.#readers) reader.isStarved = false
    this.wake()
    return isSound
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.wake()
  }

  end(): void {
    this.#isEnded = true
    for (const reader of this.#readers) reader.stop()
    this.#readers = []
  }

  partitionReady(): void {
    this.wake()
  }

  /** Something it may have waited for has changed. */
  wake(): void {
    if (!this.#isHeldBack) this.#rounds.add(this)
  }

  get #isHeldBack(): boolean {
    return this.#isEnded || this.#isPaused || this.#credit.isSpent || this.#outlet.isFull
  }

  serve(): boolean {
    const count = this.#readers.length
    let isMore = false
    for (let turn = 0; turn < count; turn++) {
      if (this.#isHeldBack) return false
      const reader = this.#readers[(this.#turn + turn) % count] as PartitionReader
      if (!reader.isServed) {
        this.#lose(reader, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return true
      }
      if (reader.isStarved || !reader.hasMore) continue
      if (this.#serveOne(reader)) isMore = true
    }
    this.#turn = count === 0 ? 0 : (this.#turn + 1) % count
    return isMore
  }

  /** True if there may be more of it. */
  #serveOne(reader: PartitionReader): boolean {
    const read = reader.read(this.#credit)
    if (read === undefined) return false
    if (typeof read === 'number') {
      if (read === ErrorCode.OFFSET_OUT_OF_RANGE) {
        reader.next = Math.min(Math.max(reader.next, reader.partition.log.startOffset), reader.partition.highWatermark)
        return reader.hasMore
      }
      this.#lose(reader, read)
      return false
    }
    return this.#send(reader, read)
  }

  #send(reader: PartitionReader, { frame, records, bytes, next, starved }: Message): boolean {
    const { topic, index: partition } = reader.partition
    const isFurther = next > reader.next
    reader.next = next
    if (frame) {
      this.#credit.spend(records, bytes)
      this.#outlet.sendFrame(frame, records)
    } else if (isFurther && !reader.hasMore) {
      this.#outlet.send({ type: 'records', subscription: this.id, topic, partition, records: [], next })
    }
    if (starved !== undefined) {
      reader.isStarved = true
      this.#outlet.send({ type: 'starved', subscription: this.id, topic, partition, bytes: starved })
      return false
    }
    return isFurther && reader.hasMore
  }

  /** Nothing more can be read of it here. */
  #lose(reader: PartitionReader, code: number): void {
    const { topic, index: partition } = reader.partition
    this.drop([{ topic, partition }])
    this.#reading.shared.forget(reader.partition)
    this.#outlet.send({ type: 'error', subscription: this.id, topic, partition, ...wordsOf(code) })
  }
}
