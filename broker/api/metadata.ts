/**
 * Metadata (key 3): brokers, topics, and who leads what. It makes unknown topics where the request and `auto.create.topics.enable` allow.
 * Version 0 reads an empty list of topics as all of them; later ones say null for that.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { MetadataRequest, MetadataResponse } from '../../client/protocol/messages/metadata.ts'
import type { Input, Of } from '../../client/protocol/schema.ts'
import { zeroUuid } from '../../client/protocol/uuid.ts'
import type { TopicImage } from '../cluster/image.ts'
import { api, type RequestContext } from './handler.ts'
import { allClusterOperations, allTopicOperations } from './operations.ts'
import type { Services } from './services.ts'

/** Two versions before have a place for them, and do not take them. */
const firstVersionWithTopicIds = 12

type Request = Of<typeof MetadataRequest>
type TopicAnswer = NonNullable<NonNullable<Input<typeof MetadataResponse>['topics']>[number]>

export const metadata = api({
  request: MetadataRequest,
  response: MetadataResponse,
  versions: [0, 13],
  async handle(request, context, services) {
    const { cluster } = services
    const topics = wantsAll(request, context) ? allTopics(services) : await namedTopics(request, context, services)
    const brokers = [...cluster.image.brokers.values()].map(({ id, endpoints, rack }) => {
      const { host, port } = endpoints.get(context.listener) ?? { host: '', port: -1 }
      return { nodeId: id, host, port, rack }
    })
    if (request.includeTopicAuthorizedOperations) for (const topic of topics) topic.topicAuthorizedOperations = allTopicOperations
    return {
      brokers,
      clusterId: cluster.clusterId,
      controllerId: cluster.controllerId,
      topics,
      ...(request.includeClusterAuthorizedOperations && { clusterAuthorizedOperations: allClusterOperations }),
    }
  },
})

function wantsAll({ topics }: Request, { apiVersion }: RequestContext): boolean {
  return topics === null || (apiVersion === 0 && topics.length === 0)
}

function allTopics(services: Services): TopicAnswer[] {
  return [...services.cluster.image.topics.values()].map((topic) => describe(topic, services))
}

async function namedTopics(request: Request, { apiVersion }: RequestContext, services: Services): Promise<TopicAnswer[]> {
  const { cluster, settings } = services
  const asked = once(request.topics ?? [])
  if (apiVersion < firstVersionWithTopicIds && asked.some(({ name, topicId }) => name === null || topicId !== zeroUuid)) {
    return asked.map(({ name }) => ({ errorCode: ErrorCode.INVALID_REQUEST, name: name ?? '', isInternal: false, partitions: [] }))
  }
  const unknown = asked.flatMap(({ name }) => (name !== null && !cluster.image.topics.has(name) ? [name] : []))
  const mayCreate = settings.get('auto.create.topics.enable') && (apiVersion < 4 || request.allowAutoTopicCreation)
  const errors = unknown.length > 0 && mayCreate ? await cluster.ensureTopics(unknown) : new Map<string, number>()
  return asked.map(({ name, topicId }) => {
    if (name === null || topicId !== zeroUuid) return byId(topicId, services)
    const topic = cluster.image.topics.get(name)
    if (topic) return describe(topic, services)
    return { errorCode: errors.get(name) ?? cluster.unknownTopicCode(name), name, isInternal: false, partitions: [] }
  })
}

/** A topic that is named more than once is told once: an answer is no longer than the cluster is large. */
function once(topics: NonNullable<Request['topics']>): NonNullable<Request['topics']> {
  return [...new Map(topics.map((topic) => [`${topic.topicId} ${topic.name}`, topic])).values()]
}

function byId(topicId: string, services: Services): TopicAnswer {
  const topic = services.cluster.image.topicsById.get(topicId)
  if (topic) return describe(topic, services)
  return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId, isInternal: false, partitions: [] }
}

function describe(topic: TopicImage, { replicas }: Services): TopicAnswer {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.isInternal,
    partitions: topic.partitions.map(({ index, leader, leaderEpoch, replicas: nodes, isr }) => {
      const offline = replicas.get(topic.name, index)?.log.offline !== undefined
      return {
        errorCode: ErrorCode.NONE,
        partitionIndex: index,
        leaderId: leader,
        leaderEpoch,
        replicaNodes: [...nodes],
        isrNodes: [...isr],
        offlineReplicas: offline ? [leader] : [],
      }
    }),
  }
}
