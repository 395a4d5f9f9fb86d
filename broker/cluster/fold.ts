/**
 * Folding: an image and the records after it give the next image. Pure.
 * Owns: what each metadata record does to the image. Never: checks whether a change was allowed; what is in the log has happened.
 * All changes of one fold are gathered first, so that a topic of a thousand partitions costs a thousand steps.
 */
import assert from 'node:assert/strict'
import type { PartitionChangeRecord } from '../../client/protocol/messages/records/partition-change-record.ts'
import type { PartitionRecord } from '../../client/protocol/messages/records/partition-record.ts'
import type { RegisterBrokerRecord } from '../../client/protocol/messages/records/register-broker-record.ts'
import { type BrokerImage, ClusterImage, type PartitionImage } from './image.ts'
import { isInternalTopic } from './internal-topics.ts'
import { ResourceType, resourceKey } from './resource-configs.ts'
import type { CarriedRecord, MetadataRecord } from './records.ts'
import { collisionKey, mayCollide } from './topic-name.ts'

/** A topic while it is being changed. */
interface TopicDraft {
  readonly name: string
  readonly id: string
  readonly isInternal: boolean
  readonly partitions: PartitionImage[]
}

export function fold(image: ClusterImage, records: Iterable<MetadataRecord>): ClusterImage {
  const draft = new Draft(image)
  for (const record of records) draft.apply(record)
  return draft.sealed()
}

const keepLeader = -2

class Draft {
  readonly #image: ClusterImage
  /** By id; `undefined` once removed. */
  readonly #topics = new Map<string, TopicDraft | undefined>()
  readonly #names = new Map<string, TopicDraft | undefined>()
  readonly #collisions = new Map<string, string | undefined>()
  readonly #configs = new Map<string, Map<string, string> | undefined>()
  readonly #brokers = new Map<number, BrokerImage | undefined>()
  readonly #features = new Map<string, number | undefined>()
  readonly #carried: CarriedRecord[] = []
  #nextProducerId: number

  constructor(image: ClusterImage) {
    this.#image = image
    this.#nextProducerId = image.nextProducerId
  }

  sealed(): ClusterImage {
    const { topics, topicsById, topicsByCollisionKey, configs, brokers, features, carried } = this.#image
    return new ClusterImage({
      topics: topics.with(this.#names),
      topicsById: topicsById.with(this.#topics),
      topicsByCollisionKey: topicsByCollisionKey.with(this.#collisions),
      configs: configs.with(this.#configs),
      brokers: brokers.with(this.#brokers),
      features: features.with(this.#features),
      nextProducerId: this.#nextProducerId,
      carried: this.#carried.length === 0 ? carried : [...carried, ...this.#carried],
    })
  }

  apply(record: MetadataRecord): void {
    switch (record.name) {
      case 'TopicRecord': {
        const { name, topicId } = record.value
        const topic: TopicDraft = { name, id: topicId, isInternal: isInternalTopic(name), partitions: [] }
        this.#topics.set(topicId, topic)
        this.#names.set(name, topic)
        if (mayCollide(name)) this.#collisions.set(collisionKey(name), name)
        return
      }
      case 'PartitionRecord': {
        const topic = this.#topic(record.value.topicId)
        if (topic) topic.partitions[record.value.partitionId] = partitionOf(record.value)
        return
      }
      case 'PartitionChangeRecord':
        return this.#changePartition(record.value)
      case 'RemoveTopicRecord':
        return this.#removeTopic(record.value.topicId)
      case 'ConfigRecord': {
        const { resourceType, resourceName, name, value } = record.value
        return this.#setConfig(resourceKey(resourceType, resourceName), name, value)
      }
      case 'RegisterBrokerRecord':
        this.#brokers.set(record.value.brokerId, brokerOf(record.value))
        return
      case 'UnregisterBrokerRecord':
        this.#brokers.set(record.value.brokerId, undefined)
        return
      case 'FenceBrokerRecord':
        return this.#changeBroker(record.value.id, { fenced: true })
      case 'UnfenceBrokerRecord':
        return this.#changeBroker(record.value.id, { fenced: false })
      case 'BrokerRegistrationChangeRecord': {
        const { brokerId, fenced, inControlledShutdown, logDirs } = record.value
        return this.#changeBroker(brokerId, {
          ...(fenced !== 0 && { fenced: fenced > 0 }),
          ...(inControlledShutdown !== 0 && { inControlledShutdown: inControlledShutdown > 0 }),
          ...(logDirs.length > 0 && { logDirs }),
        })
      }
      case 'FeatureLevelRecord': {
        const { name, featureLevel } = record.value
        this.#features.set(name, featureLevel === 0 ? undefined : featureLevel)
        return
      }
      case 'ProducerIdsRecord':
        this.#nextProducerId = record.value.nextProducerId
        return
      case 'NoOpRecord':
      case 'BeginTransactionRecord':
      case 'EndTransactionRecord':
      case 'AbortTransactionRecord':
        return
      case 'carried':
        this.#carried.push(record)
        return
      default:
        return record satisfies never
    }
  }

  /** The topic to change; `undefined` where the log names one that is gone. */
  #topic(id: string): TopicDraft | undefined {
    if (this.#topics.has(id)) return this.#topics.get(id)
    const before = this.#image.topicsById.get(id)
    if (!before) return undefined
    const topic = { ...before, partitions: [...before.partitions] }
    this.#topics.set(id, topic)
    this.#names.set(topic.name, topic)
    return topic
  }

  #changePartition(change: PartitionChangeRecord): void {
    const topic = this.#topic(change.topicId)
    const before = topic?.partitions[change.partitionId]
    if (!topic || !before) return
    topic.partitions[change.partitionId] = partitionAfter(before, change)
  }

  #removeTopic(id: string): void {
    const topic = this.#topics.has(id) ? this.#topics.get(id) : this.#image.topicsById.get(id)
    if (!topic) return
    this.#topics.set(id, undefined)
    this.#names.set(topic.name, undefined)
    if (mayCollide(topic.name)) this.#collisions.set(collisionKey(topic.name), undefined)
    this.#configs.set(resourceKey(ResourceType.TOPIC, topic.name), undefined)
  }

  #setConfig(key: string, name: string, value: string | null): void {
    const known = this.#configs.has(key) ? this.#configs.get(key) : this.#image.configs.get(key)
    const configs = new Map(known)
    if (value === null) configs.delete(name)
    else configs.set(name, value)
    this.#configs.set(key, configs.size === 0 ? undefined : configs)
  }

  #changeBroker(id: number, change: Partial<BrokerImage>): void {
    const before = this.#brokers.has(id) ? this.#brokers.get(id) : this.#image.brokers.get(id)
    if (before) this.#brokers.set(id, { ...before, ...change })
  }
}

function partitionOf(record: PartitionRecord): PartitionImage {
  const { partitionId, topicId: _, eligibleLeaderReplicas, lastKnownElr, ...rest } = record
  return { index: partitionId, ...rest, eligibleLeaderReplicas: eligibleLeaderReplicas ?? [], lastKnownElr: lastKnownElr ?? [] }
}

/** A change of leader, or of a leader that is the same, makes a new leader epoch; any change a new partition epoch. */
function partitionAfter(before: PartitionImage, change: PartitionChangeRecord): PartitionImage {
  const { leader, leaderRecoveryState } = change
  const changesLeader = leader !== keepLeader
  const after: PartitionImage = {
    index: before.index,
    replicas: change.replicas ?? before.replicas,
    isr: change.isr ?? before.isr,
    removingReplicas: change.removingReplicas ?? before.removingReplicas,
    addingReplicas: change.addingReplicas ?? before.addingReplicas,
    directories: change.directories ?? before.directories,
    eligibleLeaderReplicas: change.eligibleLeaderReplicas ?? before.eligibleLeaderReplicas,
    lastKnownElr: change.lastKnownElr ?? before.lastKnownElr,
    leader: changesLeader ? leader : before.leader,
    leaderRecoveryState: leaderRecoveryState === -1 ? before.leaderRecoveryState : leaderRecoveryState,
    leaderEpoch: before.leaderEpoch + (changesLeader ? 1 : 0),
    partitionEpoch: before.partitionEpoch + 1,
  }
  assert(after.leaderEpoch >= before.leaderEpoch, 'a leader epoch never goes back')
  return after
}

function brokerOf(record: RegisterBrokerRecord): BrokerImage {
  const { brokerId, brokerEpoch, incarnationId, endPoints, features, rack, fenced, inControlledShutdown, logDirs } = record
  const endpoints = new Map(endPoints.map(({ name, ...endpoint }) => [name, endpoint]))
  return { id: brokerId, epoch: brokerEpoch, incarnationId, endpoints, rack, features, fenced, inControlledShutdown, logDirs }
}
