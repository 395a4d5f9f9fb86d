/** Acts on topics: create, list, describe, alter, delete. Plain results; the first error an answer holds is thrown. */
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { CreatePartitionsRequest, CreatePartitionsResponse } from '../protocol/messages/create-partitions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/messages/create-topics.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../protocol/messages/delete-topics.ts'
import { DescribeConfigsRequest, DescribeConfigsResponse } from '../protocol/messages/describe-configs.ts'
import { IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse } from '../protocol/messages/incremental-alter-configs.ts'
import { MetadataRequest, MetadataResponse } from '../protocol/messages/metadata.ts'

export interface NewTopic {
  readonly name: string
  /** The broker's default if left out. */
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly configs?: Readonly<Record<string, string>>
}

export interface TopicSummary {
  readonly name: string
  readonly isInternal: boolean
  readonly partitions: number
  readonly replicas: number
}

export interface TopicDescription {
  readonly name: string
  readonly id: string
  readonly isInternal: boolean
  readonly partitions: readonly { readonly index: number; readonly leader: number; readonly replicas: number[]; readonly isr: number[] }[]
  /** Those that differ from the broker's defaults. */
  readonly configs: Readonly<Record<string, string>>
}

const topicResource = 2
const sourceOfTopic = 1
const timeoutMs = 30_000
/** IncrementalAlterConfigs operations. */
const setValue = 0
const deleteValue = 1
/** Topic names are answered by name up to this version, by id after it. */
const lastDeleteTopicsVersionByName = 5

function check(errorCode: number, what: string, message: string | null = null): void {
  if (errorCode !== ErrorCode.NONE) throw answeredError(errorCode, what, { message })
}

export class TopicAdmin {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView

  constructor(pool: BrokerPool, cluster: ClusterView) {
    this.#pool = pool
    this.#cluster = cluster
  }

  /** Each by itself: where one is refused, the others are made all the same. */
  async create(topics: readonly NewTopic[], { validateOnly = false } = {}): Promise<void> {
    const connection = await this.#cluster.controller()
    const answer = await connection.send(CreateTopicsRequest, CreateTopicsResponse, {
      topics: topics.map(({ name, partitions = -1, replicationFactor = -1, configs = {} }) => ({
        name,
        numPartitions: partitions,
        replicationFactor,
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      })),
      timeoutMs,
      validateOnly,
    })
    for (const { name } of topics) this.#cluster.forget(name)
    for (const { name, errorCode, errorMessage } of answer.topics) check(errorCode, `cannot create topic '${name}'`, errorMessage)
  }

  /** All topics, by name. */
  async list(): Promise<TopicSummary[]> {
    const topics = await this.#metadata(undefined)
    return topics.map(({ name, isInternal, partitions }) => ({
      name: name ?? '',
      isInternal,
      partitions: partitions.length,
      replicas: partitions[0]?.replicaNodes.length ?? 0,
    }))
  }

  /** In the order named; all topics by name if none is. */
  async describe(names?: readonly string[]): Promise<TopicDescription[]> {
    const topics = await this.#metadata(names)
    const configs = await this.#configs(topics.map(({ name }) => name ?? ''))
    return topics.map(({ name, topicId, isInternal, partitions }) => ({
      name: name ?? '',
      id: topicId,
      isInternal,
      partitions: partitions
        .map(({ partitionIndex, leaderId, replicaNodes, isrNodes }) => ({
          index: partitionIndex,
          leader: leaderId,
          replicas: replicaNodes,
          isr: isrNodes,
        }))
        .sort((a, b) => a.index - b.index),
      configs: configs.get(name ?? '') ?? {},
    }))
  }

  /** Sets the settings given; those given as null go back to the broker's default. */
  async alterConfigs(name: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    const connection = await this.#cluster.controller()
    const configs = Object.entries(changes).map(([key, value]) => ({
      name: key,
      configOperation: value === null ? deleteValue : setValue,
      value,
    }))
    const answer = await connection.send(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, {
      resources: [{ resourceType: topicResource, resourceName: name, configs }],
      validateOnly: false,
    })
    for (const { errorCode, errorMessage } of answer.responses) check(errorCode, `cannot alter topic '${name}'`, errorMessage)
  }

  /** Raises the number of partitions to `count`. */
  async addPartitions(name: string, count: number): Promise<void> {
    const connection = await this.#cluster.controller()
    const answer = await connection.send(CreatePartitionsRequest, CreatePartitionsResponse, {
      topics: [{ name, count, assignments: null }],
      timeoutMs,
      validateOnly: false,
    })
    this.#cluster.forget(name)
    for (const { errorCode, errorMessage } of answer.results) check(errorCode, `cannot add partitions to topic '${name}'`, errorMessage)
  }

  /** Each by itself: where one is refused, the others are gone all the same. */
  async delete(names: readonly string[]): Promise<void> {
    if (names.length === 0) throw new ClientError('INVALID_REQUEST', 'no topic to delete was named')
    const connection = await this.#cluster.controller()
    const body = { topicNames: [...names], timeoutMs }
    const answer = await connection.send(DeleteTopicsRequest, DeleteTopicsResponse, body, lastDeleteTopicsVersionByName)
    for (const name of names) this.#cluster.forget(name)
    for (const { errorCode, errorMessage, name } of answer.responses) check(errorCode, `cannot delete topic '${name}'`, errorMessage)
  }

  async #metadata(names: readonly string[] | undefined): Promise<MetadataResponse['topics']> {
    const connection = await this.#pool.any()
    const body = { topics: names?.map((name) => ({ name })) ?? null, allowAutoTopicCreation: false }
    const { topics } = await connection.send(MetadataRequest, MetadataResponse, body)
    if (!names) return topics.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))
    const byName = new Map(topics.map((topic) => [topic.name, topic]))
    return [...new Set(names)].map((name) => {
      const topic = byName.get(name)
      check(topic?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic '${name}'`)
      return topic as NonNullable<typeof topic>
    })
  }

  /** The settings of topics that are their own. */
  async #configs(names: readonly string[]): Promise<Map<string, Record<string, string>>> {
    const found = new Map<string, Record<string, string>>()
    if (names.length === 0) return found
    const connection = await this.#pool.any()
    const resources = names.map((name) => ({ resourceType: topicResource, resourceName: name, configurationKeys: null }))
    const answer = await connection.send(DescribeConfigsRequest, DescribeConfigsResponse, { resources })
    for (const { errorCode, errorMessage, resourceName, configs } of answer.results) {
      check(errorCode, `cannot read the settings of topic '${resourceName}'`, errorMessage)
      const own = configs.filter(({ configSource }) => configSource === sourceOfTopic)
      found.set(resourceName, Object.fromEntries(own.map(({ name, value }) => [name, value ?? ''])))
    }
    return found
  }
}
