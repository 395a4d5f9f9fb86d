/**
 * What one fetch brought of one partition, as it is handed out: its records are decoded when they are looked at.
 * Owns: the bytes, for as long as the application keeps it. Never: changes where the consumer is, but by a record that cannot be read.
 */
import type { CallOptions } from '../network/patience.ts'
import type { ConsumedRecord, TopicPartition } from './consumed.ts'
import type { RecordWalk } from './record-walk.ts'

export interface BatchSource<K, V> extends TopicPartition {
  readonly highWatermark: number
  readonly leaderEpoch: number
  readonly nextOffset: number
  /** At the first record. */
  readonly walk: RecordWalk
  /** False behind the last. Throws a RecordError. */
  next(walk: RecordWalk): boolean
  /** Throws a RecordError. */
  read(walk: RecordWalk): ConsumedRecord<K, V>
  commit(batch: ConsumedBatch<K, V>, call?: CallOptions): Promise<void>
}

export class ConsumedBatch<K = Uint8Array | null, V = Uint8Array | null> implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** Of the first record. */
  readonly firstOffset: number
  /** Where reading goes on behind this batch. */
  readonly nextOffset: number
  readonly leaderEpoch: number
  /** The end of the partition, when this was fetched: `highWatermark - nextOffset` is how far the reader lags. */
  readonly highWatermark: number
  readonly #source: BatchSource<K, V>
  #begun: RecordWalk | undefined
  #records: ConsumedRecord<K, V>[] | undefined

  constructor(source: BatchSource<K, V>) {
    const { topic, partition, walk, nextOffset, leaderEpoch, highWatermark } = source
    this.topic = topic
    this.partition = partition
    this.firstOffset = walk.offset
    this.nextOffset = nextOffset
    this.leaderEpoch = leaderEpoch
    this.highWatermark = highWatermark
    this.#source = source
    this.#begun = walk
  }

  /** All of them, decoded the first time. Throws a RecordError at one that cannot be. */
  get records(): readonly ConsumedRecord<K, V>[] {
    this.#records ??= [...this.#decode()]
    return this.#records
  }

  /** One by one, decoded in passing and not kept. Throws a RecordError at one that cannot be. */
  [Symbol.iterator](): IterableIterator<ConsumedRecord<K, V>> {
    return this.#records ? this.#records.values() : this.#decode()
  }

  *#decode(): Generator<ConsumedRecord<K, V>, undefined> {
    const walk = this.#begun ?? this.#again()
    this.#begun = undefined
    const { next, read } = this.#source
    do yield read(walk)
    while (next(walk))
  }

  /** What was walked once is walked anew. */
  #again(): RecordWalk {
    const walk = this.#source.walk.again(this.firstOffset)
    walk.next()
    return walk
  }

  /** Commits what is before `nextOffset`. Throws ClientError. */
  commit(call?: CallOptions): Promise<void> {
    return this.#source.commit(this, call)
  }
}
