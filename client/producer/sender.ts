/**
 * Batches to the brokers that lead their partitions: several partitions in a request, several requests on the way to each broker.
 * Owns: who is asked what, and when what failed is tried again. Never: fills batches (producer.ts), or numbers them (partition-queue.ts).
 * Every batch that goes out is answered within the request's timeout, and none is tried again after its delivery timeout.
 */
import type { ClusterView } from '../cluster/cluster-view.ts'
import { retryDelayMs } from '../network/backoff.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { ProduceRequest, ProduceResponse } from '../protocol/messages/produce.ts'
import { zeroUuid } from '../protocol/uuid.ts'
import { type IdentitySource, nobody } from './identity.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { PendingBatch } from './pending-batch.ts'

export interface SenderOptions {
  readonly acks: -1 | 0 | 1
  readonly inFlightMax: number
  readonly requestBytesMax: number
  readonly deliveryTimeoutMs: number
  readonly transactionalId: string | null
  readonly identities: IdentitySource | undefined
  /** Undefined: of no transaction. Makes ready what a partition needs to be part of one. Throws ClientError. */
  readonly enlist?: (queues: readonly PartitionQueue[]) => Promise<void>
  /** The highest version of Produce to be used. */
  readonly versionMax?: () => number
}

interface Outgoing {
  readonly queue: PartitionQueue
  readonly batch: PendingBatch
}

interface Lane {
  inFlight: number
}

type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]

/** What was answered, though what was asked for may have been done. */
const doubtful: readonly string[] = [
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'CONNECTION_LOST',
  'MALFORMED_RESPONSE',
  'KAFKA_STORAGE_ERROR',
  'UNKNOWN_SERVER_ERROR',
]
const gaps: readonly string[] = ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID']

export class Sender {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView
  readonly #options: SenderOptions
  readonly #onSettled: (batch: PendingBatch) => void
  readonly #queues = new Set<PartitionQueue>()
  /** By leader. */
  readonly #lanes = new Map<number, Lane>()
  #wake: { readonly at: number; cancel(): void } | undefined
  #isDraining = false
  #mustDrainAgain = false

  constructor(pool: BrokerPool, cluster: ClusterView, options: SenderOptions, onSettled: (batch: PendingBatch) => void) {
    this.#pool = pool
    this.#cluster = cluster
    this.#options = options
    this.#onSettled = onSettled
  }

  /** The queue has a batch that is ready. */
  add(queue: PartitionQueue): void {
    this.#queues.add(queue)
    this.drain()
  }

  /** Sends what may be sent now. */
  drain(): void {
    if (this.#isDraining) {
      this.#mustDrainAgain = true
      return
    }
    this.#isDraining = true
    void this.#drainAll()
  }

  async #drainAll(): Promise<void> {
    try {
      do {
        this.#mustDrainAgain = false
        await this.#round()
      } while (this.#mustDrainAgain)
    } finally {
      this.#isDraining = false
    }
  }

  async #round(): Promise<void> {
    const now = this.#pool.options.platform.now()
    this.#wake?.cancel()
    this.#wake = undefined
    const byLeader = new Map<number, PartitionQueue[]>()
    for (const queue of this.#queues) {
      if (queue.isIdle) this.#queues.delete(queue)
      else if (queue.maySend(now)) {
        const leader = this.#cluster.known(queue.topic)?.leaders[queue.index] ?? unknownLeader
        const led = byLeader.get(leader)
        if (led) led.push(queue)
        else byLeader.set(leader, [queue])
      } else if (queue.dueAt > now) this.#wakeAt(queue.dueAt, now)
    }
    for (const [leader, queues] of byLeader) await this.#toLeader(leader, queues)
  }

  /** One timer, for whatever is first. */
  #wakeAt(time: number, now: number): void {
    if (this.#wake && this.#wake.at <= time) return
    this.#wake?.cancel()
    const wake = () => {
      this.#wake = undefined
      this.drain()
    }
    this.#wake = { at: time, cancel: this.#pool.options.platform.after(Math.max(1, time - now), wake) }
  }

  async #toLeader(leader: number, queues: readonly PartitionQueue[]): Promise<void> {
    const lane = this.#laneOf(leader)
    if (lane.inFlight >= this.#options.inFlightMax) return
    let connection: BrokerConnection
    try {
      const { topic, index } = queues[0] as PartitionQueue
      connection = await this.#cluster.leader(topic, index)
      await this.#identify(queues)
      await this.#options.enlist?.(queues)
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      return this.#postpone(queues, error)
    }
    if (leader === unknownLeader) {
      this.#mustDrainAgain = true
      return
    }
    while (lane.inFlight < this.#options.inFlightMax) {
      const outgoing = this.#fill(queues)
      if (outgoing.length === 0) return
      lane.inFlight++
      void this.#request(connection, lane, outgoing)
    }
  }

  #laneOf(leader: number): Lane {
    let lane = this.#lanes.get(leader)
    if (!lane) this.#lanes.set(leader, (lane = { inFlight: 0 }))
    return lane
  }

  async #identify(queues: readonly PartitionQueue[]): Promise<void> {
    for (const queue of queues) {
      if (!queue.needsIdentity) continue
      const { identities } = this.#options
      queue.begin(identities ? await identities.current(queue.wornIdentity) : nobody)
    }
  }

  /** Nothing of theirs could be sent. */
  #postpone(queues: readonly PartitionQueue[], error: ClientError): void {
    const now = this.#pool.options.platform.now()
    const retryAt = now + retryDelayMs(this.#pool.options, 1)
    for (const queue of queues) {
      this.#cluster.forget(queue.topic)
      queue.postpone(retryAt)
      const { deliveryTimeoutMs } = this.#options
      const failed = queue.failWaiting(error, (batch) => !error.retriable || now >= batch.createdAt + deliveryTimeoutMs)
      for (const batch of failed) this.#onSettled(batch)
    }
    this.#wakeAt(retryAt, now)
  }

  /** One batch of each, as far as a request has room. */
  #fill(queues: readonly PartitionQueue[]): Outgoing[] {
    const { requestBytesMax, transactionalId } = this.#options
    const now = this.#pool.options.platform.now()
    const outgoing: Outgoing[] = []
    let bytes = 0
    for (const queue of queues) {
      if (!queue.maySend(now)) continue
      const size = queue.head(now)?.bytes.length
      if (size === undefined) continue
      if (bytes > 0 && bytes + size > requestBytesMax) continue
      bytes += size
      outgoing.push({ queue, batch: queue.take(transactionalId !== null) })
    }
    return outgoing
  }

  async #request(connection: BrokerConnection, lane: Lane, outgoing: readonly Outgoing[]): Promise<void> {
    try {
      const answers = await this.#exchange(connection, outgoing)
      for (const { queue, batch } of outgoing) this.#settle(queue, batch, answers?.get(queue), connection)
    } catch (error) {
      const failure = error instanceof ClientError ? error : new ClientError('CLIENT_ERROR', String(error), { cause: error })
      for (const { queue, batch } of outgoing) this.#setBack(queue, batch, failure)
    }
    lane.inFlight--
    this.drain()
  }

  /** Undefined: there is no answer to be had. */
  async #exchange(connection: BrokerConnection, outgoing: readonly Outgoing[]): Promise<Map<PartitionQueue, PartitionAnswer> | undefined> {
    const { acks, transactionalId, deliveryTimeoutMs, versionMax } = this.#options
    const byTopic = new Map<string, { name: string; topicId: string; partitionData: { index: number; records: Buffer }[] }>()
    for (const { queue, batch } of outgoing) {
      let topic = byTopic.get(queue.topic)
      if (!topic) {
        // Nothing is awaited here: requests must leave in the order in which their batches were numbered.
        const topicId = this.#cluster.known(queue.topic)?.topicId ?? zeroUuid
        byTopic.set(queue.topic, (topic = { name: queue.topic, topicId, partitionData: [] }))
      }
      topic.partitionData.push({ index: queue.index, records: batch.bytes })
    }
    const timeoutMs = Math.min(deliveryTimeoutMs, this.#pool.options.requestTimeoutMs)
    const body = { transactionalId, acks, timeoutMs, topicData: [...byTopic.values()] }
    if (acks === 0) {
      await connection.tell(ProduceRequest, body)
      return undefined
    }
    const answer = await connection.send(ProduceRequest, ProduceResponse, body, versionMax?.())
    const topics = [...byTopic.values()]
    const answers = new Map<PartitionQueue, PartitionAnswer>()
    for (const { name, topicId, partitionResponses } of answer.responses) {
      const topic = topics.find((asked) => (name === '' ? asked.topicId === topicId : asked.name === name))?.name
      for (const partition of partitionResponses) {
        const sent = outgoing.find(({ queue }) => queue.topic === topic && queue.index === partition.index)
        if (sent) answers.set(sent.queue, partition)
      }
    }
    return answers
  }

  #settle(queue: PartitionQueue, batch: PendingBatch, answer: PartitionAnswer | undefined, { broker }: BrokerConnection): void {
    const { topic, index: partition } = queue
    if (this.#options.acks === 0) return this.#delivered(queue, batch, -1, -1)
    const errorCode = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
    // It is there already, and nobody remembers where.
    if (errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) return this.#delivered(queue, batch, -1, -1)
    if (answer && errorCode === ErrorCode.NONE) return this.#delivered(queue, batch, answer.baseOffset, answer.logAppendTimeMs)
    const message = answer?.errorMessage ?? null
    this.#setBack(queue, batch, answeredError(errorCode, `cannot produce to ${topic}-${partition}`, { topic, partition, message, broker }))
  }

  #delivered(queue: PartitionQueue, batch: PendingBatch, offset: number, logAppendTime: number): void {
    queue.answered(batch, undefined, undefined)
    batch.deliver({ offset, logAppendTime })
    batch.release()
    this.#onSettled(batch)
  }

  #setBack(queue: PartitionQueue, batch: PendingBatch, error: ClientError): void {
    const { deliveryTimeoutMs, transactionalId, acks } = this.#options
    const now = this.#pool.options.platform.now()
    batch.lastError = error
    const mayBeWritten = doubtful.includes(error.code)
    const isGap = gaps.includes(error.code) && transactionalId === null
    const delay = retryDelayMs(this.#pool.options, batch.attempts)
    const isInTime = now + delay < batch.createdAt + deliveryTimeoutMs && !batch.isSettled
    const retryAt = (error.retriable || isGap) && isInTime && acks !== 0 ? now + (isGap ? 0 : delay) : undefined
    if (retryAt !== undefined) {
      const { logger, metrics } = this.#pool.options
      logger?.debug({ error: error.code, attempt: batch.attempts, delay: retryAt - now }, `sending again: ${error.message}`)
      metrics?.retry?.(error.code)
      this.#cluster.forget(queue.topic)
    }
    queue.answered(batch, { error, mayBeWritten }, retryAt)
    if (batch.isSettled) this.#onSettled(batch)
    else {
      this.#queues.add(queue)
      if (retryAt !== undefined) this.#wakeAt(retryAt, now)
    }
  }
}

const unknownLeader = -1
