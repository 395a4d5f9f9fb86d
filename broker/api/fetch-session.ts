/**
 * Incremental fetch sessions (KIP-227): a reader of many partitions names them once, and then only what changes.
 * Owns: what each session reads and what it was last told, within `max.incremental.fetch.session.cache.slots` and a bound on partitions.
 * Never: reads a partition. Sessions outlive connections; the least recently used one makes room once it has been idle.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { FetchRequest } from '../../client/protocol/messages/fetch.ts'
import type { Of } from '../../client/protocol/schema.ts'
import type { Millis } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'

type Request = Of<typeof FetchRequest>

/** One partition that a reader follows. */
export interface FetchItem {
  /** Empty until the topic of an id is known. */
  topic: string
  readonly topicId: string
  readonly index: number
  fetchOffset: number
  maxBytes: number
  currentLeaderEpoch: number
  lastFetchedEpoch: number
  /** What the reader was last told, so that an unchanged partition can be left out. */
  toldHighWatermark: number
  toldStartOffset: number
}

/** What a request asks for, its session applied. */
export interface FetchPlan {
  items: Iterable<FetchItem>
  /** 0: no session. */
  sessionId: number
  /** Only what changed is answered. */
  incremental: boolean
  session: FetchSession | undefined
}

const sessionlessEpoch = -1
const firstEpoch = 0
const idleBeforeEvictionMillis: Millis = 120_000
/** Of all sessions together; past it readers name their partitions in every request. */
const partitionsMaxInAll = 1_000_000

const nextEpoch = (epoch: number): number => (epoch === 0x7fffffff ? 1 : epoch + 1)

export class FetchSession {
  readonly id: number
  readonly usesTopicIds: boolean
  readonly items: Map<string, FetchItem>
  epoch = 1
  usedAt: Millis

  constructor(id: number, usesTopicIds: boolean, items: Map<string, FetchItem>, now: Millis) {
    this.id = id
    this.items = items
    this.usesTopicIds = usesTopicIds
    this.usedAt = now
  }

  /** Partitions that had data go to the end, so that a busy one cannot starve the rest. */
  moveToEnd(item: FetchItem): void {
    if (this.items.size === 1) return
    const key = keyOf(item.topic, item.topicId, item.index, this.usesTopicIds)
    this.items.delete(key)
    this.items.set(key, item)
  }
}

const keyOf = (topic: string, topicId: string, index: number, byId: boolean): string => `${byId ? topicId : topic}/${index}`

/** One for each partition: of two that are the same the later one counts. */
function itemsOf(request: Request, byId: boolean): Map<string, FetchItem> {
  const items = new Map<string, FetchItem>()
  for (const { topic, topicId, partitions } of request.topics) {
    for (const { partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch, lastFetchedEpoch } of partitions) {
      items.set(keyOf(topic, topicId, partition, byId), {
        topic,
        topicId,
        index: partition,
        fetchOffset,
        maxBytes: partitionMaxBytes,
        currentLeaderEpoch,
        lastFetchedEpoch,
        toldHighWatermark: -1,
        toldStartOffset: -1,
      })
    }
  }
  return items
}

export class FetchSessions {
  readonly #sessions = new Map<number, FetchSession>()
  readonly #slotsMax: number
  readonly #partitionsMax: number
  #partitions = 0
  readonly #random: Random

  constructor(slotsMax: number, random: Random, partitionsMax = partitionsMaxInAll) {
    this.#slotsMax = slotsMax
    this.#partitionsMax = partitionsMax
    this.#random = random
  }

  get size(): number {
    return this.#sessions.size
  }

  /** What to read, or the error code that answers the whole request. */
  plan(request: Request, usesTopicIds: boolean, now: Millis): FetchPlan | number {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch === sessionlessEpoch || sessionEpoch === firstEpoch) {
      this.#close(this.#sessions.get(sessionId))
      const items = itemsOf(request, usesTopicIds)
      const session = sessionEpoch === firstEpoch ? this.#open(items, usesTopicIds, now) : undefined
      return { items: [...items.values()], sessionId: session?.id ?? 0, incremental: false, session }
    }
    const session = this.#sessions.get(sessionId)
    if (!session) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    if (session.epoch !== sessionEpoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH
    if (session.usesTopicIds !== usesTopicIds) return ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR
    const before = session.items.size
    this.#update(session, request)
    this.#partitions += session.items.size - before
    session.epoch = nextEpoch(session.epoch)
    session.usedAt = now
    if (session.items.size === 0 || this.#partitions > this.#partitionsMax) {
      this.#close(session)
      return { items: [...session.items.values()], sessionId: 0, incremental: false, session: undefined }
    }
    this.#sessions.delete(sessionId)
    this.#sessions.set(sessionId, session)
    return { items: [...session.items.values()], sessionId, incremental: true, session }
  }

  #open(items: Map<string, FetchItem>, usesTopicIds: boolean, now: Millis): FetchSession | undefined {
    if (items.size === 0 || !this.#makeRoom(items.size, now)) return undefined
    let id = 0
    while (id === 0 || this.#sessions.has(id)) id = this.#random.bytes(4).readUInt32BE(0) & 0x7fffffff
    const session = new FetchSession(id, usesTopicIds, items, now)
    this.#sessions.set(id, session)
    this.#partitions += items.size
    return session
  }

  #close(session: FetchSession | undefined): void {
    if (!session || !this.#sessions.delete(session.id)) return
    this.#partitions -= session.items.size
  }

  #makeRoom(partitions: number, now: Millis): boolean {
    const isRoom = () => this.#sessions.size < this.#slotsMax && this.#partitions + partitions <= this.#partitionsMax
    for (const oldest of this.#sessions.values()) {
      if (isRoom() || now - oldest.usedAt < idleBeforeEvictionMillis) break
      this.#close(oldest)
    }
    return isRoom()
  }

  #update(session: FetchSession, request: Request): void {
    for (const [key, item] of itemsOf(request, session.usesTopicIds)) {
      const known = session.items.get(key)
      if (!known) session.items.set(key, item)
      else {
        known.fetchOffset = item.fetchOffset
        known.maxBytes = item.maxBytes
        known.currentLeaderEpoch = item.currentLeaderEpoch
        known.lastFetchedEpoch = item.lastFetchedEpoch
      }
    }
    for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
      for (const index of partitions) session.items.delete(keyOf(topic, topicId, index, session.usesTopicIds))
    }
  }
}
