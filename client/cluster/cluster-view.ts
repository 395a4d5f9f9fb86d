/**
 * What the client knows of the cluster: brokers, topics, who leads which partition.
 * Owns: the last Metadata answer, asked anew when it proves stale.
 */
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { BrokerPool, ConnectOptions, Endpoint } from '../network/broker-pool.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { interruptible, pause } from '../network/interruption.ts'
import { type AttemptOptions, firstContactAttempts, patiently } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { MetadataRequest, MetadataResponse } from '../protocol/messages/metadata.ts'
import type { Input } from '../protocol/schema.ts'

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
const retryMillisMax = 2000
/** What is older is asked for again: topics are given partitions, and brokers come and go. */
const ageMillisMax = 5 * 60_000

/** Asks for brokers alone. */
const nothing = { topics: [], allowAutoTopicCreation: false }

interface Kept {
  readonly view: TopicView
  readonly askedAt: number
}

export class ClusterView {
  readonly #pool: BrokerPool
  readonly #brokers = new Map<number, Endpoint>()
  readonly #topics = new Map<string, Kept>()
  /** By topic: who asks first asks for all. */
  readonly #asking = new Map<string, Promise<TopicView>>()
  #controllerId = -1

  constructor(pool: BrokerPool) {
    this.#pool = pool
  }

  /** @param create let the broker make it if it does not exist, and makes topics at all. Throws ClientError. */
  async topic(name: string, { create = false, signal, deadline }: { create?: boolean } & AttemptOptions = {}): Promise<TopicView> {
    const kept = this.#topics.get(name)
    if (kept && this.#pool.options.platform.now() - kept.askedAt < ageMillisMax) return kept.view
    const key = create ? `${name} made` : name
    let asking = this.#asking.get(key)
    if (!asking) {
      asking = this.#refresh(name, create).finally(() => this.#asking.delete(key))
      this.#asking.set(key, asking)
    }
    const told = interruptible(asking, signal)
    const late = () =>
      new ClientError('REQUEST_TIMED_OUT', `no broker told in time where topic '${name}' is`, { retriable: true, topic: name })
    return deadline?.bound(told, late) ?? told
  }

  /** Without asking anybody. */
  known(name: string): TopicView | undefined {
    return this.#topics.get(name)?.view
  }

  /** Asks again; a topic that is just being made or moved is asked for until it has its leaders, and brokers until one answers, for two seconds. */
  async #refresh(name: string, create: boolean): Promise<TopicView> {
    const { platform, hasMet = () => true } = this.#pool.options
    const begunAt = platform.now()
    for (let attempt = 1; ; attempt++) {
      const found = await this.#lookFor(name, create)
      if (!(found instanceof ClientError)) return found
      const isLate = attempt === attemptsMax || platform.now() - begunAt >= retryMillisMax || (attempt >= firstContactAttempts && !hasMet())
      if (!found.retriable || isLate || (!create && found.code === 'UNKNOWN_TOPIC_OR_PARTITION')) throw found
      await pause(platform, retryDelayMs * attempt)
    }
  }

  /** The error that one attempt ended with is given back. */
  async #lookFor(name: string, create: boolean): Promise<TopicView | ClientError> {
    try {
      const { topics } = await this.#ask({ topics: [{ name }], allowAutoTopicCreation: create })
      const [topic] = topics
      if (topic?.errorCode === ErrorCode.NONE && topic.partitions.every(({ leaderId }) => leaderId >= 0)) return this.#keep(name, topic)
      return answeredError(topic?.errorCode || ErrorCode.LEADER_NOT_AVAILABLE, `topic '${name}'`, { topic: name })
    } catch (error) {
      if (error instanceof ClientError) return error
      throw error
    }
  }

  /** A connection to the leader of a partition. */
  async leader(topic: string, partition: number, options: ConnectOptions = {}): Promise<BrokerConnection> {
    const { leaders } = await this.topic(topic, options)
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
    return this.#pool.at(endpoint, options)
  }

  /** A connection to each broker there is. */
  async brokers(options: AttemptOptions = {}): Promise<BrokerConnection[]> {
    const { brokers } = await this.#ask(nothing, options)
    return Promise.all(brokers.map((endpoint) => this.#pool.at(endpoint, options)))
  }

  /** The brokers that live, as the cluster says now. */
  async brokerIds(options: AttemptOptions = {}): Promise<number[]> {
    const { brokers } = await this.#ask(nothing, options)
    return brokers.map(({ nodeId }) => nodeId).sort((a, b) => a - b)
  }

  /** A connection to one broker. Throws BROKER_NOT_AVAILABLE where none of that id lives. */
  async broker(nodeId: number, options: AttemptOptions = {}): Promise<BrokerConnection> {
    if (!this.#brokers.has(nodeId)) await this.#ask(nothing, options)
    const endpoint = this.#brokers.get(nodeId)
    if (!endpoint) throw answeredError(ErrorCode.BROKER_NOT_AVAILABLE, `broker ${nodeId}`, { retriable: true })
    return this.#pool.at(endpoint, options)
  }

  /** Where changes to the cluster go. */
  async controller(options: AttemptOptions = {}): Promise<BrokerConnection> {
    if (!this.#brokers.has(this.#controllerId)) await this.#ask(nothing, options)
    const endpoint = this.#brokers.get(this.#controllerId)
    return endpoint ? this.#pool.at(endpoint, options) : this.#pool.any(options)
  }

  /** Who the controller was, and where brokers were, is no more. */
  forgetBrokers(): void {
    this.#controllerId = -1
    this.#brokers.clear()
    this.#topics.clear()
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
    const body = { topics: asked?.map(({ name = null, topicId }) => ({ name, topicId })) ?? null, allowAutoTopicCreation: false }
    const answer = await patiently(this.#pool.options, (_, bound) => this.#ask(body, bound))
    return answer.topics.flatMap((topic) => {
      if (topic.errorCode === ErrorCode.NONE && topic.name !== null) return [this.#keep(topic.name, topic)]
      if (topic.name !== null) this.forget(topic.name)
      return []
    })
  }

  async #ask(body: Input<typeof MetadataRequest>, call: AttemptOptions = {}): Promise<MetadataResponse> {
    for (let isFirst = true; ; isFirst = false) {
      const connection = await this.#pool.any(call)
      const answer = await connection.send(MetadataRequest, MetadataResponse, body, undefined, call)
      if (answer.errorCode === ErrorCode.NONE) {
        this.#keepBrokers(answer)
        return answer
      }
      const isElsewhere = answer.errorCode === ErrorCode.REBOOTSTRAP_REQUIRED
      if (!isElsewhere || !isFirst) throw answeredError(answer.errorCode, 'cannot ask what the cluster is', { broker: connection.broker })
      // KIP-1102: what was known is another cluster's.
      this.forgetBrokers()
      this.#pool.rebootstrap()
    }
  }

  #keepBrokers({ brokers, controllerId }: MetadataResponse): void {
    this.#brokers.clear()
    for (const { nodeId, host, port } of brokers) this.#brokers.set(nodeId, { host, port })
    this.#pool.learn([...this.#brokers.values()])
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
    this.#topics.set(name, { view, askedAt: this.#pool.options.platform.now() })
    return view
  }
}
