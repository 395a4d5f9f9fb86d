/**
 * Hands out what was fetched, record by record or a fetch at a time, and knows what the application is done with.
 * Owns: the fetch that is being handed out, and what is in the application's hands: that is done when the next is asked for, and not before.
 * Never: waits. Throws a RecordError where a record cannot be read, and stays before it.
 */
import { errorOf } from '../protocol/errors.ts'
import { RecordsError } from '../records/records-error.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import { type BatchSource, ConsumedBatch } from './consumed-batch.ts'
import type { ConsumedRecord } from './consumed.ts'
import type { Fetched, Fetcher } from './fetcher.ts'
import { RecordError } from './record-error.ts'
import type { RecordWalk } from './record-walk.ts'

export interface Decoders<K, V> {
  key(bytes: Uint8Array | null): K
  value(bytes: Uint8Array | null): V
}

export class Handout<K, V> {
  readonly #fetcher: Fetcher
  readonly #decoders: Decoders<K, V>
  readonly #commit: BatchSource<K, V>['commit']
  #current: Fetched | undefined
  #inHand: AssignedPartition | undefined
  #inHandOffset = 0

  constructor(fetcher: Fetcher, decoders: Decoders<K, V>, commit: BatchSource<K, V>['commit']) {
    this.#fetcher = fetcher
    this.#decoders = decoders
    this.#commit = commit
  }

  /** What the application has been given is done. */
  settle(): void {
    this.#inHand = undefined
  }

  /** The application says that it is done with a partition so far, though it may have more in its hands. */
  acknowledge(partition: AssignedPartition, offset: number): void {
    if (this.#inHand === partition && offset > this.#inHandOffset) this.#inHandOffset = offset
  }

  /** How far the application is done with a partition: the next offset; undefined where it is not known yet where to begin. */
  doneOf(partition: AssignedPartition): number | undefined {
    return this.#inHand === partition ? this.#inHandOffset : partition.position
  }

  /** Undefined: nothing is here. */
  nextRecord(): ConsumedRecord<K, V> | undefined {
    for (let current = this.#fetched(); current; current = this.#fetched()) {
      const { from, walk } = current
      try {
        if (!this.#advance(current)) continue
        const record = this.#read(from, walk)
        this.#hold(from, walk.offset, walk.offset + 1, walk.leaderEpoch)
        return record
      } catch (error) {
        throw this.#stuck(current, error)
      }
    }
    return undefined
  }

  /** All that is left of a fetch. Undefined: nothing is here. */
  nextBatch(): ConsumedBatch<K, V> | undefined {
    for (let current = this.#fetched(); current; current = this.#fetched()) {
      try {
        if (!this.#advance(current)) continue
        return current.nextOffset === undefined ? this.#batchOfOne(current) : this.#batchOf(current, current.nextOffset)
      } catch (error) {
        throw this.#stuck(current, error)
      }
    }
    return undefined
  }

  #batchOf(current: Fetched, nextOffset: number): ConsumedBatch<K, V> {
    const { from, walk } = current
    const batch = this.#batch(current, nextOffset, current.leaderEpoch, (walk) => this.#step(from, walk))
    this.#hold(from, walk.offset, nextOffset, current.leaderEpoch)
    this.#finish(current)
    return batch
  }

  /** What is good before the damage comes record by record. */
  #batchOfOne(current: Fetched): ConsumedBatch<K, V> {
    const { from, walk } = current
    const { offset, leaderEpoch } = walk
    const batch = this.#batch(current, offset + 1, leaderEpoch, () => false)
    // Decoded now: the walk goes on.
    const { records } = batch
    this.#hold(from, offset, offset + records.length, leaderEpoch)
    return batch
  }

  #hold(from: AssignedPartition, offset: number, nextOffset: number, leaderEpoch: number): void {
    this.#inHand = from
    this.#inHandOffset = offset
    from.position = nextOffset
    from.leaderEpoch = leaderEpoch
  }

  #batch(current: Fetched, nextOffset: number, leaderEpoch: number, next: (walk: RecordWalk) => boolean): ConsumedBatch<K, V> {
    const { from, walk } = current
    const { topic, partition, highWatermark } = from
    const guarded =
      <T>(act: (walk: RecordWalk) => T) =>
      (walk: RecordWalk): T => {
        try {
          return act(walk)
        } catch (error) {
          throw this.#stuck(current, error)
        }
      }
    return new ConsumedBatch({
      topic,
      partition,
      highWatermark,
      leaderEpoch,
      nextOffset,
      walk,
      next: guarded(next),
      read: guarded((walk) => this.#read(from, walk)),
      commit: this.#commit,
    })
  }

  /** What is being handed out, else the next that is there. */
  #fetched(): Fetched | undefined {
    const current = this.#current
    if (current) {
      if (current.from.version === current.version) return current
      this.#finish(current)
    }
    this.#current = this.#fetcher.take()
    return this.#current
  }

  #finish(fetched: Fetched): void {
    this.#current = undefined
    this.#fetcher.done(fetched)
  }

  /** False behind the last: then it is done with. */
  #advance(current: Fetched): boolean {
    const { from, walk } = current
    if (this.#step(from, walk)) return true
    if (from.position !== undefined && from.position < walk.nextOffset) from.position = walk.nextOffset
    this.#finish(current)
    return false
  }

  #step({ topic, partition }: AssignedPartition, walk: RecordWalk): boolean {
    try {
      return walk.next()
    } catch (cause) {
      if (!(cause instanceof RecordsError)) throw cause
      const { nextOffset: offset, endOfBatch } = walk
      const nextOffset = Math.max(endOfBatch, offset + 1)
      throw new RecordError(errorOf(cause.code).name, 'read what is', { topic, partition, offset, nextOffset, cause })
    }
  }

  #read({ topic, partition }: AssignedPartition, walk: RecordWalk): ConsumedRecord<K, V> {
    const { offset, timestamp } = walk
    try {
      const key = this.#decoders.key(walk.key())
      const value = this.#decoders.value(walk.value())
      return { topic, partition, offset, timestamp, key, value, headers: walk.headers() }
    } catch (cause) {
      const unreadable = { topic, partition, offset, nextOffset: offset + 1, cause }
      throw new RecordError('UNDECODABLE_RECORD', 'decode the record', unreadable)
    }
  }

  /** It is asked for anew: who reads on meets the same, unless it goes elsewhere. */
  #stuck({ from, version }: Fetched, error: unknown): unknown {
    if (error instanceof RecordError && from.version === version) {
      from.moveTo({ offset: error.offset })
      this.#fetcher.drop()
      this.#fetcher.pump()
    }
    return error
  }
}
