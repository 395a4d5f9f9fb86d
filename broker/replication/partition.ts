/**
 * One partition as this broker holds it: its log, who leads it, and how far it is committed.
 * Owns: the high watermark, and who waits for it to move. Never: the bytes (the log's), or the decision who leads (the cluster's).
 * Invariants: start offset <= high watermark <= written end <= end; the high watermark never goes back while the log lives.
 */
import assert from 'node:assert/strict'
import type { PartitionLog } from '../log/partition-log.ts'
import { LinkedList, type ListNode } from './linked-list.ts'

export type Offset = number

/** Told when more of a partition may be read, or when it can no longer be read here. */
export interface Watcher {
  partitionMoved(partition: Partition): void
}

export type Watch = ListNode<Watcher>

export class Partition {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  /** Of a topic that brokers keep their own state in. */
  readonly isInternal: boolean
  readonly log: PartitionLog
  readonly #watchers = new LinkedList<Watcher>()
  #leaderEpoch: number
  #leading = false
  #replicas = 1
  #inSyncReplicas = 1

  constructor({ name, id, isInternal }: { name: string; id: string; isInternal: boolean }, index: number, log: PartitionLog) {
    this.topic = name
    this.topicId = id
    this.index = index
    this.isInternal = isInternal
    this.log = log
    this.#leaderEpoch = -1
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  get isLeader(): boolean {
    return this.#leading
  }

  /** Are as many replicas in sync as `min.insync.replicas` asks for? Of a partition that has fewer, it asks for all of them. */
  get hasEnoughInSync(): boolean {
    return this.#inSyncReplicas >= Math.min(this.log.config.minInsyncReplicas, this.#replicas)
  }

  get highWatermark(): Offset {
    return this.log.highWatermark
  }

  get lastStableOffset(): Offset {
    return this.log.lastStableOffset
  }

  /** This broker leads from now on, in `epoch`. With no followers, all that is written is committed. */
  lead(epoch: number, { replicas, inSync }: { replicas: number; inSync: number }): void {
    assert(epoch >= this.#leaderEpoch, 'a leader epoch never goes back')
    this.#replicas = replicas
    this.#inSyncReplicas = inSync
    if (this.#leading && epoch === this.#leaderEpoch) return
    this.#leaderEpoch = epoch
    this.#leading = true
    this.log.assignEpoch(epoch)
    this.written()
  }

  /** Its log was read anew, and may end elsewhere. It begins its epoch again in `lead`. */
  reopened(): void {
    this.#leading = false
  }

  /** The log's written end moved: commit what every in-sync replica has, and wake who waits for it. */
  written(): void {
    const committed = this.log.writtenEnd
    if (committed <= this.log.highWatermark) return
    this.log.highWatermark = committed
    this.notify()
  }

  /** Something a waiting reader looks at has changed: the high watermark, the start offset, leadership, or the disk. */
  notify(): void {
    if (this.#watchers.isEmpty) return
    for (const watcher of this.#watchers.values()) watcher.partitionMoved(this)
  }

  /** What is returned ends it. */
  watch(watcher: Watcher): Watch {
    return this.#watchers.add(watcher)
  }

  unwatch(watch: Watch): void {
    this.#watchers.remove(watch)
  }

  /**
   * DeleteRecords: nothing below `offset` is readable any more. The new start offset; -1 stands for the high watermark.
   * `undefined`: beyond the high watermark, or negative.
   */
  deleteRecordsBefore(offset: Offset): Offset | undefined {
    const before = offset === -1 ? this.highWatermark : offset
    if (before < 0 || before > this.highWatermark) return undefined
    this.log.deleteRecordsBefore(before)
    this.notify()
    return this.log.startOffset
  }

  /** No longer here: deleted, or the broker is closing. Readers that wait are told. */
  retire(): void {
    this.#leading = false
    this.notify()
  }
}
