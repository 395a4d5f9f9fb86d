/**
 * Fetch requests to brokers, and their answers.
 * Owns: the session with each broker (KIP-227), and the names of topics that answers say by their ids. Never: decides what is asked for, or tries again.
 */
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { answeredError, ClientError, type ErrorDetails } from '../network/client-error.ts'
import { within } from '../network/interruption.ts'
import { ErrorCode, errorOf } from '../protocol/errors.ts'
import { FetchRequest, FetchResponse } from '../protocol/messages/fetch.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import { byTopic, indexOf } from './by-topic.ts'
import { FetchSession, type SessionItem } from './fetch-session.ts'

export interface RequestOptions {
  /** Of one partition in one fetch. */
  readonly partitionBytes: number
  readonly minBytes: number
  /** How long a broker may wait for `minBytes`. */
  readonly maxWaitMs: number
  readonly readCommitted: boolean
  readonly rack: string
  /** Its own: a fetch that waits keeps all that is asked behind it waiting. */
  readonly lane: string
}

export interface AskedPartition {
  readonly of: AssignedPartition
  readonly offset: number
}

export type AnsweredPartition = FetchResponse['responses'][number]['partitions'][number]

export interface AnsweredTopic {
  readonly topic: string
  readonly partitions: readonly AnsweredPartition[]
}

export interface Answer {
  readonly broker: string
  readonly responses: readonly AnsweredTopic[]
}

/** A broker that does not hear in this time that its sessions are over finds out by itself. */
const goodbyeMillis = 1000
/** These say that the cluster has changed, or is just changing: a broker that starts, or ends, meets what it did not expect. */
const stale: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.REPLICA_NOT_AVAILABLE,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.INCONSISTENT_TOPIC_ID,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.OFFSET_NOT_AVAILABLE,
  ErrorCode.UNKNOWN_SERVER_ERROR,
])

export class FetchRequests {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView
  readonly #options: RequestOptions
  readonly #sessions = new Map<number, FetchSession<AssignedPartition>>()
  /** By id, those that were asked for. */
  readonly #topicNames = new Map<string, string>()

  constructor(pool: BrokerPool, cluster: ClusterView, options: RequestOptions) {
    this.#pool = pool
    this.#cluster = cluster
    this.#options = options
  }

  /** What a broker has of these; nothing where its session is to begin anew: it is asked again. Throws ClientError. */
  async ask(node: number, asks: readonly AskedPartition[], maxBytes: number, isCrowded: boolean): Promise<Answer> {
    const session = this.#sessionWith(node)
    const endpoint = this.#cluster.endpoint(node)
    if (!endpoint) throw answeredError(ErrorCode.BROKER_NOT_AVAILABLE, `broker ${node} is gone`, { retriable: true })
    const connection = await this.#pool.at(endpoint, { lane: this.#options.lane })
    const { broker } = connection
    try {
      const answer = await connection.send(FetchRequest, FetchResponse, this.#request(asks, session, maxBytes, isCrowded))
      const { errorCode, sessionId, responses } = answer
      if (errorCode !== ErrorCode.NONE) {
        if (session.failed(errorCode)) return { broker, responses: [] }
        throw refusal(errorCode, `cannot fetch from ${broker}`, { broker })
      }
      session.answered(sessionId)
      const named = responses.map(({ topic, topicId, partitions }) => ({ topic: topic || this.#topicNames.get(topicId) || '', partitions }))
      return { broker, responses: named }
    } catch (error) {
      session.failed()
      throw error
    }
  }

  #sessionWith(node: number): FetchSession<AssignedPartition> {
    let session = this.#sessions.get(node)
    if (!session) this.#sessions.set(node, (session = new FetchSession()))
    return session
  }

  /** While others wait to be handed out there is no time to wait for more. */
  #request(asks: readonly AskedPartition[], session: FetchSession<AssignedPartition>, maxBytes: number, isCrowded: boolean) {
    const { partitionBytes, minBytes, maxWaitMs, readCommitted, rack } = this.#options
    const partitionMaxBytes = Math.min(partitionBytes, maxBytes)
    const wanted = new Map<AssignedPartition, SessionItem>()
    for (const { of, offset: fetchOffset } of asks) {
      const { topic, partition } = of
      const view = this.#cluster.known(topic)
      const currentLeaderEpoch = view?.leaderEpochs[partition] ?? -1
      if (view) this.#topicNames.set(view.topicId, topic)
      wanted.set(of, { topic, topicId: view?.topicId, partition, fetchOffset, currentLeaderEpoch, partitionMaxBytes })
    }
    const { topics, forgotten, ...place } = session.request(wanted)
    return {
      maxWaitMs: isCrowded ? 0 : Math.min(maxWaitMs, this.#pool.options.requestTimeoutMs / 2),
      minBytes,
      maxBytes,
      isolationLevel: readCommitted ? 1 : 0,
      ...place,
      topics: byTopicAndId(topics, (item) => item),
      forgottenTopicsData: byTopicAndId(forgotten, indexOf),
      rackId: rack,
    }
  }

  /** Brokers hear that their sessions are over, as far as that is heard. Never throws. */
  async close(): Promise<void> {
    const open = [...this.#sessions].filter(([, session]) => session.isOpen)
    await Promise.all(open.map(([node, session]) => this.#end(node, session)))
  }

  /** On a line of its own: the other one may wait for records. */
  async #end(node: number, session: FetchSession<AssignedPartition>): Promise<void> {
    const endpoint = this.#cluster.endpoint(node)
    if (!endpoint) return
    const { platform } = this.#pool.options
    const goodbye = async () => {
      const connection = await this.#pool.at(endpoint)
      await connection.send(FetchRequest, FetchResponse, { maxWaitMs: 0, minBytes: 0, topics: [], ...session.ending() })
    }
    const late = () => new ClientError('REQUEST_TIMED_OUT', `broker ${node} was not told in time that its fetch session is over`)
    await within(goodbye(), goodbyeMillis, platform, late).catch((error: unknown) => {
      this.#pool.options.logger?.debug({ node, error: String(error) }, 'a broker did not hear that its fetch session is over')
    })
  }
}

function byTopicAndId<T>(items: readonly SessionItem[], tell: (item: SessionItem) => T) {
  const ids = new Map(items.map(({ topic, topicId }) => [topic, topicId]))
  return byTopic(items, tell).map(([topic, partitions]) => ({ topic, topicId: ids.get(topic), partitions }))
}

export function refusal(errorCode: number, what: string, details: ErrorDetails): ClientError {
  return answeredError(errorCode, what, { ...details, retriable: errorOf(errorCode).retriable || stale.has(errorCode) })
}
