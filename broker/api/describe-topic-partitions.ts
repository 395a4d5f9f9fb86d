/**
 * DescribeTopicPartitions (key 75): topics and their partitions a page at a time (KIP-966).
 * Topics come in the order of their names; the cursor says where the next page begins.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from '../../client/protocol/messages/describe-topic-partitions.ts'
import type { Input, Of } from '../../client/protocol/schema.ts'
import type { TopicImage } from '../cluster/image.ts'
import { api } from './handler.ts'
import { allTopicOperations } from './operations.ts'
import type { Services } from './services.ts'

type Request = Of<typeof DescribeTopicPartitionsRequest>
type Topics = NonNullable<Input<typeof DescribeTopicPartitionsResponse>['topics']>

export const describeTopicPartitions = api({
  request: DescribeTopicPartitionsRequest,
  response: DescribeTopicPartitionsResponse,
  versions: [0, 0],
  handle(request, _context, services) {
    const { cluster, settings } = services
    const { cursor } = request
    if (isAstray(request)) return { topics: request.topics.map(({ name }) => ({ errorCode: ErrorCode.INVALID_REQUEST, name })) }
    const topics: Topics = []
    let room = Math.max(1, Math.min(request.responsePartitionLimit, settings.get('max.request.partition.size.limit')))
    for (const name of namesFrom(request, services)) {
      const topic = cluster.image.topics.get(name)
      if (!topic) {
        topics.push({ errorCode: cluster.unknownTopicCode(name), name })
        continue
      }
      const first = cursor && cursor.topicName === name ? cursor.partitionIndex : 0
      if (room <= 0) return { topics, nextCursor: { topicName: name, partitionIndex: first } }
      const end = Math.min(first + room, topic.partitions.length)
      topics.push(describe(topic, first, end, services))
      room -= end - first
      if (end < topic.partitions.length) return { topics, nextCursor: { topicName: name, partitionIndex: end } }
    }
    return { topics }
  },
})

/** The cursor stands at no partition that could be, or at a topic that is not asked for. */
function isAstray({ topics, cursor }: Request): boolean {
  if (!cursor) return false
  return cursor.partitionIndex < 0 || (topics.length > 0 && topics.every(({ name }) => name !== cursor.topicName))
}

function namesFrom({ topics, cursor }: Request, { cluster }: Services): string[] {
  const asked = topics.length === 0 ? [...cluster.image.topics.keys()] : [...new Set(topics.map(({ name }) => name))]
  return asked.filter((name) => !cursor || name >= cursor.topicName).sort()
}

function describe({ name, id, isInternal, partitions }: TopicImage, first: number, end: number, { replicas }: Services): Topics[number] {
  return {
    name,
    topicId: id,
    isInternal,
    topicAuthorizedOperations: allTopicOperations,
    partitions: partitions.slice(first, end).map((partition) => ({
      partitionIndex: partition.index,
      leaderId: partition.leader,
      leaderEpoch: partition.leaderEpoch,
      replicaNodes: [...partition.replicas],
      isrNodes: [...partition.isr],
      eligibleLeaderReplicas: [...partition.eligibleLeaderReplicas],
      lastKnownElr: [...partition.lastKnownElr],
      offlineReplicas: replicas.get(name, partition.index)?.log.offline ? [partition.leader] : [],
    })),
  }
}
