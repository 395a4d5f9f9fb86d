/** DeleteTopics and CreatePartitions, planned: Kafka's checks, then records. Pure. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { zeroUuid } from '../../client/protocol/uuid.ts'
import { activeBrokers, assignmentFault, inconsistentFault } from './assignment.ts'
import type { ClusterImage, TopicImage } from './image.ts'
import { newPartition, place } from './placement.ts'
import { type Fault, fault, type Plan, repeated } from './plan.ts'
import type { MetadataRecord } from './records.ts'
import { partitionsPerRequestMax, tooFewBrokers } from './topic-creation.ts'

/** A topic by name or by id; the other is null or zero. */
export interface TopicReference {
  readonly name: string | null
  readonly topicId: string
}

export interface TopicDeleted extends Fault, TopicReference {}

const unknownTopic = 'This server does not host this topic-partition.'
const unknownId = 'This server does not host this topic ID.'

export function planDeleteTopics(topics: readonly TopicReference[]): Plan<TopicDeleted[]> {
  return (image) => {
    const records: MetadataRecord[] = []
    const reply: TopicDeleted[] = []
    const names = repeated(topics.flatMap(({ name }) => name ?? []))
    const ids = repeated(topics.flatMap(({ topicId }) => (topicId === zeroUuid ? [] : topicId)))
    const deleted = new Set<string>()
    for (const name of names) reply.push({ name, topicId: zeroUuid, ...fault(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.') })
    for (const topicId of ids) reply.push({ name: null, topicId, ...fault(ErrorCode.INVALID_REQUEST, 'Duplicate topic id.') })
    for (const reference of topics) {
      if ((reference.name !== null && names.has(reference.name)) || ids.has(reference.topicId)) continue
      const topic = find(reference, image)
      if ('errorCode' in topic) reply.push({ ...reference, ...topic })
      else if (deleted.has(topic.id)) {
        reply.push({
          ...reference,
          ...fault(ErrorCode.INVALID_REQUEST, 'The provided topic name maps to an ID that was already supplied.'),
        })
      } else {
        deleted.add(topic.id)
        records.push({ name: 'RemoveTopicRecord', value: { topicId: topic.id } })
        reply.push({ name: topic.name, topicId: topic.id, ...fault(ErrorCode.NONE, null) })
      }
    }
    return { records, reply }
  }
}

function find({ name, topicId }: TopicReference, image: ClusterImage): TopicImage | Fault {
  const hasId = topicId !== zeroUuid
  if (name !== null && hasId) return fault(ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.')
  if (name === null && !hasId) return fault(ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.')
  if (name === null) return image.topicsById.get(topicId) ?? fault(ErrorCode.UNKNOWN_TOPIC_ID, unknownId)
  return image.topics.get(name) ?? fault(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, unknownTopic)
}

export interface MorePartitions {
  readonly name: string
  /** How many there should be in all. */
  readonly count: number
  /** Of the new ones; null leaves it to placement. */
  readonly assignments: readonly { readonly brokerIds: number[] }[] | null
}

export interface PartitionsCreated extends Fault {
  readonly name: string
}

export function planCreatePartitions(topics: readonly MorePartitions[], validateOnly: boolean): Plan<PartitionsCreated[]> {
  return (image) => {
    const records: MetadataRecord[] = []
    const twice = repeated(topics.map(({ name }) => name))
    const duplicate = fault(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.')
    const reply: PartitionsCreated[] = [...twice].map((name) => ({ name, ...duplicate }))
    for (const wanted of topics) {
      if (twice.has(wanted.name)) continue
      const added = morePartitions(wanted, image)
      if ('errorCode' in added) reply.push({ name: wanted.name, ...added })
      else {
        records.push(...added)
        reply.push({ name: wanted.name, ...fault(ErrorCode.NONE, null) })
      }
    }
    return { records: validateOnly ? [] : records, reply }
  }
}

function morePartitions({ name, count, assignments }: MorePartitions, image: ClusterImage): MetadataRecord[] | Fault {
  const topic = image.topics.get(name)
  if (!topic) return fault(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null)
  const now = topic.partitions.length
  if (count === now) return fault(ErrorCode.INVALID_PARTITIONS, `Topic already has ${now} partition(s).`)
  if (count < now) {
    const message = `The topic ${name} currently has ${now} partition(s); ${count} would not be an increase.`
    return fault(ErrorCode.INVALID_PARTITIONS, message)
  }
  const more = count - now
  if (more > partitionsPerRequestMax) return fault(ErrorCode.POLICY_VIOLATION, 'Excessively large number of partitions per request.')
  const replicas = assignments === null ? placed(topic, more, image) : assigned(topic, more, assignments, image)
  if ('errorCode' in replicas) return replicas
  return replicas.map((ids, added) => newPartition(topic.id, now + added, ids, image.brokers))
}

function placed({ partitions }: TopicImage, count: number, image: ClusterImage): number[][] | Fault {
  const brokers = activeBrokers(image)
  const replicationFactor = partitions[0]?.replicas.length ?? 1
  if (replicationFactor > brokers.length) return tooFewBrokers(replicationFactor, brokers.length)
  return place(brokers, { count, replicationFactor, firstIndex: partitions.length, turn: partitions[0]?.replicas[0] ?? 0 })
}

function assigned(
  topic: TopicImage,
  more: number,
  assignments: NonNullable<MorePartitions['assignments']>,
  image: ClusterImage,
): number[][] | Fault {
  if (assignments.length !== more) {
    const message = `Attempted to add ${more} additional partition(s), but only ${assignments.length} assignment(s) were specified.`
    return fault(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
  }
  const copies = topic.partitions[0]?.replicas.length ?? 1
  for (const { brokerIds } of assignments) {
    const wrong = assignmentFault(brokerIds, image) ?? inconsistentFault(brokerIds, copies)
    if (wrong) return wrong
  }
  return assignments.map(({ brokerIds }) => brokerIds)
}
