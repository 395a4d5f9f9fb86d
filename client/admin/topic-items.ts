/** Acts on many topics at once, each with its own outcome. `stele.topics` is the friendlier part. */
import { CreatePartitionsRequest, CreatePartitionsResponse } from '../protocol/messages/create-partitions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/messages/create-topics.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../protocol/messages/delete-topics.ts'
import { DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse } from '../protocol/messages/describe-topic-partitions.ts'
import { MetadataRequest, MetadataResponse } from '../protocol/messages/metadata.ts'
import type { ClientError } from '../network/client-error.ts'
import type { CallOptions } from '../network/patience.ts'
import { type AclOperation, authorizedOperations } from './acls.ts'
import { check, type Outcome, outcome } from './outcome.ts'
import type { Reach } from './reach.ts'

export interface NewTopic {
  readonly name: string
  /** The broker's default if left out. */
  readonly partitions?: number
  readonly replicationFactor?: number
  /** The brokers of each partition, instead of numbers of them. */
  readonly assignments?: readonly (readonly number[])[]
  readonly configs?: Readonly<Record<string, string>>
}

export interface NewPartitions {
  readonly name: string
  /** How many there are to be. */
  readonly count: number
  /** The brokers of each new one. */
  readonly assignments?: readonly (readonly number[])[]
}

interface Named {
  readonly name: string
}

export interface CreatedTopic {
  readonly id: string
  /** -1 where the broker does not tell. */
  readonly partitions: number
  readonly replicationFactor: number
}

export interface PartitionDescription {
  readonly index: number
  /** -1: none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** May be elected though they are not in sync (KIP-966). */
  readonly eligibleLeaders: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export interface TopicPartitions {
  readonly id: string
  readonly isInternal: boolean
  readonly operations: readonly AclOperation[] | null
  readonly partitions: readonly PartitionDescription[]
}

interface Validating extends CallOptions {
  /** Nothing is changed. */
  readonly validateOnly?: boolean
}

type AnsweredTopic = DescribeTopicPartitionsResponse['topics'][number]

/** Topic names are answered by name up to this version, by id after it. */
const lastDeleteTopicsVersionByName = 5

export class TopicItemsAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  create(topics: readonly NewTopic[], { validateOnly = false, ...call }: Validating = {}): Promise<Outcome<Named, CreatedTopic>[]> {
    return this.#reach.controller(call, async (ask, earlier) => {
      const body = { topics: topics.map(newTopicFields), timeoutMs: this.#reach.limitMs(call), validateOnly }
      const answer = await ask(CreateTopicsRequest, CreateTopicsResponse, body)
      this.#reach.forget(topics.map(({ name }) => name))
      return answer.topics.map(({ name, topicId: id, errorCode, errorMessage, numPartitions: partitions, replicationFactor }) =>
        outcome(
          { name },
          { errorCode, errorMessage, topic: name, cause: earlier },
          `cannot create topic '${name}'${perhapsDone(earlier)}`,
          { id, partitions, replicationFactor },
        ),
      )
    })
  }

  addPartitions(topics: readonly NewPartitions[], { validateOnly = false, ...call }: Validating = {}): Promise<Outcome<Named>[]> {
    return this.#reach.controller(call, async (ask) => {
      const asked = topics.map(({ name, count, assignments }) => ({
        name,
        count,
        assignments: assignments?.map((brokerIds) => ({ brokerIds: [...brokerIds] })) ?? null,
      }))
      const body = { topics: asked, timeoutMs: this.#reach.limitMs(call), validateOnly }
      const answer = await ask(CreatePartitionsRequest, CreatePartitionsResponse, body)
      this.#reach.forget(topics.map(({ name }) => name))
      return answer.results.map(({ name, errorCode, errorMessage }) =>
        outcome({ name }, { errorCode, errorMessage, topic: name }, `cannot add partitions to topic '${name}'`, {}),
      )
    })
  }

  delete(names: readonly string[], call: CallOptions = {}): Promise<Outcome<Named>[]> {
    return this.#reach.controller(call, async (ask, earlier) => {
      const body = { topicNames: [...names], timeoutMs: this.#reach.limitMs(call) }
      const answer = await ask(DeleteTopicsRequest, DeleteTopicsResponse, body, lastDeleteTopicsVersionByName)
      this.#reach.forget(names)
      return answer.responses.map(({ name: named, errorCode, errorMessage }) => {
        const name = named ?? ''
        return outcome(
          { name },
          { errorCode, errorMessage, topic: name, cause: earlier },
          `cannot delete topic '${name}'${perhapsDone(earlier)}`,
          {},
        )
      })
    })
  }

  /** The same by ids: what has been deleted and made again meanwhile is not meant (KIP-516). UNKNOWN_TOPIC_ID where there is none. */
  deleteById(ids: readonly string[], call: CallOptions = {}): Promise<Outcome<{ readonly id: string }>[]> {
    return this.#reach.controller(call, async (ask, earlier) => {
      const body = { topics: ids.map((topicId) => ({ name: null, topicId })), timeoutMs: this.#reach.limitMs(call) }
      const answer = await ask(DeleteTopicsRequest, DeleteTopicsResponse, body)
      return answer.responses.map(({ topicId: id, name, errorCode, errorMessage }) => {
        if (name !== null) this.#reach.forget([name])
        return outcome({ id }, { errorCode, errorMessage, cause: earlier }, `cannot delete topic ${id}${perhapsDone(earlier)}`, {})
      })
    })
  }

  /** Partitions with all that the cluster tells of them (KIP-966); asked for page by page. */
  describe(names: readonly string[], call: CallOptions = {}): Promise<Outcome<Named, TopicPartitions>[]> {
    return this.#reach.anywhere(call, async (ask) => {
      const pages = new Map<string, AnsweredTopic>()
      let cursor: DescribeTopicPartitionsResponse['nextCursor'] = null
      do {
        const body = { topics: names.map((name) => ({ name })), cursor }
        const answer: DescribeTopicPartitionsResponse = await ask(DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, body)
        for (const topic of answer.topics) {
          const before = pages.get(topic.name ?? '')
          pages.set(topic.name ?? '', before ? { ...topic, partitions: [...before.partitions, ...topic.partitions] } : topic)
        }
        cursor = answer.nextCursor
      } while (cursor)
      return [...pages].map(([name, { errorCode, ...topic }]) =>
        outcome({ name }, { errorCode, topic: name }, `cannot describe topic '${name}'`, {
          id: topic.topicId,
          isInternal: topic.isInternal,
          operations: authorizedOperations(topic.topicAuthorizedOperations),
          partitions: topic.partitions.map(partitionOf).sort((a, b) => a.index - b.index),
        }),
      )
    })
  }

  /** The same by ids, with what brokers tell of these: no eligible leaders. UNKNOWN_TOPIC_ID where there is none. */
  describeById(
    ids: readonly string[],
    call: CallOptions = {},
  ): Promise<Outcome<{ readonly id: string }, Omit<TopicPartitions, 'id'> & { readonly name: string }>[]> {
    return this.#reach.anywhere(call, async (ask) => {
      const topics = ids.map((topicId) => ({ name: null, topicId }))
      const body = { topics, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: true }
      const answer = await ask(MetadataRequest, MetadataResponse, body)
      check({ errorCode: answer.errorCode }, 'cannot describe topics')
      return answer.topics.map(({ topicId: id, name, errorCode, isInternal, topicAuthorizedOperations, partitions }) =>
        outcome({ id }, { errorCode }, `cannot describe topic ${id}`, {
          name: name ?? '',
          isInternal,
          operations: authorizedOperations(topicAuthorizedOperations),
          partitions: partitions.map(partitionOf).sort((a, b) => a.index - b.index),
        }),
      )
    })
  }
}

/** Whoever is told that a topic is there already, or gone, may have made or deleted it just now. */
function perhapsDone(earlier: ClientError | undefined): string {
  return earlier ? ` (an earlier attempt may have: ${earlier.code})` : ''
}

function newTopicFields({ name, partitions = -1, replicationFactor = -1, assignments, configs = {} }: NewTopic) {
  return {
    name,
    numPartitions: assignments ? -1 : partitions,
    replicationFactor: assignments ? -1 : replicationFactor,
    assignments: (assignments ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds: [...brokerIds] })),
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  }
}

type AnsweredPartition = AnsweredTopic['partitions'][number] | MetadataResponse['topics'][number]['partitions'][number]

function partitionOf(partition: AnsweredPartition): PartitionDescription {
  return {
    index: partition.partitionIndex,
    leader: partition.leaderId,
    leaderEpoch: partition.leaderEpoch,
    replicas: partition.replicaNodes,
    isr: partition.isrNodes,
    eligibleLeaders: ('eligibleLeaderReplicas' in partition ? partition.eligibleLeaderReplicas : null) ?? [],
    offlineReplicas: partition.offlineReplicas,
  }
}
