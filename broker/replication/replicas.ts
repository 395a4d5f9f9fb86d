/**
 * The partitions that this broker holds.
 * Owns: which logs are open, following the cluster image: a partition that appears there is opened, one that leaves is deleted.
 * Never: decides who leads. Handlers ask here for a partition, or for the error that says why there is none.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { LogConfig, LogDirectory } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { Logger } from '../metrics/logger.ts'
import type { Clock } from '../platform/clock.ts'
import type { DiskError } from '../platform/disk.ts'
import { FullDisk } from './full-disk.ts'
import { Partition } from './partition.ts'

/** What a replica must know of the cluster: one topic as the image has it. */
export interface TopicView {
  readonly name: string
  readonly id: string
  readonly isInternal: boolean
  readonly partitions: readonly PartitionView[]
}

interface PartitionView {
  readonly index: number
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

export interface ReplicasOptions {
  readonly brokerId: number
  readonly directory: LogDirectory
  readonly clock: Clock
  readonly logger: Logger
  /** The log's settings for a topic, its own overrides applied. */
  configOf(topic: string): LogConfig
  /** Which of a topic's partitions are led here, or can be, has changed. */
  onServed(topic: string): void
}

export class Replicas {
  readonly #brokerId: number
  readonly #directory: LogDirectory
  readonly #configOf: (topic: string) => LogConfig
  readonly #onServed: (topic: string) => void
  readonly #logger: Logger
  readonly #fullDisk: FullDisk
  readonly #topics = new Map<string, { topic: TopicView; partitions: Partition[] }>()
  readonly #byLog = new Map<PartitionLog, Partition>()

  constructor({ brokerId, directory, clock, logger, configOf, onServed }: ReplicasOptions) {
    this.#brokerId = brokerId
    this.#directory = directory
    this.#configOf = configOf
    this.#onServed = onServed
    this.#logger = logger
    this.#fullDisk = new FullDisk({ clock, space: directory.space, reopen: (partition) => this.#reopen(partition) })
  }

  get(topic: string, index: number): Partition | undefined {
    return this.#topics.get(topic)?.partitions[index]
  }

  *all(): Generator<Partition> {
    for (const { partitions } of this.#topics.values()) yield* partitions
  }

  /** Bytes and partitions of each topic held here. */
  *sizes(): Generator<{ topic: string; bytes: number; partitions: number }> {
    for (const [topic, { partitions }] of this.#topics) {
      yield { topic, bytes: partitions.reduce((bytes, { log }) => bytes + log.sizeBytes, 0), partitions: partitions.length }
    }
  }

  /** How many partitions the disk has taken out of service. */
  get offlineCount(): number {
    let count = 0
    for (const { log } of this.all()) if (log.offline) count++
    return count
  }

  /** Why there is no such partition here. */
  errorFor(_topic: string, _index: number): number {
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  }

  /** NONE, or why this broker cannot answer for the partition to somebody who believes in `epoch` (-1: any). */
  checkLeader(partition: Partition, epoch: number): number {
    if (partition.log.offline) return ErrorCode.KAFKA_STORAGE_ERROR
    if (epoch !== -1 && epoch < partition.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH
    if (epoch !== -1 && epoch > partition.leaderEpoch) return ErrorCode.UNKNOWN_LEADER_EPOCH
    return partition.isLeader ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER
  }

  /** Calls back when all that this turn appended is in the page cache, or its log is offline. */
  afterWrite(callback: () => void): void {
    this.#directory.afterWrite(callback)
  }

  /**
   * Calls back once everything below `end` is as safe as the topic's `stele.ack.durability` asks, or with why it never will be. At once where
   * that is known.
   */
  whenCommitted({ log }: Partition, end: number, callback: (failed?: DiskError) => void): void {
    if (log.config.ackDurability === 'disk' || log.offline) log.durable(end, callback)
    else if (log.writtenEnd >= end) callback()
    else this.afterWrite(() => callback(log.offline))
  }

  /** How many partitions the topic has; 0 of one that is not there. */
  partitionCount(topic: string): number {
    return this.#topics.get(topic)?.topic.partitions.length ?? 0
  }

  /** The image has this topic, new or changed. */
  topicIs(topic: TopicView): void {
    const known = this.#topics.get(topic.name)
    if (known && known.topic.id !== topic.id) this.topicGone(topic.name)
    const partitions = this.#topics.get(topic.name)?.partitions ?? []
    this.#topics.set(topic.name, { topic, partitions })
    const config = this.#configOf(topic.name)
    for (const assigned of topic.partitions) {
      const partition = partitions[assigned.index] ?? this.#open(topic, assigned.index, config)
      partitions[assigned.index] = partition
      this.#lead(partition, assigned)
    }
    this.#onServed(topic.name)
  }

  #lead(partition: Partition, { leader, leaderEpoch, replicas, isr }: PartitionView): void {
    if (leader !== this.#brokerId || partition.log.offline) return
    partition.lead(leaderEpoch, { replicas: replicas.length, inSync: isr.length })
  }

  #open(topic: TopicView, index: number, config: LogConfig): Partition {
    const log = this.#directory.openLog({ topic: topic.name, partition: index, topicId: topic.id, config })
    const partition = new Partition(topic, index, log)
    this.#byLog.set(log, partition)
    if (log.offline) this.offline(log)
    return partition
  }

  topicGone(name: string): void {
    const held = this.#topics.get(name)
    if (!held) return
    this.#topics.delete(name)
    for (const partition of held.partitions) {
      partition.retire()
      this.#fullDisk.forget(partition)
      this.#byLog.delete(partition.log)
      this.#directory.deleteLog(partition.log)
    }
    this.#onServed(name)
  }

  /** Settings that topics take from the broker, or a topic's own, have changed. */
  reconfigure(name: string): void {
    const held = this.#topics.get(name)
    if (!held) return
    const config = this.#configOf(name)
    for (const partition of held.partitions) partition.log.configure(config)
  }

  /** The directory wrote what `log` had gathered. */
  written(log: PartitionLog): void {
    this.#byLog.get(log)?.written()
  }

  /** The disk failed `log`: readers that wait are told. */
  offline(log: PartitionLog): void {
    const partition = this.#byLog.get(log)
    if (!partition) return
    partition.notify()
    this.#onServed(partition.topic)
    if (log.offline && FullDisk.isCause(log.offline)) this.#fullDisk.wait(partition)
  }

  /** No partition comes back any more: the broker is closing. */
  close(): void {
    this.#fullDisk.stop()
  }

  #reopen(partition: Partition): void {
    const { topic, index, log } = partition
    log.reopen()
    const assigned = this.#topics.get(topic)?.topic.partitions.find((other) => other.index === index)
    if (log.offline || !assigned) return
    this.#logger.warn({ topic, partition: index, end: log.endOffset }, 'The disk has room again: the partition is back in service')
    partition.reopened()
    this.#lead(partition, assigned)
    this.#onServed(topic)
  }
}
