/**
 * What the client knows of the cluster: brokers, topics, who leads which partition.
 * Owns: the last Metadata answer, asked anew when it proves stale.
 */
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { BrokerPool, Endpoint } from '../network/broker-pool.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { MetadataRequest, MetadataResponse } from '../protocol/messages/metadata.ts'

export interface TopicView {
  readonly name: string
  readonly topicId: string
  readonly isInternal: boolean
  /** By partition: the broker that leads it, -1 where none does. */
  readonly leaders: readonly number[]
  /** By partition; -1 where the broker does not tell. */
  readonly leaderEpochs: readonly number[]
}

type AnsweredTopic = MetadataResponse['topics'][number]

/** Each wait is longer than the last by so much. */
const retryDelayMs = 25
const attemptsMax = 12

export class ClusterView {
  readonly #pool: BrokerPool
  readonly #brokers = new Map<number, Endpoint>()
  readonly #topics = new Map<string, TopicView>()
  #controllerId = -1

  constructor(pool: BrokerPool) {
    this.#pool = pool
  }

  async topic(name: string, { create = false } = {}): Promise<TopicView> {
    return this.#topics.get(name) ?? (await this.#refresh(name, create))
  }

  /** Without asking anybody. */
  known(name: string): TopicView | undefined {
    return this.#topics.get(name)
  }

  /** Asks again; a topic that is just being made or moved is asked for until it has its leaders, for two seconds. */
  async #refresh(name: string, create: boolean): Promise<TopicView> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#pool.any()
      const body = { topics: [{ name }], allowAutoTopicCreation: create }
      const answer = await connection.send(MetadataRequest, MetadataResponse, body)
      this.#keepBrokers(answer)
      const [topic] = answer.topics
      const settled = topic?.errorCode === ErrorCode.NONE && topic.partitions.every(({ leaderId }) => leaderId >= 0)
      if (topic && settled) return this.#keep(name, topic)
      const error = answeredError(topic?.errorCode || ErrorCode.LEADER_NOT_AVAILABLE, `topic '${name}'`, { topic: name })
      if (!error.retriable || attempt === attemptsMax || (!create && error.code === 'UNKNOWN_TOPIC_OR_PARTITION')) throw error
      await new Promise<void>((resolve) => this.#pool.options.platform.after(retryDelayMs * attempt, resolve))
    }
  }

  /** A connection to the leader of a partition. */
  async leader(topic: string, partition: number): Promise<BrokerConnection> {
    const { leaders } = await this.topic(topic)
    const leader = leaders[partition]
    if (leader === undefined) {
      const why = `topic '${topic}' has no partition ${partition}, only ${leaders.length}, counted from 0`
      throw new ClientError('UNKNOWN_TOPIC_OR_PARTITION', why, { topic, partition })
    }
    const endpoint = this.#brokers.get(leader)
    if (!endpoint) {
      throw new ClientError('LEADER_NOT_AVAILABLE', `partition ${partition} of topic '${topic}' has no leader`, {
        retriable: true,
        topic,
        partition,
      })
    }
    return this.#pool.at(endpoint)
  }

  /** A connection to each broker there is. */
  async brokers(): Promise<BrokerConnection[]> {
    const connection = await this.#pool.any()
    const { brokers } = await connection.send(MetadataRequest, MetadataResponse, { topics: [], allowAutoTopicCreation: false })
    return Promise.all(brokers.map((endpoint) => this.#pool.at(endpoint)))
  }

  /** Where changes to the cluster go. */
  async controller(): Promise<BrokerConnection> {
    const endpoint = this.#brokers.get(this.#controllerId)
    return endpoint ? this.#pool.at(endpoint) : this.#pool.any()
  }

  forget(topic: string): void {
    this.#topics.delete(topic)
  }

  /** Where a broker is, as far as is known. */
  endpoint(nodeId: number): Endpoint | undefined {
    return this.#brokers.get(nodeId)
  }

  /** Those of the named topics that exist, all of them if none are named: asked anew, in one request. */
  async existing(asked: readonly { readonly name?: string | null; readonly topicId?: string }[] | null = null): Promise<TopicView[]> {
    const connection = await this.#pool.any()
    const body = {
      topics: asked?.map(({ name = null, topicId }) => ({ name, topicId })) ?? null,
      allowAutoTopicCreation: false,
    }
    const answer = await connection.send(MetadataRequest, MetadataResponse, body)
    this.#keepBrokers(answer)
    return answer.topics.flatMap((topic) => {
      if (topic.errorCode === ErrorCode.NONE && topic.name !== null) return [this.#keep(topic.name, topic)]
      if (topic.name !== null) this.forget(topic.name)
      return []
    })
  }

  #keepBrokers({ brokers, controllerId }: MetadataResponse): void {
    for (const { nodeId, host, port } of brokers) this.#brokers.set(nodeId, { host, port })
    this.#controllerId = controllerId
  }

  #keep(name: string, { topicId, isInternal, partitions }: AnsweredTopic): TopicView {
    const leaders: number[] = []
    const leaderEpochs: number[] = []
    for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
      leaders[partitionIndex] = leaderId
      leaderEpochs[partitionIndex] = leaderEpoch
    }
    const view = { name, topicId, isInternal, leaders, leaderEpochs }
    this.#topics.set(name, view)
    return view
  }
}
