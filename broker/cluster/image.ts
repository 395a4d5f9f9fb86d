/**
 * The cluster image: all that the metadata log says, folded into one immutable value.
 * Owns: the shapes. Never: changes one that exists (fold.ts makes the next), asks the world, or knows how records are kept.
 * What a record did not touch is the same object in the next image, so that `===` tells whether a topic changed.
 */
import { PersistentMap } from './persistent-map.ts'
import type { CarriedRecord } from './records.ts'
import { type Configs, resourceKey, ResourceType, usableConfigs } from './resource-configs.ts'

export interface PartitionImage {
  readonly index: number
  /** Broker ids, the preferred leader first. */
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly addingReplicas: readonly number[]
  /** By replica: the id of the log directory that holds it. */
  readonly directories: readonly string[]
  readonly eligibleLeaderReplicas: readonly number[]
  readonly lastKnownElr: readonly number[]
  /** -1: none. */
  readonly leader: number
  readonly leaderRecoveryState: number
  readonly leaderEpoch: number
  /** Rises with every change of the partition. */
  readonly partitionEpoch: number
}

export interface TopicImage {
  readonly name: string
  readonly id: string
  /** Brokers keep their own state in it (internal-topics.ts): clients read it, and don't write. */
  readonly isInternal: boolean
  /** By index, without gaps. */
  readonly partitions: readonly PartitionImage[]
}

export interface Endpoint {
  readonly host: string
  readonly port: number
  /** SecurityProtocol: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
  readonly securityProtocol: number
}

export interface BrokerImage {
  readonly id: number
  readonly epoch: number
  readonly incarnationId: string
  /** By listener name. */
  readonly endpoints: ReadonlyMap<string, Endpoint>
  readonly rack: string | null
  readonly features: readonly { name: string; minSupportedVersion: number; maxSupportedVersion: number }[]
  /** Takes no leadership, and clients are not told of it. */
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  readonly logDirs: readonly string[]
}

const noConfigs: Configs = new Map()

export interface ImageParts {
  readonly topics: PersistentMap<string, TopicImage>
  readonly topicsById: PersistentMap<string, TopicImage>
  readonly topicsByCollisionKey: PersistentMap<string, string>
  /** By `resourceKey`, as they stand in the log. */
  readonly configs: PersistentMap<string, Configs>
  readonly brokers: PersistentMap<number, BrokerImage>
  readonly features: PersistentMap<string, number>
  readonly nextProducerId: number
  readonly carried: readonly CarriedRecord[]
}

export class ClusterImage implements ImageParts {
  static readonly empty = new ClusterImage({
    topics: PersistentMap.of(),
    topicsById: PersistentMap.of(),
    topicsByCollisionKey: PersistentMap.of(),
    configs: PersistentMap.of(),
    brokers: PersistentMap.of(),
    features: PersistentMap.of(),
    nextProducerId: 0,
    carried: [],
  })

  readonly topics: PersistentMap<string, TopicImage>
  readonly topicsById: PersistentMap<string, TopicImage>
  /** Names with dots or underscores in them, by what they become when both are one (topic-name.ts). */
  readonly topicsByCollisionKey: PersistentMap<string, string>
  readonly configs: PersistentMap<string, Configs>
  readonly brokers: PersistentMap<number, BrokerImage>
  /** Finalized levels by feature: `metadata.version`, `group.version`, … */
  readonly features: PersistentMap<string, number>
  /** The first producer id that no block handed out so far holds. */
  readonly nextProducerId: number
  /** What is kept for others, in the log's order. */
  readonly carried: readonly CarriedRecord[]

  constructor(parts: ImageParts) {
    this.topics = parts.topics
    this.topicsById = parts.topicsById
    this.topicsByCollisionKey = parts.topicsByCollisionKey
    this.configs = parts.configs
    this.brokers = parts.brokers
    this.features = parts.features
    this.nextProducerId = parts.nextProducerId
    this.carried = parts.carried
  }

  topicName(id: string): string | undefined {
    return this.topicsById.get(id)?.name
  }

  partition(topic: string, index: number): PartitionImage | undefined {
    return this.topics.get(topic)?.partitions[index]
  }

  /** What is set on the resource itself and means something here; empty where nothing is. The resource '' of type BROKER is all brokers. */
  configsOf(type: number, resource: string): Configs {
    const configs = this.configs.get(resourceKey(type, resource))
    return configs ? usableConfigs(type, configs) : noConfigs
  }

  topicConfigs(topic: string): Configs {
    return this.configsOf(ResourceType.TOPIC, topic)
  }
}
