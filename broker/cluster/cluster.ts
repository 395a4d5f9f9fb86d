/**
 * The cluster as this broker knows it: the image, and the one way to change it.
 * Owns: the order of changes. Each is planned (pure) against the image that all earlier ones lead to, appended to the metadata log, and
 * answered when the log cannot lose it; only then is it in `image`, so nothing is ever seen that a crash could take back.
 * Never: decides what a change is (the plans do), or opens partitions (replicas follow `onChange`).
 */
import assert from 'node:assert/strict'
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import { randomUuid } from '../../client/protocol/uuid.ts'
import type { Settings } from '../config/settings.ts'
import type { Logger } from '../metrics/logger.ts'
import type { Random } from '../platform/random.ts'
import { type ChangeListener, changeOf } from './change.ts'
import { fold } from './fold.ts'
import { ClusterImage } from './image.ts'
import { type InternalTopic, internalTopic } from './internal-topics.ts'
import { recordsOf } from './image-records.ts'
import type { MetadataLog, Offset } from './metadata-log/metadata-log.ts'
import type { Fault, Plan } from './plan.ts'
import { planProducerIdBlock, ProducerIds } from './producer-ids.ts'
import type { MetadataRecord } from './records.ts'
import { type Findings, type PartitionFolder, planReconcile } from './reconciliation.ts'
import { planRegister, type Registration } from './registration.ts'
import { parseResourceKey, usableConfigs } from './resource-configs.ts'
import { type NewTopic, planCreateTopics } from './topic-creation.ts'
import { topicNameFault } from './topic-name.ts'
import { Transactions } from './transactions.ts'

export interface ClusterOptions {
  readonly brokerId: number
  readonly clusterId: string
  readonly log: MetadataLog
  /** The settings as they stand when asked. */
  settings(): Settings
  readonly random: Random
  readonly logger: Logger
}

/** The metadata log takes no more: its disk failed. The next change tries again. */
export class MetadataUnavailable implements Fault {
  readonly errorCode = ErrorCode.KAFKA_STORAGE_ERROR
  readonly errorMessage = 'The metadata log cannot be written: the disk failed.'
  readonly cause: unknown

  constructor(cause: unknown) {
    this.cause = cause
  }
}

export class Cluster {
  readonly brokerId: number
  readonly clusterId: string
  readonly #log: MetadataLog
  readonly #settings: () => Settings
  readonly #random: Random
  readonly #logger: Logger
  readonly #listeners: ChangeListener[] = []
  readonly #producerIds: ProducerIds
  #image = ClusterImage.empty
  /** After the last entry that is in `image`. */
  #committedEnd: Offset = 0
  /** The image that all that is under way leads to: what the next plan sees. */
  #ahead = ClusterImage.empty
  #aheadEnd: Offset = 0
  /** Settles when all that is under way is committed, or nothing of it ever will be. */
  #settled: Promise<MetadataUnavailable | undefined> = Promise.resolve(undefined)
  /** Set from a failed append until the log was read again. */
  #recovery: Promise<MetadataUnavailable | undefined> | undefined
  #isBroken = false
  /** Of the topics whose deletion was loaded, until `reconcile` has seen to them. */
  #deletedIds: ReadonlySet<string> = new Set()
  #snapshot: Promise<void> = Promise.resolve()

  constructor(options: ClusterOptions) {
    this.brokerId = options.brokerId
    this.clusterId = options.clusterId
    this.#log = options.log
    this.#settings = options.settings
    this.#random = options.random
    this.#logger = options.logger
    this.#producerIds = new ProducerIds(async () => {
      const block = await this.change(planProducerIdBlock(this.brokerId))
      return block instanceof MetadataUnavailable ? undefined : block
    })
  }

  /** All that is committed. */
  get image(): ClusterImage {
    return this.#image
  }

  /** How many entries of the metadata log the image is made of: its age. */
  get end(): Offset {
    return this.#committedEnd
  }

  /** Who decides: with one broker, this one. */
  get controllerId(): number {
    return this.brokerId
  }

  /** Calls back after each change of the image, in order; `start` tells of all that was loaded as one change. */
  onChange(listener: ChangeListener): void {
    this.#listeners.push(listener)
  }

  /** Loads the metadata log. Throws DirectoryRefused or DiskError. */
  async start(): Promise<void> {
    const transactions = new Transactions()
    const loaded: MetadataRecord[] = []
    for await (const { records, end } of this.#log.load()) {
      for (const record of transactions.settled(records)) loaded.push(record)
      this.#committedEnd = end
    }
    this.#deletedIds = new Set(loaded.flatMap((record) => (record.name === 'RemoveTopicRecord' ? record.value.topicId : [])))
    this.#commit(fold(this.#image, loaded), this.#committedEnd, loaded)
    this.#ahead = this.#image
    this.#aheadEnd = this.#committedEnd
    if (transactions.isOpen) {
      const aborted = await this.change(() => ({
        records: [{ name: 'AbortTransactionRecord', value: { reason: null } }],
        reply: undefined,
      }))
      if (aborted instanceof MetadataUnavailable) throw aborted.cause
    }
    this.#warnOfConfigs()
    const { topics, brokers } = this.#image
    this.#logger.info({ entries: this.#committedEnd, topics: topics.size, brokers: brokers.size }, 'loaded the cluster metadata')
  }

  /**
   * Takes in what the disk holds besides: see reconciliation.ts. After `start`, before anybody connects.
   * The folders of deleted topics, whose files are still to be deleted. Throws DiskError.
   */
  async reconcile(findings: Findings): Promise<readonly PartitionFolder[]> {
    const context = { brokerId: this.brokerId, newId: () => randomUuid(this.#random), deletedIds: this.#deletedIds }
    const found = await this.change(planReconcile(findings, context))
    if (found instanceof MetadataUnavailable) throw found.cause
    this.#deletedIds = new Set()
    const { adopted, deleted, strays } = found
    if (adopted.length > 0) this.#logger.warn({ topics: adopted }, 'adopted topics that were on disk and in no metadata')
    if (strays.length > 0) {
      const folders = strays.map(({ topic, partition }) => `${topic}-${partition}`)
      this.#logger.warn({ folders }, 'left partition folders alone that belong to no topic')
    }
    return deleted
  }

  /** This broker is here, at these endpoints, and may lead. Throws DiskError. */
  async register(registration: Registration): Promise<void> {
    const context = { brokerId: this.brokerId, incarnationId: randomUuid(this.#random) }
    const registered = await this.change(planRegister(registration, context))
    if (registered instanceof MetadataUnavailable) throw registered.cause
  }

  /** Plans, appends, and answers when it is durable. A plan without records waits as well: what it saw might still be lost. */
  async change<R>(plan: Plan<R>): Promise<R | MetadataUnavailable> {
    if (this.#isBroken) {
      this.#recovery ??= this.#recover()
      const failed = await this.#recovery
      if (failed) return failed
    }
    const { records, reply } = plan(this.#ahead, this.#aheadEnd)
    if (records.length > 0) this.#append(records)
    return (await this.#settled) ?? reply
  }

  /** Makes topics that are not there, as `auto.create.topics.enable` says. The error code of each one asked for. */
  async ensureTopics(names: readonly string[]): Promise<Map<string, number>> {
    return this.#ensure(
      [...new Set(names)].map((name) => ({ name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] })),
    )
  }

  /** Makes a topic for the brokers' own state unless it is there. The error code. */
  async ensureInternalTopic(name: InternalTopic): Promise<number> {
    if (this.#image.topics.has(name)) return ErrorCode.NONE
    const brokers = this.#image.brokers.size
    const codes = await this.#ensure([internalTopic(name, this.#settings(), brokers)])
    const code = codes.get(name) ?? ErrorCode.UNKNOWN_SERVER_ERROR
    // Clients only hear that there is no coordinator; who runs the broker can do something about it.
    if (code !== ErrorCode.NONE)
      this.#logger.error({ topic: name, error: errorOf(code).name }, 'An internal topic cannot be made, so nothing can be coordinated')
    return code
  }

  async #ensure(topics: readonly NewTopic[]): Promise<Map<string, number>> {
    const created = await this.change(planCreateTopics(topics, { ...this.creationContext, validateOnly: false }))
    if (created instanceof MetadataUnavailable) return new Map(topics.map(({ name }) => [name, created.errorCode]))
    const code = (errorCode: number) => (errorCode === ErrorCode.TOPIC_ALREADY_EXISTS ? ErrorCode.NONE : errorCode)
    return new Map(created.map(({ name, errorCode }) => [name, code(errorCode)]))
  }

  /** What a plan that makes topics needs besides the image. */
  get creationContext() {
    return { settings: this.#settings(), newId: () => randomUuid(this.#random), turn: () => Math.floor(this.#random.fraction() * 0x1_0000) }
  }

  isValidTopicName(name: string): boolean {
    return topicNameFault(name) === undefined
  }

  /** The error code for a topic that is asked for by a name that none has. */
  unknownTopicCode(name: string): number {
    return this.isValidTopicName(name) ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION
  }

  /** A producer id that nobody ever had; -1 when the metadata log cannot say so. */
  nextProducerId(): Promise<number> {
    return this.#producerIds.next()
  }

  /** When all that is under way is settled. */
  async close(): Promise<void> {
    await this.#settled
    await this.#snapshot
  }

  #append(records: readonly MetadataRecord[]): void {
    const image = fold(this.#ahead, records)
    const end = this.#aheadEnd + records.length
    const appended = this.#log.appendAfter(this.#aheadEnd, records)
    this.#ahead = image
    this.#aheadEnd = end
    this.#settled = Promise.all([this.#settled, appended.then(() => undefined, this.#failed)]).then(([earlier, failed]) => {
      if (earlier ?? failed) return earlier ?? failed
      this.#commit(image, end, records)
      return undefined
    })
  }

  readonly #failed = (cause: unknown): MetadataUnavailable => {
    if (!this.#isBroken) this.#logger.error({ error: String(cause) }, 'the metadata log takes no changes')
    this.#isBroken = true
    return new MetadataUnavailable(cause)
  }

  #commit(image: ClusterImage, end: Offset, records: readonly MetadataRecord[]): void {
    assert(end >= this.#committedEnd, 'the metadata log never goes back')
    const previous = this.#image
    this.#image = image
    this.#committedEnd = end
    const change = changeOf(previous, image, records)
    for (const listener of this.#listeners) listener(change)
    if (this.#log.wantsSnapshot) this.#snapshot = this.#log.snapshot(end, recordsOf(image))
  }

  /** What reached the disk although it was said to have failed has happened; all else has not. */
  async #recover(): Promise<MetadataUnavailable | undefined> {
    await this.#settled
    try {
      for await (const { records, end } of this.#log.readFrom(this.#committedEnd)) this.#commit(fold(this.#image, records), end, records)
    } catch (cause) {
      return new MetadataUnavailable(cause)
    } finally {
      this.#recovery = undefined
    }
    this.#ahead = this.#image
    this.#aheadEnd = this.#committedEnd
    this.#settled = Promise.resolve(undefined)
    this.#isBroken = false
    this.#logger.info({ entries: this.#committedEnd }, 'the metadata log takes changes again')
    return undefined
  }

  /** Kafka knows settings that mean nothing here. They are kept, not heeded. */
  #warnOfConfigs(): void {
    const unused: string[] = []
    for (const [key, configs] of this.#image.configs) {
      const { type, resource } = parseResourceKey(key)
      const usable = usableConfigs(type, configs)
      for (const name of configs.keys()) if (!usable.has(name)) unused.push(`${name} of ${resource === '' ? 'all brokers' : resource}`)
    }
    if (unused.length > 0)
      this.#logger.warn({ settings: unused }, 'settings in the metadata that this broker cannot use are kept and not heeded')
  }
}
