/**
 * What the metadata says and what the disk holds, brought together when a broker starts. Pure.
 * - After an unclean stop, partitions led from here get a new leader epoch: what a reader saw of the lost tail is then of another
 *   epoch than what is written in its place (KIP-320).
 * - Partition folders that no metadata knows are adopted where the metadata is new (Kafka's ZooKeeper era, or a lost metadata log).
 * - Folders of topics whose deletion is in the log are told, so that the deletion can be finished. All others are left alone.
 */
import { changedLeader } from './image-records.ts'
import type { ClusterImage } from './image.ts'
import { newPartition } from './placement.ts'
import type { Plan } from './plan.ts'
import type { MetadataRecord } from './records.ts'
import { topicNameFault } from './topic-name.ts'

/** A partition's folder, as it was found. */
export interface PartitionFolder {
  readonly topic: string
  readonly partition: number
  /** As its partition.metadata has it, if there is one. */
  readonly topicId: string | undefined
  /** The last one in which something was written; -1 if unknown. */
  readonly leaderEpoch: number
}

export interface Findings {
  /** Those of no topic in the image. */
  readonly folders: readonly PartitionFolder[]
  readonly wasClean: boolean
}

export interface Reconciled {
  /** Names of topics that the metadata did not know. */
  readonly adopted: string[]
  /** Their topic was deleted, their files were not. */
  readonly deleted: PartitionFolder[]
  /** Left as they are. */
  readonly strays: PartitionFolder[]
}

export interface ReconciliationContext {
  readonly brokerId: number
  newId(): string
  /** Ids of topics that the log says were deleted. */
  readonly deletedIds: ReadonlySet<string>
}

/** A folder's number beyond this is no partition's: all below it would have to be made. */
const adoptedMax = 100_000

export function planReconcile({ folders, wasClean }: Findings, context: ReconciliationContext): Plan<Reconciled> {
  return (image) => {
    const records: MetadataRecord[] = wasClean ? [] : [...newEpochs(image, context.brokerId)]
    const isNew = image.brokers.size === 0 && image.topics.size === 0
    const isDeleted = ({ topicId }: PartitionFolder) => topicId !== undefined && context.deletedIds.has(topicId)
    const mayAdopt = ({ topic, partition }: PartitionFolder) => isNew && partition < adoptedMax && topicNameFault(topic) === undefined
    const deleted = folders.filter(isDeleted)
    const rest = folders.filter((folder) => !isDeleted(folder))
    const adopted = adopt(rest.filter(mayAdopt), context, records)
    return { records, reply: { adopted, deleted, strays: rest.filter((folder) => !mayAdopt(folder)) } }
  }
}

function* newEpochs(image: ClusterImage, brokerId: number): Generator<MetadataRecord> {
  for (const topic of image.topics.values()) {
    for (const partition of topic.partitions) if (partition.leader === brokerId) yield changedLeader(topic.id, partition, brokerId)
  }
}

/** A topic has all partitions up to the last that was found; what is missing between begins empty. No epoch goes back. */
function adopt(folders: readonly PartitionFolder[], { brokerId, newId }: ReconciliationContext, records: MetadataRecord[]): string[] {
  const topics = new Map<string, { topicId: string; epochs: number[] }>()
  for (const { topic, partition, topicId, leaderEpoch } of [...folders].sort((a, b) => a.partition - b.partition)) {
    const known = topics.get(topic) ?? { topicId: topicId ?? newId(), epochs: [] }
    known.epochs[partition] = leaderEpoch + 1
    topics.set(topic, known)
  }
  const here = new Map([[brokerId, { fenced: false, logDirs: [] }]])
  for (const [name, { topicId, epochs }] of topics) {
    records.push({ name: 'TopicRecord', value: { name, topicId } })
    for (let index = 0; index < epochs.length; index++) records.push(newPartition(topicId, index, [brokerId], here, epochs[index] ?? 0))
  }
  return [...topics.keys()]
}
