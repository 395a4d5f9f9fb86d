/**
 * An image as records: folding them from nothing gives the image again. What a snapshot of the metadata log holds.
 * Pure. The order is that in which the log itself would have them: features first, topics before their partitions, settings last.
 */
import type { BrokerImage, ClusterImage, PartitionImage } from './image.ts'
import type { MetadataRecord } from './records.ts'
import { parseResourceKey } from './resource-configs.ts'

export function* recordsOf(image: ClusterImage): Generator<MetadataRecord> {
  for (const [name, featureLevel] of image.features) yield { name: 'FeatureLevelRecord', value: { name, featureLevel } }
  for (const broker of image.brokers.values()) yield brokerRecord(broker)
  for (const topic of image.topics.values()) {
    yield { name: 'TopicRecord', value: { name: topic.name, topicId: topic.id } }
    for (const partition of topic.partitions) yield partitionRecord(topic.id, partition)
  }
  for (const [key, configs] of image.configs) {
    const { type, resource } = parseResourceKey(key)
    for (const [name, value] of configs) yield configRecord(type, resource, name, value)
  }
  if (image.nextProducerId > 0) {
    yield { name: 'ProducerIdsRecord', value: { brokerId: -1, brokerEpoch: -1, nextProducerId: image.nextProducerId } }
  }
  yield* image.carried
}

export function partitionRecord(topicId: string, partition: PartitionImage): MetadataRecord {
  const { index, eligibleLeaderReplicas, lastKnownElr, ...rest } = partition
  return {
    name: 'PartitionRecord',
    value: {
      partitionId: index,
      topicId,
      leader: rest.leader,
      leaderEpoch: rest.leaderEpoch,
      leaderRecoveryState: rest.leaderRecoveryState,
      partitionEpoch: rest.partitionEpoch,
      replicas: [...rest.replicas],
      isr: [...rest.isr],
      removingReplicas: [...rest.removingReplicas],
      addingReplicas: [...rest.addingReplicas],
      directories: [...rest.directories],
      eligibleLeaderReplicas: eligibleLeaderReplicas.length > 0 ? [...eligibleLeaderReplicas] : null,
      lastKnownElr: lastKnownElr.length > 0 ? [...lastKnownElr] : null,
    },
  }
}

/** `null` takes the setting away. */
export function configRecord(resourceType: number, resourceName: string, name: string, value: string | null): MetadataRecord {
  return { name: 'ConfigRecord', value: { resourceType, resourceName, name, value } }
}

export function brokerRecord(broker: BrokerImage): MetadataRecord {
  return {
    name: 'RegisterBrokerRecord',
    value: {
      brokerId: broker.id,
      isMigratingZkBroker: false,
      incarnationId: broker.incarnationId,
      brokerEpoch: broker.epoch,
      endPoints: [...broker.endpoints].map(([name, endpoint]) => ({ name, ...endpoint })),
      features: [...broker.features],
      rack: broker.rack,
      fenced: broker.fenced,
      inControlledShutdown: broker.inControlledShutdown,
      logDirs: [...broker.logDirs],
      cordonedLogDirs: null,
    },
  }
}

/** A leader, the same or another one: either way a new leader epoch. It is in sync, whoever else is. */
export function changedLeader(topicId: string, partition: PartitionImage, leader: number): MetadataRecord {
  const { index, isr, eligibleLeaderReplicas, lastKnownElr } = partition
  return {
    name: 'PartitionChangeRecord',
    value: {
      partitionId: index,
      topicId,
      isr: isr.includes(leader) ? null : [...isr, leader],
      leader,
      replicas: null,
      removingReplicas: null,
      addingReplicas: null,
      leaderRecoveryState: -1,
      directories: null,
      eligibleLeaderReplicas: eligibleLeaderReplicas.length > 0 ? eligibleLeaderReplicas.filter((id) => id !== leader) : null,
      lastKnownElr: lastKnownElr.length > 0 ? [] : null,
    },
  }
}
