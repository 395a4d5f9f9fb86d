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

  async create(topic: NewTopic, { validateOnly = false } = {}): Promise<void> {
    const connection = await this.#cluster.controller()
    const { name, partitions = -1, replicationFactor = -1, configs = {} } = topic
    const answer = await connection.send(CreateTopicsRequest, CreateTopicsResponse, {
      topics: [
        {
          name,
          numPartitions: partitions,
          replicationFactor,
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        },
      ],
      timeoutMs,
      validateOnly,
    })
    for (const { errorCode, errorMessage } of answer.topics) check(errorCode, `cannot create topic '${name}'`, errorMessage)
    this.#cluster.forget(name)
  }

  list(): Promise<string[]> {
    return this.#cluster.topicNames()
  }

  async describe(names: readonly string[]): Promise<TopicDescription[]> {
    const connection = await this.#pool.any()
    const body = { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false }
    const { topics } = await connection.send(MetadataRequest, MetadataResponse, body)
    const described: TopicDescription[] = []
    for (const { errorCode, name, topicId, isInternal, partitions } of topics) {
      check(errorCode, `topic '${name}'`)
      described.push({
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
        configs: await this.configs(name ?? ''),
      })
    }
    return described
  }

  /** The settings of a topic that are its own. */
  async configs(name: string): Promise<Record<string, string>> {
    const connection = await this.#pool.any()
    const body = { resources: [{ resourceType: topicResource, resourceName: name, configurationKeys: null }] }
    const answer = await connection.send(DescribeConfigsRequest, DescribeConfigsResponse, body)
    const own: Record<string, string> = {}
    for (const { errorCode, errorMessage, configs } of answer.results) {
      check(errorCode, `cannot read the settings of topic '${name}'`, errorMessage)
      for (const { name: key, value, configSource } of configs) if (configSource === sourceOfTopic) own[key] = value ?? ''
    }
    return own
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
    for (const { errorCode, errorMessage } of answer.results) check(errorCode, `cannot add partitions to topic '${name}'`, errorMessage)
    this.#cluster.forget(name)
  }

  async delete(names: readonly string[]): Promise<void> {
    if (names.length === 0) throw new ClientError('INVALID_REQUEST', 'no topic to delete was named')
    const connection = await this.#cluster.controller()
    const body = { topicNames: [...names], timeoutMs }
    const answer = await connection.send(DeleteTopicsRequest, DeleteTopicsResponse, body, lastDeleteTopicsVersionByName)
    for (const { errorCode, errorMessage, name } of answer.responses) check(errorCode, `cannot delete topic '${name}'`, errorMessage)
    for (const name of names) this.#cluster.forget(name)
  }
}
