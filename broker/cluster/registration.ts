/**
 * What a broker writes when it comes: who it is, where it listens, and that it may lead. Pure.
 * With a new metadata log it also writes the levels of the features that this broker speaks, as Kafka's `format` does.
 */
import { initialLevels, metadataVersion, supportedFeatures } from './features.ts'
import { brokerRecord, changedLeader } from './image-records.ts'
import type { ClusterImage, Endpoint, PartitionImage } from './image.ts'
import type { Plan } from './plan.ts'
import type { MetadataRecord } from './records.ts'

export interface Registration {
  /** By listener name: where clients reach this broker. */
  readonly endpoints: ReadonlyMap<string, Endpoint>
  readonly rack: string | null
  /** The id of the data directory, as new partitions name it. */
  readonly directoryId: string
}

export interface RegistrationContext {
  readonly brokerId: number
  /** Of this run of the process. */
  readonly incarnationId: string
}

export function planRegister({ endpoints, rack, directoryId }: Registration, { brokerId, incarnationId }: RegistrationContext): Plan<void> {
  return (image, end) => {
    const records: MetadataRecord[] = []
    if (!image.features.has(metadataVersion)) {
      for (const value of initialLevels) records.push({ name: 'FeatureLevelRecord', value })
    }
    records.push(
      brokerRecord({
        id: brokerId,
        epoch: end + records.length,
        incarnationId,
        endpoints,
        rack,
        features: supportedFeatures,
        fenced: false,
        inControlledShutdown: false,
        logDirs: [directoryId],
      }),
    )
    records.push(...leaderless(image, brokerId))
    return { records, reply: undefined }
  }
}

/** Partitions that wait for this broker: Kafka leaves those without a leader whose last replica in sync stops. */
function* leaderless(image: ClusterImage, brokerId: number): Generator<MetadataRecord> {
  for (const topic of image.topics.values()) {
    for (const partition of topic.partitions) {
      if (partition.leader === -1 && mayLead(partition, brokerId)) yield changedLeader(topic.id, partition, brokerId)
    }
  }
}

/** In sync, or eligible by KIP-966, which empties the in-sync set, or the only replica there is. */
function mayLead({ isr, eligibleLeaderReplicas, replicas }: PartitionImage, brokerId: number): boolean {
  const isOnly = replicas.length === 1 && replicas[0] === brokerId
  return isOnly || isr.includes(brokerId) || eligibleLeaderReplicas.includes(brokerId)
}
