/**
 * Fetch (key 1): committed batches from given offsets, as they are stored.
 * An answer that would hold less than `minBytes` waits, for growth or for `maxWaitMs`. Batches go out as the log's own chunks,
 * uncopied; they are given back once sent. Versions 0 to 3 get message sets, converted down.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { FetchRequest, FetchResponse } from '../../client/protocol/messages/fetch.ts'
import type { Input, Of } from '../../client/protocol/schema.ts'
import { convertForFetch } from '../../client/records/convert.ts'
import type { Slice } from '../log/partition-log.ts'
import type { Partition, Watch, Watcher } from '../replication/partition.ts'
import type { FetchItem, FetchPlan } from './fetch-session.ts'
import { api, type RequestContext } from './handler.ts'
import type { Ticket, Waiter } from './purgatory.ts'
import type { Services } from './services.ts'

type Request = Of<typeof FetchRequest>
type Response = Input<typeof FetchResponse>
type PartitionData = NonNullable<NonNullable<NonNullable<Response['responses']>[number]['partitions']>[number]>

const firstVersionWithTopicIds = 13
const firstVersionWithBatches = 4
const firstVersionWithZstd = 10
const readUncommitted = 0
const readCommitted = 1

export const fetch = api({
  request: FetchRequest,
  response: FetchResponse,
  versions: [0, 18],
  handle(request, context, services) {
    const isFollower = (request.replicaState.replicaId === -1 ? request.replicaId : request.replicaState.replicaId) >= 0
    if (isFollower) return refuseAll(request, ErrorCode.NOT_LEADER_OR_FOLLOWER)
    const { isolationLevel } = request
    if (isolationLevel !== readUncommitted && isolationLevel !== readCommitted) return refuseAll(request, ErrorCode.INVALID_REQUEST)
    const plan = services.fetchSessions.plan(request, context.apiVersion >= firstVersionWithTopicIds, context.now)
    if (typeof plan === 'number') return { errorCode: plan }
    return new FetchExchange(request, plan, context, services).start()
  },
})

/** One partition's part of the answer. */
interface Part {
  item: FetchItem
  partition: Partition | undefined
  data: PartitionData
  bytes: number
}

class FetchExchange implements Waiter, Watcher {
  readonly #request: Request
  readonly #plan: FetchPlan
  readonly #context: RequestContext
  readonly #services: Services
  readonly #committedOnly: boolean
  #releases: (() => void)[] = []
  #watched: { readonly partition: Partition; readonly watch: Watch }[] = []
  #ticket: Ticket | undefined
  #resolve: ((response: Response) => void) | undefined
  #looking = false
  #expired = false

  constructor(request: Request, plan: FetchPlan, context: RequestContext, services: Services) {
    this.#request = request
    this.#plan = plan
    this.#context = context
    this.#services = services
    this.#committedOnly = request.isolationLevel === readCommitted
  }

  start(): Response | Promise<Response> {
    const parts = this.#read()
    if (parts instanceof Promise) return parts.then((read) => this.#answerOrWait(read))
    return this.#answerOrWait(parts)
  }

  expire(): void {
    this.#ticket = undefined
    this.#expired = true
    this.#look()
  }

  /** Many partitions may move in one turn: look once, when they all have. */
  partitionMoved(): void {
    if (this.#looking) return
    this.#looking = true
    queueMicrotask(() => this.#look())
  }

  #answerOrWait(parts: Part[]): Response | Promise<Response> {
    if (this.#isEnough(parts)) return this.#answer(parts)
    this.#giveBack()
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#ticket = this.#services.purgatory.enter(this, this.#request.maxWaitMs)
      for (const { partition } of parts) if (partition) this.#watched.push({ partition, watch: partition.watch(this) })
      this.#context.whenAbandoned(() => this.#forget())
    })
  }

  #look(): void {
    const parts = this.#read()
    if (parts instanceof Promise) void parts.then((read) => this.#looked(read))
    else this.#looked(parts)
  }

  #looked(parts: Part[]): void {
    this.#looking = false
    const resolve = this.#resolve
    if (!resolve) return this.#giveBack()
    if (!this.#expired && !this.#isEnough(parts)) return this.#giveBack()
    this.#stopWaiting()
    resolve(this.#answer(parts))
  }

  #stopWaiting(): void {
    this.#resolve = undefined
    if (this.#ticket) this.#services.purgatory.leave(this.#ticket)
    for (const { partition, watch } of this.#watched) partition.unwatch(watch)
  }

  /** Nobody will read the answer. */
  #forget(): void {
    const resolve = this.#resolve
    this.#stopWaiting()
    resolve?.({})
  }

  #giveBack(): void {
    for (const release of this.#releases) release()
    this.#releases = []
  }

  #isEnough(parts: Part[]): boolean {
    if (this.#request.maxWaitMs <= 0 || parts.length === 0) return true
    let bytes = 0
    for (const part of parts) {
      if (part.data.errorCode !== ErrorCode.NONE || part.data.divergingEpoch) return true
      bytes += part.bytes
    }
    return bytes >= this.#request.minBytes
  }

  #read(): Part[] | Promise<Part[]> {
    const parts: Part[] = []
    const cold: Promise<void>[] = []
    let room = Math.min(this.#request.maxBytes, this.#services.settings.get('fetch.max.bytes'))
    let first = this.#context.apiVersion >= 3
    for (const item of this.#plan.items) {
      const part = this.#open(item)
      parts.push(part)
      if (!part.partition || part.data.errorCode !== ErrorCode.NONE || part.data.divergingEpoch) continue
      const slice = this.#slice(part.partition, item, Math.min(room, item.maxBytes), first)
      if (slice instanceof Promise) {
        cold.push(slice.then((read) => this.#fill(part, read)))
        room -= Math.min(room, item.maxBytes)
        first = false
      } else {
        this.#fill(part, slice)
        room -= Math.min(room, part.bytes)
        if (part.bytes > 0) first = false
      }
    }
    return cold.length === 0 ? parts : Promise.all(cold).then(() => parts)
  }

  #open(item: FetchItem): Part {
    const { replicas, cluster } = this.#services
    const byId = this.#context.apiVersion >= firstVersionWithTopicIds
    const name = byId ? (cluster.image.topicName(item.topicId) ?? '') : item.topic
    const part: Part = { item, partition: undefined, data: failed(item.index, ErrorCode.NONE), bytes: 0 }
    const partition = name === '' ? undefined : replicas.get(name, item.index)
    if (!partition) {
      part.data.errorCode = byId && name === '' ? ErrorCode.UNKNOWN_TOPIC_ID : replicas.errorFor(name, item.index)
      return part
    }
    part.data.errorCode = replicas.checkLeader(partition, Math.max(anyEpoch, item.currentLeaderEpoch))
    if (part.data.errorCode !== ErrorCode.NONE) return part
    part.partition = partition
    part.data = {
      partitionIndex: item.index,
      errorCode: ErrorCode.NONE,
      highWatermark: partition.highWatermark,
      lastStableOffset: partition.lastStableOffset,
      logStartOffset: partition.log.startOffset,
      abortedTransactions: this.#committedOnly ? [] : null,
      records: noRecords,
    }
    if (item.lastFetchedEpoch >= 0) this.#checkDivergence(part, partition)
    return part
  }

  /** The reader's last batch may be one that this log never had, or has no more (KIP-595). */
  #checkDivergence(part: Part, partition: Partition): void {
    const { item } = part
    const { epoch, endOffset } = partition.log.epochEndOffset(item.lastFetchedEpoch)
    if (epoch === -1 || endOffset === -1) part.data = failed(item.index, ErrorCode.OFFSET_OUT_OF_RANGE)
    else if (epoch < item.lastFetchedEpoch || endOffset < item.fetchOffset) part.data.divergingEpoch = { epoch, endOffset }
  }

  #slice(partition: Partition, item: FetchItem, maxBytes: number, atLeastOneBatch: boolean): Slice | Promise<Slice> {
    const upTo = this.#committedOnly ? partition.lastStableOffset : partition.highWatermark
    return partition.log.read(item.fetchOffset, { maxBytes, upTo, atLeastOneBatch })
  }

  #fill(part: Part, slice: Slice): void {
    const { item, partition, data } = part
    if (slice.release) this.#releases.push(slice.release)
    if (slice.error !== undefined) {
      part.data = failed(item.index, slice.error)
      return
    }
    if (this.#committedOnly && slice.bytes > 0) {
      data.abortedTransactions = partition?.log.abortedTransactions(item.fetchOffset, slice.nextOffset) ?? []
    }
    const { apiVersion } = this.#context
    if (apiVersion < firstVersionWithZstd && slice.bytes > 0) {
      const converted = convertForFetch(slice.chunks, magicOf(apiVersion), item.fetchOffset)
      if (typeof converted === 'number') part.data = failed(item.index, converted)
      else setRecords(part, converted)
      return
    }
    part.data.records = slice.chunks
    part.bytes = slice.bytes
  }

  #answer(parts: Part[]): Response {
    const { session, sessionId, incremental } = this.#plan
    const responses: NonNullable<Response['responses']> = []
    let last: { topic: string; topicId: string; partitions: PartitionData[] } | undefined
    for (const part of parts) {
      const { item, data } = part
      const changed = isNews(part)
      item.toldHighWatermark = data.highWatermark ?? -1
      item.toldStartOffset = data.logStartOffset ?? -1
      if (incremental && !changed) continue
      if (session && part.bytes > 0) session.moveToEnd(item)
      if (!last || last.topic !== item.topic || last.topicId !== item.topicId) {
        last = { topic: item.topic, topicId: item.topicId, partitions: [] }
        responses.push(last)
      }
      last.partitions.push(data)
    }
    const releases = this.#releases
    if (releases.length > 0) this.#context.afterSent(() => releases.forEach((release) => release()))
    return { sessionId, responses }
  }
}

const noRecords: Buffer[] = []
const anyEpoch = -1

/** Before version 7 an answer has no place for an error of its own: each partition has it. */
function refuseAll({ topics }: Request, errorCode: number): Response {
  const responses = topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partition }) => failed(partition, errorCode)),
  }))
  return { responses }
}

/** The newest record format that a reader of this version knows. */
function magicOf(apiVersion: number): 0 | 1 | 2 {
  if (apiVersion < 2) return 0
  return apiVersion < firstVersionWithBatches ? 1 : 2
}

function failed(partitionIndex: number, errorCode: number): PartitionData {
  return {
    partitionIndex,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    records: noRecords,
  }
}

function setRecords(part: Part, chunks: Buffer[]): void {
  part.data.records = chunks
  part.bytes = chunks.reduce((bytes, chunk) => bytes + chunk.length, 0)
}

function isNews({ item, data, bytes }: Part): boolean {
  if (bytes > 0 || data.errorCode !== ErrorCode.NONE || data.divergingEpoch) return true
  return data.highWatermark !== item.toldHighWatermark || data.logStartOffset !== item.toldStartOffset
}
