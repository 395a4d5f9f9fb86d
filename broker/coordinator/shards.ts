/**
 * A coordinator's internal topic: a shard for each partition that this broker leads, found by the id of a group or transaction.
 * Owns: which shards there are, following the partitions. Never: makes the topic, or knows what the records mean.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { Logger } from '../metrics/logger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Partition } from '../replication/partition.ts'
import type { Replicas } from '../replication/replicas.ts'
import { CoordinatorError } from './coordinator-error.ts'
import { partitionFor } from './partition-for.ts'
import { Shard } from './shard.ts'
import type { RecordCodec, StateMachine } from './state-machine.ts'

export interface ShardsOptions<R, M extends StateMachine<R>> {
  /** `__consumer_offsets` or `__transaction_state`. */
  readonly topic: string
  readonly replicas: Replicas
  readonly codec: RecordCodec<R>
  readonly clock: Clock
  readonly logger: Logger
  /** A machine without state, for one partition and one epoch of leadership. */
  machine(partition: Partition): M
}

export class Shards<R, M extends StateMachine<R>> {
  readonly topic: string
  readonly #options: ShardsOptions<R, M>
  readonly #shards = new Map<number, Shard<R, M>>()
  #isClosed = false

  constructor(options: ShardsOptions<R, M>) {
    this.topic = options.topic
    this.#options = options
  }

  /** How many partitions the topic has; 0: it is not there yet. */
  get partitionCount(): number {
    return this.#options.replicas.partitionCount(this.topic)
  }

  /** Throws CoordinatorError: no topic yet, or not coordinated here. It may still be loading: its requests say so. */
  of(id: string): Shard<R, M> {
    if (this.partitionCount === 0) throw new CoordinatorError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    const shard = this.#shards.get(partitionFor(id, this.partitionCount))
    if (!shard) throw new CoordinatorError(ErrorCode.NOT_COORDINATOR)
    return shard
  }

  /** Of a partition; undefined where it is not led here. */
  at(partition: number): Shard<R, M> | undefined {
    return this.#shards.get(partition)
  }

  all(): IterableIterator<Shard<R, M>> {
    return this.#shards.values()
  }

  /** The topic's partitions have changed: came, went, are led in another epoch, failed or came back. */
  follow(): void {
    if (this.#isClosed) return
    const { replicas } = this.#options
    for (let index = 0; index < this.partitionCount; index++) {
      const partition = replicas.get(this.topic, index)
      const isServed = partition?.isLeader && !partition.log.offline
      const shard = this.#shards.get(index)
      if (shard && (!isServed || shard.partition !== partition || shard.leaderEpoch !== partition.leaderEpoch || shard.stage === 'ended')) {
        shard.end()
        this.#shards.delete(index)
      }
      if (isServed && !this.#shards.has(index)) this.#begin(partition)
    }
    for (const [index, shard] of this.#shards) {
      if (index < this.partitionCount) continue
      shard.end()
      this.#shards.delete(index)
    }
  }

  #begin(partition: Partition): void {
    const { replicas, codec, clock, logger } = this.#options
    const machine = this.#options.machine(partition)
    const shard: Shard<R, M> = new Shard({ partition, replicas, machine, codec, clock, logger, onFailed: () => this.#failed(shard) })
    this.#shards.set(partition.index, shard)
    void shard.load()
  }

  /** It is loaded anew in a while; a disk that is gone would fail it again at once. */
  #failed(shard: Shard<R, M>): void {
    if (this.#shards.get(shard.partition.index) === shard) this.#shards.delete(shard.partition.index)
    this.#options.clock.after(retryMillis, () => this.follow())
  }

  /** Who waits is told to look elsewhere. */
  close(): void {
    this.#isClosed = true
    for (const shard of this.#shards.values()) shard.end()
    this.#shards.clear()
  }
}

const retryMillis = 1000
