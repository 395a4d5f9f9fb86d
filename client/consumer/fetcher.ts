/**
 * Fetches the partitions of a consumer: one request to a broker at a time, the next one while the application works on what came.
 * Owns: what was fetched and is not handed out yet, its bytes, and when each partition is asked for.
 * Backpressure is not asking: of a partition at most two fetches are here, of all at most `maxBytes`, and one batch that is larger.
 * Never: decodes a record, throws (what is wrong is told through `Wants`), or knows of groups.
 */
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { ClientError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { RecordsError } from '../records/records-error.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import {
  type AnsweredPartition,
  type AnsweredTopic,
  type AskedPartition,
  FetchRequests,
  type RequestOptions,
  refusal,
} from './fetch-requests.ts'
import { endOfBatches, RecordWalk } from './record-walk.ts'

export interface FetcherOptions extends RequestOptions {
  /** Of all that is here or asked for. */
  readonly maxBytes: number
  /** How long a partition may fail before that is an error. */
  readonly patienceMs: number
}

export interface Wants {
  /** There is something to take. */
  arrived(): void
  /** What will not pass. */
  failed(error: ClientError): void
  /** It must be found out where the partition begins, or whether it still is where it was. */
  locate(): void
}

/** What one fetch brought of one partition. */
export interface Fetched {
  readonly from: AssignedPartition
  readonly version: number
  readonly walk: RecordWalk
  /** Behind the last batch; undefined where the bytes are damaged so that nobody knows. */
  readonly nextOffset: number | undefined
  /** Of the last batch; -1 where nobody said. */
  readonly leaderEpoch: number
  readonly link: Link
}

/** To a broker. */
interface Link {
  /** Of what was fetched and is not done with, and of what is asked for. */
  heldBytes: number
  isBusy: boolean
  /** It has nothing but what is here already: it is asked again once some of that has been taken. */
  isResting: boolean
  /** Some of that has been taken since it was asked. */
  isRoused: boolean
}

interface Ask extends AskedPartition {
  readonly version: number
}

interface Source {
  readonly node: number
  readonly link: Link
  readonly broker: string
}

/** What is being worked on, and what comes next. */
const bufferedMax = 2
const replicaMillis = 300_000
const noBytes = Buffer.alloc(0)
export class Fetcher {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView
  readonly #options: FetcherOptions
  readonly #wants: Wants
  readonly #links = new Map<number, Link>()
  readonly #requests: FetchRequests
  readonly #learning = new Set<string>()
  #partitions: AssignedPartition[] = []
  #byName: ReadonlyMap<string, AssignedPartition> = new Map()
  #ready: Fetched[] = []
  #cancelRetry: (() => void) | undefined
  #isClosed = false

  constructor(pool: BrokerPool, cluster: ClusterView, options: FetcherOptions, wants: Wants) {
    this.#pool = pool
    this.#cluster = cluster
    this.#options = options
    this.#wants = wants
    this.#requests = new FetchRequests(pool, cluster, options)
  }

  /** Those that are read from now on. What was fetched of others is dropped. */
  assign(partitions: readonly AssignedPartition[]): void {
    this.#partitions = [...partitions]
    this.#byName = new Map(partitions.map((one) => [one.name, one]))
    for (const [node, link] of this.#links) if (!link.isBusy && link.heldBytes === 0) this.#links.delete(node)
    this.drop()
    this.pump()
  }

  /** Forgets what is no longer wanted, and asks for what is. */
  drop(): void {
    const kept: Fetched[] = []
    for (const fetched of this.#ready) {
      if (isWanted(fetched)) kept.push(fetched)
      else fetched.link.heldBytes -= fetched.walk.bytes.length
    }
    this.#ready = kept
    this.#rouse()
  }

  /** The next to be handed out, if any is there. Whoever takes it says when it is done with. */
  take(): Fetched | undefined {
    return this.#ready.shift()
  }

  done({ from, version, walk, link }: Fetched): void {
    link.heldBytes -= walk.bytes.length
    if (from.version === version) from.buffered--
    this.#rouse()
    this.pump()
  }

  #rouse(): void {
    for (const link of this.#links.values()) {
      link.isResting = false
      link.isRoused = true
    }
  }

  /** Asks whoever may be asked. */
  pump(): void {
    if (this.#isClosed) return
    const now = this.#pool.options.platform.now()
    const wanted = new Map<number, AssignedPartition[]>()
    const crowded = new Set<number>()
    let wake = Number.POSITIVE_INFINITY
    let isAstray = false
    for (const partition of this.#partitions) {
      if (partition.isPaused || partition.isAsked || partition.fetchOffset >= partition.until) continue
      if (partition.retryAt > now) wake = Math.min(wake, partition.retryAt)
      else if (partition.position === undefined) isAstray = true
      else {
        const node = this.#nodeOf(partition, now)
        if (node === undefined) continue
        if (partition.buffered >= bufferedMax || (partition.isHeld && partition.buffered > 0)) crowded.add(node)
        else if (this.needsCheck(partition)) isAstray = true
        else groupOf(wanted, node).push(partition)
      }
    }
    if (isAstray) this.#wants.locate()
    for (const [node, partitions] of wanted) this.#ask(node, partitions, crowded.has(node))
    this.#wakeAt(wake, now)
  }

  #wakeAt(time: number, now: number): void {
    this.#cancelRetry?.()
    this.#cancelRetry = Number.isFinite(time) ? this.#pool.options.platform.after(Math.max(1, time - now), () => this.pump()) : undefined
  }

  /** Undefined: not known yet; then it is asked for. */
  #nodeOf(partition: AssignedPartition, now: number): number | undefined {
    const view = this.#cluster.known(partition.topic)
    if (view && partition.replica >= 0 && partition.replicaUntil > now) return partition.replica
    const leader = view?.leaders[partition.partition]
    if (leader !== undefined && leader >= 0) return leader
    this.#learn(partition.topic)
    return undefined
  }

  /** Since another leader came the log may have been cut below what was read (KIP-320). */
  needsCheck({ topic, partition, fetchedEpoch, checkedEpoch }: AssignedPartition): boolean {
    const epoch = this.#cluster.known(topic)?.leaderEpochs[partition] ?? -1
    return fetchedEpoch >= 0 && epoch > Math.max(checkedEpoch, fetchedEpoch)
  }

  #learn(topic: string): void {
    if (this.#learning.has(topic)) return
    this.#learning.add(topic)
    void this.#refresh(topic).finally(() => {
      this.#learning.delete(topic)
      this.pump()
    })
  }

  async #refresh(topic: string): Promise<void> {
    try {
      this.#cluster.forget(topic)
      const { leaders } = await this.#cluster.topic(topic)
      for (const one of this.#partitions) {
        if (one.topic !== topic || one.partition < leaders.length) continue
        const why = `topic '${topic}' has no partition ${one.partition}, only ${leaders.length}, counted from 0`
        this.#fail(one, new ClientError('UNKNOWN_TOPIC_OR_PARTITION', why, { retriable: true, topic, partition: one.partition }))
      }
    } catch (error) {
      const failure = failureOf(error, `cannot learn about topic '${topic}'`)
      for (const one of this.#partitions) if (one.topic === topic) this.#fail(one, failure)
    }
  }

  #ask(node: number, partitions: AssignedPartition[], isCrowded: boolean): void {
    let link = this.#links.get(node)
    if (!link) this.#links.set(node, (link = { heldBytes: 0, isBusy: false, isResting: false, isRoused: false }))
    if (link.isBusy || link.isResting) return
    const limit = Math.ceil(this.#options.maxBytes / this.#links.size)
    const half = Math.ceil(limit / 2)
    const room = Math.min(half, limit - link.heldBytes)
    if (room < Math.min(this.#options.partitionBytes, half) && link.heldBytes > 0) return
    link.isBusy = true
    link.isRoused = false
    link.heldBytes += room
    const asks = partitions.map((of): Ask => ({ of, version: of.version, offset: of.fetchOffset }))
    for (const { of } of asks) of.isAsked = true
    void this.#fetch(node, link, asks, room, isCrowded).then((hadRecords) => {
      link.heldBytes -= room
      link.isBusy = false
      link.isResting = isCrowded && !hadRecords && !link.isRoused
      for (const { of } of asks) of.isAsked = false
      this.pump()
    })
  }

  /** Whether anything came. */
  async #fetch(node: number, link: Link, asks: readonly Ask[], maxBytes: number, isCrowded: boolean): Promise<boolean> {
    try {
      const { broker, responses } = await this.#requests.ask(node, asks, maxBytes, isCrowded)
      return this.#received(responses, asks, { node, link, broker })
    } catch (error) {
      const failure = failureOf(error, `cannot fetch from broker ${node}`)
      for (const { of, version } of asks) if (of.version === version) this.#missed(of, failure)
      return false
    }
  }

  #received(responses: readonly AnsweredTopic[], asks: readonly Ask[], by: Source): boolean {
    const asked = new Map(asks.map((ask) => [ask.of, ask]))
    const served = new Set<AssignedPartition>()
    for (const { topic, partitions } of responses) {
      for (const answered of partitions) {
        const of = this.#byName.get(`${topic}-${answered.partitionIndex}`)
        const ask = of && asked.get(of)
        if (!ask || ask.of.version !== ask.version) continue
        if (answered.errorCode !== ErrorCode.NONE) this.#refused(ask.of, answered.errorCode, by)
        else if (this.#took(ask, answered, by.link)) served.add(ask.of)
      }
    }
    if (served.size === 0) return false
    // A broker fills an answer in the order of the request: who had something comes last next time.
    this.#partitions = [...this.#partitions.filter((one) => !served.has(one)), ...served]
    this.#wants.arrived()
    return true
  }

  #took({ of, version, offset }: Ask, answered: AnsweredPartition, link: Link): boolean {
    of.succeeded()
    of.highWatermark = answered.highWatermark
    of.lastStableOffset = answered.lastStableOffset
    of.logStartOffset = answered.logStartOffset
    if (answered.preferredReadReplica >= 0) {
      of.replica = answered.preferredReadReplica
      of.replicaUntil = this.#pool.options.platform.now() + replicaMillis
    }
    const bytes = answered.records ?? noBytes
    let nextOffset: number | undefined
    try {
      const end = endOfBatches(bytes)
      if (!end) return false
      nextOffset = Math.max(end.nextOffset, offset)
      of.fetchOffset = nextOffset
      of.fetchedEpoch = end.leaderEpoch
    } catch (error) {
      // The walk meets it again, behind what is good.
      if (!(error instanceof RecordsError)) throw error
      of.isHeld = true
    }
    of.buffered++
    link.heldBytes += bytes.length
    const walk = new RecordWalk(bytes, offset, of.until, answered.abortedTransactions ?? [])
    this.#ready.push({ from: of, version, walk, nextOffset, leaderEpoch: of.fetchedEpoch, link })
    return true
  }

  #refused(partition: AssignedPartition, errorCode: number, { node, broker }: Source): void {
    const { topic, name } = partition
    const isReplica = partition.replica === node
    partition.replica = -1
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      // A follower may lag, or know less of what is old.
      if (isReplica) return
      if (partition.buffered > 0) partition.isHeld = true
      else partition.moveTo('reset')
      return
    }
    this.#missed(partition, refusal(errorCode, `cannot read ${name}`, { topic, partition: partition.partition, broker }))
  }

  #missed(partition: AssignedPartition, error: ClientError): void {
    partition.replica = -1
    if (error.retriable) this.#cluster.forget(partition.topic)
    this.#fail(partition, error)
  }

  /** Tries again later, unless that is no use. */
  #fail(partition: AssignedPartition, error: ClientError): void {
    const verdict = this.postpone(partition, error)
    if (verdict) this.#wants.failed(verdict)
  }

  /** The partition is tried again later; the error where it will not be. */
  postpone(partition: AssignedPartition, error: ClientError): ClientError | undefined {
    const now = this.#pool.options.platform.now()
    partition.failingSince ??= now
    partition.lastError = error
    partition.attempts++
    partition.retryAt = now + retryDelayMs(partition.attempts)
    const { topic, partition: index, attempts } = partition
    const { logger } = this.#pool.options
    logger?.debug({ topic, partition: index, error: error.code, attempts }, `cannot go on for now: ${error.message}`)
    if (error.retriable && now - partition.failingSince < this.#options.patienceMs) return undefined
    partition.failingSince = undefined
    partition.retryAt = Number.POSITIVE_INFINITY
    return error
  }

  /** What had failed for good is tried once more: somebody wants to read on. */
  tryAgain(): void {
    for (const partition of this.#partitions) if (partition.retryAt === Number.POSITIVE_INFINITY) partition.retryAt = 0
    this.pump()
  }

  /** Brokers hear that their sessions are over, as far as that is heard. Never throws. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelRetry?.()
    this.#ready = []
    this.#partitions = []
    await this.#requests.close()
  }
}

const firstRetryMs = 50
const lastRetryMs = 1000

function retryDelayMs(attempts: number): number {
  return Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(attempts - 1, 10))
}

function isWanted({ from, version }: Fetched): boolean {
  return from.version === version && from.isAssigned
}

function groupOf(groups: Map<number, AssignedPartition[]>, node: number): AssignedPartition[] {
  let group = groups.get(node)
  if (!group) groups.set(node, (group = []))
  return group
}

function failureOf(error: unknown, what: string): ClientError {
  return error instanceof ClientError ? error : new ClientError('UNKNOWN', `${what}: ${String(error)}`, { cause: error })
}
