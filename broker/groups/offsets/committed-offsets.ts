/**
 * What groups have committed: offsets by group, topic and partition, and those that wait for the end of a transaction.
 * Owns: both. Changes only as records and markers of the log say. Never: checks who commits, or appends.
 * Invariant: of two commits for a partition the one that is later in the log counts, whichever transaction ends first.
 */
import type { OffsetCommitValue } from '../../../client/protocol/messages/records/offset-commit-value.ts'
import { zeroUuid } from '../../../client/protocol/uuid.ts'
import type { Placement } from '../../coordinator/state-machine.ts'
import type { OffsetCommitRecord } from '../records.ts'

export interface CommittedOffset extends OffsetCommitValue {
  /** Where its record is in the log. */
  readonly recordOffset: number
}

type ByPartition = Map<number, CommittedOffset>
type ByTopic = Map<string, ByPartition>

class OffsetTable {
  readonly byGroup = new Map<string, ByTopic>()
  count = 0

  get(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.byGroup.get(group)?.get(topic)?.get(partition)
  }

  set(group: string, topic: string, partition: number, offset: CommittedOffset): void {
    let topics = this.byGroup.get(group)
    if (!topics) this.byGroup.set(group, (topics = new Map()))
    let partitions = topics.get(topic)
    if (!partitions) topics.set(topic, (partitions = new Map()))
    if (!partitions.has(partition)) this.count++
    partitions.set(partition, offset)
  }

  delete(group: string, topic: string, partition: number): void {
    const topics = this.byGroup.get(group)
    const partitions = topics?.get(topic)
    if (!topics || !partitions?.delete(partition)) return
    this.count--
    if (partitions.size === 0) topics.delete(topic)
    if (topics.size === 0) this.byGroup.delete(group)
  }
}

export interface OffsetPlace {
  readonly group: string
  readonly topic: string
  readonly partition: number
}

/** Of one producer's transaction. */
class PendingOffsets extends OffsetTable {
  /** Groups that it committed for, whether or not that was taken back since. */
  readonly groups = new Set<string>()
}

const nothing: ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> = new Map()

export class CommittedOffsets {
  readonly #committed = new OffsetTable()
  /** By producer id. */
  readonly #pending = new Map<number, PendingOffsets>()
  /** Producers with pending offsets, by group. */
  readonly #producersOf = new Map<string, Set<number>>()

  /** How many are committed. */
  get count(): number {
    return this.#committed.count
  }

  get(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#committed.get(group, topic, partition)
  }

  /** Committed ones, by topic and partition. */
  of(group: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> {
    return this.#committed.byGroup.get(group) ?? nothing
  }

  /** A transaction that may still be committed has an offset for this partition. */
  isPending(group: string, topic: string, partition: number): boolean {
    for (const producerId of this.#producersOf.get(group) ?? []) {
      if (this.#pending.get(producerId)?.get(group, topic, partition)) return true
    }
    return false
  }

  hasOpenTransactions(group: string): boolean {
    return this.#producersOf.has(group)
  }

  /** Every partition of which a group has an offset, committed or pending, each once. */
  *places(group: string): Generator<OffsetPlace> {
    for (const [topic, partitions] of this.of(group)) for (const partition of partitions.keys()) yield { group, topic, partition }
    const seen = new OffsetTable()
    for (const producerId of this.#producersOf.get(group) ?? []) {
      for (const [topic, partitions] of this.#pending.get(producerId)?.byGroup.get(group) ?? nothing) {
        for (const [partition, offset] of partitions) {
          if (this.get(group, topic, partition) || seen.get(group, topic, partition)) continue
          seen.set(group, topic, partition, offset)
          yield { group, topic, partition }
        }
      }
    }
  }

  /** Every offset of a topic that is gone. An offset from before topics had ids is of every topic of that name. */
  *placesOfTopic(topic: string, topicId: string): Generator<OffsetPlace> {
    for (const { byGroup } of [this.#committed, ...this.#pending.values()]) {
      for (const [group, topics] of byGroup) {
        for (const [partition, offset] of topics.get(topic) ?? []) {
          if (offset.topicId === topicId || offset.topicId === zeroUuid) yield { group, topic, partition }
        }
      }
    }
  }

  apply({ key: { group, topic, partition }, value }: OffsetCommitRecord, { offset: recordOffset, producerId }: Placement): void {
    if (value === null) return this.#forget(group, topic, partition)
    const offset = { ...value, recordOffset }
    if (producerId < 0) return this.#committed.set(group, topic, partition, offset)
    let pending = this.#pending.get(producerId)
    if (!pending) this.#pending.set(producerId, (pending = new PendingOffsets()))
    pending.groups.add(group)
    pending.set(group, topic, partition, offset)
    const producers = this.#producersOf.get(group)
    if (producers) producers.add(producerId)
    else this.#producersOf.set(group, new Set([producerId]))
  }

  #forget(group: string, topic: string, partition: number): void {
    this.#committed.delete(group, topic, partition)
    for (const producerId of this.#producersOf.get(group) ?? []) this.#pending.get(producerId)?.delete(group, topic, partition)
  }

  /** A producer's transaction has ended. */
  transactionEnded(producerId: number, committed: boolean): void {
    const pending = this.#pending.get(producerId)
    if (!pending) return
    this.#pending.delete(producerId)
    for (const group of pending.groups) {
      const producers = this.#producersOf.get(group)
      producers?.delete(producerId)
      if (producers?.size === 0) this.#producersOf.delete(group)
    }
    if (!committed) return
    for (const [group, topics] of pending.byGroup) {
      for (const [topic, partitions] of topics) {
        for (const [partition, offset] of partitions) {
          const newest = this.#committed.get(group, topic, partition)
          if (!newest || offset.recordOffset > newest.recordOffset) this.#committed.set(group, topic, partition, offset)
        }
      }
    }
  }
}
