/**
 * A simulated consumer. It reads its partitions from the beginning or from anywhere, with a fetch session or without, waits for more, and
 * holds every answer against the history: nothing changed, missing, twice, out of order, or above what it may see.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../../client/protocol/messages/list-offsets.ts'
import type { PartitionHistory } from '../history.ts'
import { Violation } from '../violation.ts'
import { Client, type Surroundings, type TopicIds } from './client.ts'
import type { ClientConnection } from './connection.ts'

export interface ConsumerTraits {
  version: number
  committedOnly: boolean
  withSession: boolean
  maxWaitMillis: number
  minBytes: number
  partitionMaxBytes: number
  maxBytes: number
  /** That it goes elsewhere instead of on. */
  seekChance: number
  pauseMillisMax: number
  dozeChance: number
}

/** Where it stands in one partition. */
interface Cursor {
  history: PartitionHistory
  next: number
  /** As last told to the session; -1: not part of it. */
  told: number
  highWatermark: number
}

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

const firstVersionWithTopicIds = 13
const firstVersionWithSessions = 7
const earliest = -2
const latest = -1

export class Consumer extends Client {
  readonly #traits: ConsumerTraits
  readonly #cursors: Cursor[]
  #topics: TopicIds | undefined
  #sessionId = 0
  #sessionEpoch = 0
  #heard: ClientConnection | undefined
  recordsRead = 0

  constructor(around: Surroundings, traits: ConsumerTraits, partitions: readonly PartitionHistory[]) {
    super(around, { dozeChance: traits.dozeChance, requestTimeoutMillis: 4_000 })
    this.#traits = traits
    this.#cursors = partitions.map((history) => ({ history, next: 0, told: -1, highWatermark: 0 }))
  }

  protected async live(): Promise<void> {
    while (!this.stopping) {
      const connection = await this.connected()
      if (!connection) return
      if (connection !== this.#heard) this.#meet(connection)
      if (await this.#knowsTopics(connection)) await this.#fetch(connection)
      if (this.random.chance(this.#traits.seekChance)) this.#seek()
      if (this.random.chance(0.5)) await this.sleep(this.random.fraction() * this.#traits.pauseMillisMax)
    }
  }

  /** Nothing that the last connection knew holds for a new one. */
  #meet(connection: ClientConnection): void {
    this.#heard = connection
    this.#topics = undefined
    this.#sessionId = this.#sessionEpoch = 0
    for (const cursor of this.#cursors) cursor.highWatermark = 0
  }

  /** Whether it has the ids of all its topics, if it needs them. */
  async #knowsTopics(connection: ClientConnection): Promise<boolean> {
    if (this.#topics || this.#traits.version < firstVersionWithTopicIds) return true
    const found = await this.topicIds(connection)
    if (this.#cursors.some(({ history }) => !found?.idOf.has(history.topic))) {
      await this.sleep(20)
      return false
    }
    this.#topics = found
    return true
  }

  #seek(): void {
    const cursor = this.random.pick(this.#cursors)
    cursor.next = this.random.chance(0.5) ? 0 : this.random.below(cursor.history.endSeen + 1)
  }

  async #fetch(connection: ClientConnection): Promise<void> {
    const { version, maxBytes, minBytes, maxWaitMillis, committedOnly } = this.#traits
    const asked = new Map(this.#cursors.map((cursor) => [cursor, cursor.next]))
    const answer = await this.tryTo(() =>
      connection.request(FetchRequest, FetchResponse, version, {
        maxWaitMs: maxWaitMillis,
        minBytes,
        maxBytes,
        isolationLevel: committedOnly ? 1 : 0,
        sessionId: this.#sessionId,
        sessionEpoch: this.#usesSession ? this.#sessionEpoch : -1,
        topics: this.#wanted(),
      }),
    )
    if (!answer) return
    if (answer.errorCode !== ErrorCode.NONE) return this.#refused(answer.errorCode)
    if (this.#usesSession) {
      this.#sessionId = answer.sessionId
      this.#sessionEpoch = answer.sessionId === 0 ? 0 : this.#sessionEpoch + 1
    }
    const life = this.lifeOf(connection)
    for (const { topic, topicId, partitions } of answer.responses) {
      for (const data of partitions) {
        const cursor = this.#cursors.find(({ history }) => this.#isMeant(history, topic, topicId, data.partitionIndex))
        if (!cursor) throw new Violation(5, `${this.name} was given a partition it had not asked for`)
        await this.#take(connection, cursor, asked.get(cursor) as number, data, life)
      }
    }
  }

  get #usesSession(): boolean {
    return this.#traits.withSession && this.#traits.version >= firstVersionWithSessions
  }

  #refused(errorCode: number): void {
    const isOfSession = errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND || errorCode === ErrorCode.INVALID_FETCH_SESSION_EPOCH
    if (!isOfSession && !isPassing(errorCode)) throw new Violation(5, `${this.name} fetched and was answered ${errorOf(errorCode).name}`)
    this.#sessionId = this.#sessionEpoch = 0
    this.#topics = undefined
  }

  #isMeant(history: PartitionHistory, topic: string, topicId: string, index: number): boolean {
    const named =
      this.#traits.version >= firstVersionWithTopicIds ? this.#topics?.idOf.get(history.topic) === topicId : history.topic === topic
    return named && history.index === index
  }

  /** All partitions, or within a session those whose offset changed. */
  #wanted() {
    const incremental = this.#usesSession && this.#sessionId !== 0
    const topics = new Map<string, { partition: number; fetchOffset: number; partitionMaxBytes: number }[]>()
    for (const cursor of this.#cursors) {
      if (incremental && cursor.told === cursor.next) continue
      cursor.told = cursor.next
      const { topic, index } = cursor.history
      const partitions = topics.get(topic) ?? []
      partitions.push({ partition: index, fetchOffset: cursor.next, partitionMaxBytes: this.#traits.partitionMaxBytes })
      topics.set(topic, partitions)
    }
    return [...topics].map(([topic, partitions]) => ({ topic, topicId: this.#topics?.idOf.get(topic), partitions }))
  }

  async #take(connection: ClientConnection, cursor: Cursor, from: number, data: PartitionAnswer, life: number): Promise<void> {
    const { history } = cursor
    if (data.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return this.#outOfRange(connection, cursor, from, life)
    if (data.errorCode !== ErrorCode.NONE) {
      if (!isPassing(data.errorCode))
        throw new Violation(5, `${this.name} fetched ${history.name} and was answered ${errorOf(data.errorCode).name}`)
      cursor.told = -1
      return
    }
    if (data.highWatermark < cursor.highWatermark) {
      throw new Violation(
        3,
        `${this.name}: the high watermark of ${history.name} went back from ${cursor.highWatermark} to ${data.highWatermark}`,
      )
    }
    if (data.lastStableOffset > data.highWatermark)
      throw new Violation(3, `${history.name}: the last stable offset is above the high watermark`)
    cursor.highWatermark = data.highWatermark
    history.startSeen = Math.max(history.startSeen, data.logStartOffset)
    const upTo = this.#traits.committedOnly ? data.lastStableOffset : data.highWatermark
    if (!data.records || data.records.length === 0) return
    if (from < data.logStartOffset)
      throw new Violation(1, `${this.name} was given ${history.name} from ${from}, below its start ${data.logStartOffset}`)
    const next = history.read(data.records, from, upTo, life, this.name)
    this.recordsRead += next - from
    cursor.next = next
  }

  /** Right only where the records were deleted, or lost with the power. */
  async #outOfRange(connection: ClientConnection, cursor: Cursor, from: number, life: number): Promise<void> {
    const { history } = cursor
    const version = this.random.between(1, 11)
    const timestamp = this.random.chance(0.8) ? earliest : latest
    const ask = (): Promise<ListOffsetsResponse> =>
      connection.request(ListOffsetsRequest, ListOffsetsResponse, version, {
        replicaId: -1,
        topics: [{ name: history.topic, partitions: [{ partitionIndex: history.index, timestamp }] }],
      })
    const found = (await this.tryTo(ask))?.topics[0]?.partitions[0]
    if (!found || found.errorCode !== ErrorCode.NONE) return
    if (timestamp === earliest) {
      history.startSeen = Math.max(history.startSeen, found.offset)
      if (from >= found.offset && from <= history.endSeen && !history.mayHaveLost(from, -1)) {
        throw new Violation(
          1,
          `${this.name}: offset ${from} of ${history.name} is out of range, and the log starts at ${found.offset} and ends at ${history.endSeen} or later`,
        )
      }
    }
    void life
    cursor.next = found.offset
  }
}

/** Errors of a broker that is starting, or whose disk failed. */
function isPassing(errorCode: number): boolean {
  switch (errorCode) {
    case ErrorCode.KAFKA_STORAGE_ERROR:
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.LEADER_NOT_AVAILABLE:
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.UNKNOWN_TOPIC_ID:
    case ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR:
    case ErrorCode.INCONSISTENT_TOPIC_ID:
      return true
    default:
      return false
  }
}
