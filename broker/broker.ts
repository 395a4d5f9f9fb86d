/**
 * One broker, put together: from a platform and settings to a listening node.
 * Owns: the order in which the parts start and stop. Never: does their work, reads argv, or touches the world itself.
 */
import { zeroUuid } from '../client/protocol/uuid.ts'
import { FetchSessions } from './api/fetch-session.ts'
import { Purgatory } from './api/purgatory.ts'
import type { Services } from './api/services.ts'
import { servedApis } from './api/table.ts'
import type { ImageChange } from './cluster/change.ts'
import { Cluster } from './cluster/cluster.ts'
import type { ClusterImage, Endpoint } from './cluster/image.ts'
import { transactionVersion } from './cluster/features.ts'
import { parseResourceKey, ResourceType, resourceKey } from './cluster/resource-configs.ts'
import { offsetsTopic, transactionsTopic } from './cluster/internal-topics.ts'
import { TopicViews } from './cluster/topic-views.ts'
import { EmbeddedMetadataLog } from './cluster/metadata-log/embedded.ts'
import { connectionOverrides } from './config/connection-overrides.ts'
import { endpointsOf } from './config/endpoints.ts'
import { boundedGroupSettings } from './config/group-settings.ts'
import { isWildcard } from './config/listeners.ts'
import type { Settings } from './config/settings.ts'
import type { Gateway } from './gateway/gateway.ts'
import { GroupCoordinator } from './groups/group-coordinator.ts'
import { LogDirectory } from './log/log-directory.ts'
import type { Sources } from './metrics/broker-metrics.ts'
import type { Logger } from './metrics/logger.ts'
import type { Address } from './platform/network.ts'
import type { Platform } from './platform/platform.ts'
import { Replicas } from './replication/replicas.ts'
import { Dispatcher } from './server/dispatch.ts'
import { Server, type TrafficMetrics } from './server/server.ts'
import { LocalMarkers } from './transactions/local-markers.ts'
import { TransactionCoordinator } from './transactions/transaction-coordinator.ts'

export interface BrokerOptions {
  readonly platform: Platform
  readonly settings: Settings
  readonly logger: Logger
  readonly metrics: TrafficMetrics & { flushed(seconds: number): void }
  /** Told of a broken invariant. The broker must be thrown away; starting it again recovers it. */
  onFatal(error: unknown): void
}

const plaintext = 0

export class Broker {
  readonly directory: LogDirectory
  readonly cluster: Cluster
  readonly replicas: Replicas
  readonly server: Server
  readonly purgatory: Purgatory
  readonly transactions: TransactionCoordinator
  readonly groups: GroupCoordinator
  /** By listener name: where it really listens. */
  readonly addresses = new Map<string, Address>()
  readonly #options: BrokerOptions
  /** Each keeps its state in an internal topic. */
  readonly #coordinators: { readonly topic: string; follow(): void; close(): void }[] = []
  /** What handlers are given. */
  readonly services: Services
  #settings: Settings
  #gateway: Gateway | undefined
  #closing: Promise<void> | undefined

  private constructor(options: BrokerOptions) {
    const { platform, logger } = options
    const { clock, random } = platform
    this.#options = options
    this.#settings = options.settings
    const settings = () => this.#settings
    const { nodeId } = options.settings
    this.directory = LogDirectory.open({
      platform,
      path: options.settings.dataDirectory,
      nodeId,
      settings: directorySettings(options.settings),
      cleaner: () => cleanerSettings(this.#settings),
      logger: logger.child({ part: 'log' }),
      onWritten: (log) => this.replicas.written(log),
      onOffline: (log) => this.replicas.offline(log),
      onFlushed: (seconds) => options.metrics.flushed(seconds),
    })
    this.replicas = new Replicas({
      brokerId: nodeId,
      directory: this.directory,
      clock,
      logger: logger.child({ part: 'replication' }),
      configOf: (topic) => this.#settings.logConfig(this.cluster.image.topicConfigs(topic)),
      onServed: (topic) => this.#coordinators.find((coordinator) => coordinator.topic === topic)?.follow(),
    })
    this.cluster = new Cluster({
      brokerId: nodeId,
      clusterId: this.directory.clusterId,
      log: EmbeddedMetadataLog.open({ platform, directory: this.directory, logger: logger.child({ part: 'cluster' }) }),
      settings,
      random,
      logger: logger.child({ part: 'cluster' }),
    })
    this.purgatory = new Purgatory(clock)
    const fetchSessions = new FetchSessions(options.settings.get('max.incremental.fetch.session.cache.slots'), random)
    this.transactions = this.#transactionCoordinator()
    this.groups = this.#groupCoordinator()
    this.#coordinators.push(this.transactions, this.groups.shards)
    const services: Services = (this.services = {
      cluster: this.cluster,
      replicas: this.replicas,
      directory: this.directory,
      get settings() {
        return settings()
      },
      clock,
      random,
      purgatory: this.purgatory,
      fetchSessions,
      transactions: this.transactions,
      groups: this.groups,
    })
    const dispatcher = new Dispatcher({ apis: servedApis(), services, metrics: options.metrics, fatal: (error) => options.onFatal(error) })
    this.server = new Server({
      network: platform.network,
      clock,
      dispatcher,
      metrics: options.metrics,
      settings: () => serverSettings(this.#settings),
      logger: logger.child({ part: 'server' }),
    })
  }

  #groupCoordinator(): GroupCoordinator {
    const { clock, random } = this.#options.platform
    const logger = this.#options.logger.child({ part: 'groups' })
    return new GroupCoordinator({
      topic: offsetsTopic,
      replicas: this.replicas,
      clock,
      random,
      logger,
      topics: new TopicViews(this.cluster),
      settings: () => this.#settings,
      configsOf: (groupId) => boundedGroupSettings(this.#settings, this.cluster.image.configsOf(ResourceType.GROUP, groupId)),
    })
  }

  #transactionCoordinator(): TransactionCoordinator {
    const { cluster, replicas } = this
    const { clock } = this.#options.platform
    return new TransactionCoordinator({
      topic: transactionsTopic,
      replicas,
      clock,
      logger: this.#options.logger.child({ part: 'transactions' }),
      markerWriter: new LocalMarkers({
        replicas,
        clock,
        offsetsTopic,
        exists: (topic, index) => cluster.image.topics.get(topic)?.partitions[index] !== undefined,
        offsetsShard: (index) => this.groups.shards.at(index),
      }),
      times: () => transactionTimes(this.#settings),
      version: () => transactionVersion(cluster.image),
      nextProducerId: () => cluster.nextProducerId(),
    })
  }

  /** Recovers the data directory and listens. Throws ConfigError, DirectoryRefused or DiskError. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const endpoints = endpointsOf(options.settings)
    const broker = new Broker(options)
    try {
      for (const warning of endpoints.warnings) options.logger.warn({}, warning)
      broker.cluster.onChange((change) => broker.#follow(change))
      await broker.cluster.start()
      await broker.#reconcile()
      for (const { name, host, port } of endpoints.listeners) broker.addresses.set(name, await broker.server.listen(name, { host, port }))
      await broker.cluster.register({
        endpoints: broker.#advertised(endpoints.advertised),
        rack: options.settings.get('broker.rack'),
        directoryId: broker.directory.directoryId,
      })
      return broker
    } catch (error) {
      await broker.close()
      throw error
    }
  }

  get settings(): Settings {
    return this.#settings
  }

  /** Streams for whoever comes by WebSocket: loaded when the first one does. */
  async gateway(): Promise<Gateway> {
    const { Gateway } = await import('./gateway/gateway.ts')
    this.#gateway ??= new Gateway({ services: this.services, logger: this.#options.logger.child({ part: 'gateway' }) })
    return this.#gateway
  }

  /** What it tells to whoever scrapes its metrics. */
  sources(): Sources {
    const { server, purgatory, replicas, directory, transactions, groups } = this
    return {
      connections: () => server.connectionCount,
      requestMemoryBytes: () => server.memory.bytesInUse,
      requestsWaiting: () => purgatory.size,
      topicSizes: () => replicas.sizes(),
      partitionsOffline: () => replicas.offlineCount,
      tailCacheBytes: () => directory.tailCache.bytes,
      tailCacheHits: () => directory.tailCache.hits,
      tailCacheMisses: () => directory.tailCache.misses,
      compaction: () => directory.cleanerStatistics,
      streams: () => this.#gateway?.figures(),
      transactions: () => transactions.figures,
      groups: () => groups.figures(),
    }
  }

  /** Answers what was asked, flushes, and leaves the mark of a clean stop. Safe to call at any moment, and twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const drained = Promise.all([this.server.close(), this.#gateway?.close()])
    this.purgatory.close()
    for (const coordinator of this.#coordinators) coordinator.close()
    await drained
    this.replicas.close()
    await this.cluster.close()
    await this.directory.close()
  }

  /** What the disk holds and the metadata does not know; deletions that were interrupted are finished. */
  async #reconcile(): Promise<void> {
    const { wasClean } = this.directory
    const deleted = await this.cluster.reconcile({ folders: this.directory.folders(), wasClean })
    const config = this.#settings.logConfig()
    for (const { topic, partition, topicId = zeroUuid } of deleted) {
      this.directory.deleteLog(this.directory.openLog({ topic, partition, topicId, config }))
    }
  }

  #advertised(said: ReadonlyMap<string, Address>): Map<string, Endpoint> {
    const endpoints = new Map<string, Endpoint>()
    for (const [name, bound] of this.addresses) {
      const here = { host: isWildcard(bound.host) ? this.#options.platform.network.hostName : bound.host, port: bound.port }
      const { host, port } = said.get(name) ?? here
      endpoints.set(name, { host, port: port === 0 ? bound.port : port, securityProtocol: plaintext })
    }
    return endpoints
  }

  /** The image changed: open, delete and reconfigure what it says. */
  #follow({ previous, image, topics, configs }: ImageChange): void {
    if (this.#settingsTouched(configs)) {
      const allBrokers = image.configsOf(ResourceType.BROKER, '')
      const thisBroker = image.configsOf(ResourceType.BROKER, String(this.cluster.brokerId))
      this.#settings = this.#options.settings.withDynamic(allBrokers, thisBroker)
      for (const name of image.topics.keys()) this.replicas.reconfigure(name)
    }
    for (const name of topics) {
      const topic = image.topics.get(name)
      const gone = previous.topics.get(name)
      if (gone && gone.id !== topic?.id) this.groups.topicGone(name, gone.id)
      if (topic) this.replicas.topicIs(topic)
      else this.replicas.topicGone(name)
    }
    if (topics.size > 0)
      this.groups.topicsChanged(
        topics,
        [...topics].some((name) => isNewTopic(name, image, previous)),
      )
    for (const key of configs) {
      const { type, resource } = parseResourceKey(key)
      if (type === ResourceType.TOPIC) this.replicas.reconfigure(resource)
    }
  }

  #settingsTouched(configs: ReadonlySet<string>): boolean {
    const mine = String(this.cluster.brokerId)
    return configs.has(resourceKey(ResourceType.BROKER, '')) || configs.has(resourceKey(ResourceType.BROKER, mine))
  }
}

function isNewTopic(name: string, image: ClusterImage, previous: ClusterImage): boolean {
  const topic = image.topics.get(name)
  return topic !== undefined && previous.topics.get(name)?.id !== topic.id
}

function directorySettings(settings: Settings) {
  return {
    tailCacheBytes: settings.get('stele.tail.cache.bytes'),
    commitJournalBytes: settings.get('stele.commit.journal.bytes'),
    writeLaterBytesMin: settings.get('stele.write.later.bytes'),
    journaledLogsMin: settings.get('stele.commit.journal.partitions.min'),
    recoveryPointCheckpointMillis: settings.get('log.flush.offset.checkpoint.interval.ms'),
    startOffsetCheckpointMillis: settings.get('log.flush.start.offset.checkpoint.interval.ms'),
    retentionCheckMillis: settings.get('log.retention.check.interval.ms'),
    flushCheckMillis: settings.get('log.flush.scheduler.interval.ms'),
    producerIdExpirationMillis: settings.get('producer.id.expiration.ms'),
  }
}

function transactionTimes(settings: Settings) {
  return {
    abortCheckMillis: settings.get('transaction.abort.timed.out.transaction.cleanup.interval.ms'),
    expiryCheckMillis: settings.get('transaction.remove.expired.transaction.cleanup.interval.ms'),
    expirationMillis: settings.get('transactional.id.expiration.ms'),
    patienceMillis: settings.get('add.partitions.to.txn.retry.backoff.max.ms'),
  }
}

function cleanerSettings(settings: Settings) {
  return {
    enabled: settings.get('log.cleaner.enable'),
    threads: settings.get('log.cleaner.threads'),
    dedupeBytes: settings.get('log.cleaner.dedupe.buffer.size'),
    dedupeLoadFactor: settings.get('log.cleaner.io.buffer.load.factor'),
    ioBytes: settings.get('log.cleaner.io.buffer.size'),
    bytesPerSecond: settings.get('log.cleaner.io.max.bytes.per.second'),
    backoffMillis: settings.get('log.cleaner.backoff.ms'),
  }
}

function serverSettings(settings: Settings) {
  return {
    frameBytesMax: settings.get('socket.request.max.bytes'),
    requestMemoryBytesMax: settings.get('queued.max.request.bytes'),
    connectionsMax: settings.get('max.connections'),
    connectionsPerHostMax: settings.get('max.connections.per.ip'),
    connectionsOfHostMax: connectionOverrides(settings.get('max.connections.per.ip.overrides')),
    idleMillisMax: settings.get('connections.max.idle.ms'),
  }
}
