/** What a consumer hands out, and how places in topics are named. */

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A place in a partition. `time`: the first record at or after, milliseconds since the Unix epoch. */
export type Position = 'beginning' | 'end' | { readonly offset: number } | { readonly time: number }

/** A partition that a consumer is told to read. */
export interface ChosenPartition extends TopicPartition {
  /** Where to begin in this one, whatever may be committed. */
  readonly from?: Position
  /** Reading it ends before this offset: a loop ends once all partitions are read. */
  readonly until?: number
}

/** An offset of a partition: in commits the next to be read, that is one behind the last that is done. */
export interface PartitionOffset extends TopicPartition {
  readonly offset: number
  /** Of the record before it; lets a broker notice that the log has been cut since (KIP-320). */
  readonly leaderEpoch?: number
  /** Whatever the application wants to find again beside it. */
  readonly metadata?: string
}

export interface ConsumedRecord<K = Uint8Array | null, V = Uint8Array | null> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the Unix epoch; -1 for none. */
  readonly timestamp: number
  readonly key: K
  readonly value: V
  readonly headers: readonly (readonly [key: string, value: Uint8Array | null])[]
}
