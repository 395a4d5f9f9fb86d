/**
 * CreateTopics, planned: Kafka's checks in Kafka's order, then a topic's id, its partitions and its settings as records. Pure.
 * Each topic succeeds or fails alone; a name that is in the request twice fails.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { CreateTopicsRequest } from '../../client/protocol/messages/create-topics.ts'
import { zeroUuid } from '../../client/protocol/uuid.ts'
import { replaceTopic } from '../config/dynamic.ts'
import type { Settings } from '../config/settings.ts'
import { activeBrokers, assignmentFault, inconsistentFault } from './assignment.ts'
import { type ClusterImage } from './image.ts'
import { type Configs, ResourceType } from './resource-configs.ts'
import { configRecord } from './image-records.ts'
import { newPartition, place } from './placement.ts'
import { type Fault, fault, type Plan, repeated } from './plan.ts'
import type { MetadataRecord } from './records.ts'
import { collisionKey, mayCollide, topicNameFault } from './topic-name.ts'

export type NewTopic = Pick<
  CreateTopicsRequest['topics'][number],
  'name' | 'numPartitions' | 'replicationFactor' | 'assignments' | 'configs'
>

export interface TopicCreated extends Fault {
  readonly name: string
  readonly topicId: string
  readonly numPartitions: number
  readonly replicationFactor: number
  readonly configs: Configs
}

export interface CreationContext {
  readonly settings: Settings
  /** An id for the topic, never used before. */
  newId(): string
  /** Where in the ring of brokers to begin. */
  turn(): number
  readonly validateOnly: boolean
}

/** In one request, so that one caller cannot hold up all others. */
export const partitionsPerRequestMax = 10_000
const metadataTopic = '__cluster_metadata'
const unset = -1

export function planCreateTopics(topics: readonly NewTopic[], context: CreationContext): Plan<TopicCreated[]> {
  return (image) => {
    const twice = repeated(topics.map(({ name }) => name))
    const once = topics.filter(({ name }) => !twice.has(name))
    const replies = [...twice].map((name) => refused(name, fault(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.')))
    const perTopic = context.settings.get('num.partitions')
    const wanted = once.reduce((sum, topic) => sum + partitionCount(topic, perTopic), 0)
    if (wanted > partitionsPerRequestMax) {
      const tooMany = fault(ErrorCode.POLICY_VIOLATION, 'Excessively large number of partitions per request.')
      return { records: [], reply: [...replies, ...once.map(({ name }) => refused(name, tooMany))] }
    }
    const records: MetadataRecord[] = []
    for (const topic of once) replies.push(create(topic, image, context, records))
    return { records: context.validateOnly ? [] : records, reply: replies }
  }
}

function refused(name: string, { errorCode, errorMessage }: Fault): TopicCreated {
  return { name, errorCode, errorMessage, topicId: zeroUuid, numPartitions: -1, replicationFactor: -1, configs: new Map() }
}

function partitionCount({ numPartitions, assignments }: NewTopic, initially: number): number {
  if (assignments.length > 0) return assignments.length
  return numPartitions === unset ? initially : Math.max(0, numPartitions)
}

function create(topic: NewTopic, image: ClusterImage, context: CreationContext, records: MetadataRecord[]): TopicCreated {
  const { name } = topic
  const nameFault = faultOfName(name, image)
  if (nameFault) return refused(name, nameFault)
  const configs = configsOf(topic, context.settings)
  if ('errorCode' in configs) return refused(name, configs)
  const replicas = replicasOf(topic, image, context)
  if ('errorCode' in replicas) return refused(name, replicas)
  const topicId = context.newId()
  records.push({ name: 'TopicRecord', value: { name, topicId } })
  for (const [key, value] of configs) records.push(configRecord(ResourceType.TOPIC, name, key, value))
  for (const [index, ids] of replicas.entries()) records.push(newPartition(topicId, index, ids, image.brokers))
  const numPartitions = replicas.length
  return {
    name,
    topicId,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    numPartitions,
    replicationFactor: replicas[0]?.length ?? 0,
    configs,
  }
}

function faultOfName(name: string, image: ClusterImage): Fault | undefined {
  if (name === metadataTopic) return fault(ErrorCode.INVALID_REQUEST, `Creation of internal topic ${metadataTopic} is prohibited.`)
  const wrong = topicNameFault(name)
  if (wrong !== undefined) return fault(ErrorCode.INVALID_TOPIC_EXCEPTION, wrong)
  if (image.topics.has(name)) return fault(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  const other = mayCollide(name) ? image.topicsByCollisionKey.get(collisionKey(name)) : undefined
  if (other === undefined) return undefined
  return fault(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${other}`)
}

/** Of a setting given twice the last one counts: CreateTopics is laxer here than AlterConfigs. */
function configsOf({ configs }: NewTopic, settings: Settings): Configs | Fault {
  const nulls = configs.filter(({ value }) => value === null).map(({ name }) => name)
  if (nulls.length > 0) return fault(ErrorCode.INVALID_CONFIG, `Null value not supported for topic configs: ${nulls.join(',')}`)
  const entries = [...new Map(configs.map((config) => [config.name, config])).values()]
  const outcome = replaceTopic(entries, settings)
  return 'error' in outcome ? fault(ErrorCode[outcome.error], outcome.message) : outcome.config
}

/** By partition index the ids of its replicas. */
function replicasOf(topic: NewTopic, image: ClusterImage, { settings, turn }: CreationContext): number[][] | Fault {
  if (topic.assignments.length > 0) return assignedReplicas(topic, image)
  const { numPartitions, replicationFactor } = topic
  if (replicationFactor === 0 || replicationFactor < unset) {
    return fault(ErrorCode.INVALID_REPLICATION_FACTOR, 'Replication factor must be larger than 0, or -1 to use the default value.')
  }
  if (numPartitions === 0 || numPartitions < unset) {
    return fault(ErrorCode.INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.')
  }
  const copies = replicationFactor === unset ? settings.get('default.replication.factor') : replicationFactor
  const brokers = activeBrokers(image)
  if (copies > brokers.length) return tooFewBrokers(copies, brokers.length)
  const count = numPartitions === unset ? settings.get('num.partitions') : numPartitions
  return place(brokers, { count, replicationFactor: copies, firstIndex: 0, turn: turn() })
}

export function tooFewBrokers(replicationFactor: number, brokers: number): Fault {
  const why = `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers} broker(s) are registered.`
  return fault(ErrorCode.INVALID_REPLICATION_FACTOR, `Unable to replicate the partition ${replicationFactor} time(s): ${why}`)
}

function assignedReplicas({ numPartitions, replicationFactor, assignments }: NewTopic, image: ClusterImage): number[][] | Fault {
  const manual = 'A manual partition assignment was specified, but'
  if (replicationFactor !== unset) return fault(ErrorCode.INVALID_REQUEST, `${manual} replication factor was not set to -1.`)
  if (numPartitions !== unset) return fault(ErrorCode.INVALID_REQUEST, `${manual} numPartitions was not set to -1.`)
  const byIndex = new Map<number, number[]>()
  const copies = assignments[0]?.brokerIds.length ?? 0
  for (const { partitionIndex, brokerIds } of assignments) {
    if (byIndex.has(partitionIndex)) {
      const message = `Found multiple manual partition assignments for partition ${partitionIndex}`
      return fault(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
    }
    const wrong = assignmentFault(brokerIds, image) ?? inconsistentFault(brokerIds, copies)
    if (wrong) return wrong
    byIndex.set(partitionIndex, brokerIds)
  }
  const replicas: number[][] = []
  for (let index = 0; index < byIndex.size; index++) {
    const ids = byIndex.get(index)
    if (!ids) return fault(ErrorCode.INVALID_REPLICA_ASSIGNMENT, 'partitions should be a consecutive 0-based integer sequence')
    replicas.push(ids)
  }
  return replicas
}
