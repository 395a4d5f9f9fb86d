/**
 * Sends records: idempotent, acknowledged by all in-sync replicas unless told otherwise, each partition's records in order.
 * Records that are sent while others are under way go together, so that one at a time goes at once and a flood goes in full batches.
 * Owns: the open batches, and how many bytes it holds; who sends more than that waits. Never: numbers or sends batches (partition-queue.ts, sender.ts).
 */
import type { ClusterView } from '../cluster/cluster-view.ts'
import { retryDelayMs } from '../network/backoff.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { ClientError } from '../network/client-error.ts'
import { interruptible, pause, throwIfAborted } from '../network/interruption.ts'
import { BufferPool } from '../protocol/buffer-pool.ts'
import { codecProblem, type CodecName } from '../records/compression/codec.ts'
import { bytes, type Serde } from '../serde/serde.ts'
import { FreshIdentities } from './identity.ts'
import { PartitionQueue, type QueueOptions } from './partition-queue.ts'
import { type BatchDelivery, PendingBatch } from './pending-batch.ts'
import { type Partitioner, stickyPartitioner } from './partitioner.ts'
import { type RecordHeaders, RecordBatchWriter } from './record-batch-writer.ts'
import { Sender } from './sender.ts'
import type { TransactionalIdentity } from './transactional-identity.ts'

export interface ProducerRecord<K = Uint8Array | null, V = Uint8Array | null> {
  readonly key?: K
  readonly value: V
  readonly headers?: RecordHeaders
  /** Milliseconds since the Unix epoch; the time of sending if left out. */
  readonly timestamp?: number
  /** Where it goes; else the partitioner says. */
  readonly partition?: number | undefined
}

export interface ProducerOptions<K = Uint8Array | null, V = Uint8Array | null> {
  readonly key?: Pick<Serde<K>, 'encode'>
  readonly value?: Pick<Serde<V>, 'encode'>
  /** Who must have a batch before it counts as delivered. `none`: nobody; offsets are -1, and what is lost is lost in silence. */
  readonly acks?: 'all' | 'leader' | 'none'
  readonly compression?: CodecName
  /** How long a record waits for others to go with it. 0: not at all, but while others are under way it does anyway. */
  readonly lingerMs?: number
  /** The most that records of a partition take together, before compression. */
  readonly batchBytes?: number
  /** The most that a producer holds: who sends more waits. */
  readonly bufferBytes?: number
  /** Requests under way to one broker, at most; idempotence allows 5. */
  readonly inFlight?: number
  /** How long a record may take, retries included. */
  readonly deliveryTimeoutMs?: number
  readonly partitioner?: Partitioner
  /** Let the broker make a topic that does not exist, if it does that at all. */
  readonly createTopics?: boolean
}

export interface SendOptions {
  /** Ends the wait with a ClientError (ABORTED); what was taken by then may be delivered all the same. */
  readonly signal?: AbortSignal | undefined
}

/** What became of one record. */
export interface Delivery {
  readonly partition: number
  /** -1 where nobody said. */
  readonly offset: number
}

/** Of several records some were not delivered, or nobody knows. `cause` is the first failure. */
export class SendError extends ClientError {
  /** By the record's place in what was sent. */
  readonly failures: ReadonlyMap<number, ClientError>

  constructor(topic: string, count: number, failures: ReadonlyMap<number, ClientError>) {
    const [first] = failures.values()
    const cause = first as ClientError
    super(cause.code, `${failures.size} of ${count} records for '${topic}' were not delivered: ${cause.message}`, {
      retriable: cause.retriable,
      topic,
      ...(cause.partition !== undefined && { partition: cause.partition }),
      ...(cause.broker !== undefined && { broker: cause.broker }),
      cause,
    })
    this.failures = failures
  }
}

const requiredAcks = { all: -1, leader: 1, none: 0 } as const
const defaults = {
  acks: 'all',
  compression: 'none',
  lingerMs: 0,
  batchBytes: 512 * 1024,
  bufferBytes: 32 * 1024 * 1024,
  inFlight: 5,
  deliveryTimeoutMs: 120_000,
  createTopics: true,
} as const
/** Brokers take no larger one, unless told otherwise, in a request of Kafka's usual producer. */
const requestBytesMax = 8 * 1024 * 1024
const inFlightIdempotentMax = 5
/** Buffers of batches that were delivered, kept for the next. */
const keptBytesMax = 8 * 1024 * 1024
const expiryCheckMs = 50

interface Placed {
  readonly queue: PartitionQueue
  readonly batch: PendingBatch
  readonly nth: number
}

export class Producer<K = Uint8Array | null, V = Uint8Array | null> {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView
  readonly #options: typeof defaults & ProducerOptions<K, V>
  readonly #encodeKey: (key: K) => Uint8Array | null
  readonly #encodeValue: (value: V) => Uint8Array | null
  readonly #partitioner: Partitioner
  readonly #queues = new Map<string, PartitionQueue[]>()
  readonly #sender: Sender
  readonly #buffers = new BufferPool(keptBytesMax)
  readonly #queueOptions: QueueOptions
  /** By topic: sends that wait to be placed, the last of them. */
  readonly #lines = new Map<string, Promise<void>>()
  #heldBytes = 0
  #unsettled = 0
  #roomWanted: (() => void)[] = []
  #drainWanted: (() => void)[] = []
  #isChecking = false
  #isClosed = false

  /** @param transactional makes its records part of transactions. */
  constructor(pool: BrokerPool, cluster: ClusterView, options: ProducerOptions<K, V> = {}, transactional?: TransactionalIdentity) {
    this.#pool = pool
    this.#cluster = cluster
    this.#options = { ...defaults, ...options } as typeof defaults & ProducerOptions<K, V>
    const { key, value, partitioner, acks, compression, lingerMs, deliveryTimeoutMs, inFlight } = this.#options
    const problem = codecProblem(compression)
    if (problem !== undefined) throw new ClientError('INVALID_OPTION', `compression '${String(compression)}' ${problem}`)
    const keySerde = (key ?? bytes) as Pick<Serde<K>, 'encode'>
    const valueSerde = (value ?? bytes) as Pick<Serde<V>, 'encode'>
    this.#encodeKey = (key) => keySerde.encode(key)
    this.#encodeValue = (value) => valueSerde.encode(value)
    this.#partitioner = partitioner ?? stickyPartitioner()
    const isIdempotent = (acks as string) === 'all'
    const inFlightMax = isIdempotent ? Math.min(inFlight, inFlightIdempotentMax) : 1
    this.#queueOptions = { codec: compression, lingerMs, inFlightMax }
    const senderOptions = {
      acks: requiredAcks[acks],
      inFlightMax,
      requestBytesMax,
      deliveryTimeoutMs,
      transactionalId: transactional?.transactionalId ?? null,
      identities: transactional ?? (isIdempotent ? new FreshIdentities(pool) : undefined),
      ...(transactional && {
        versionMax: () => transactional.produceVersionMax,
        enlist: async (queues: readonly PartitionQueue[]) => {
          const missing = transactional.missing(queues)
          if (missing.length > 0) await transactional.addPartitions(missing)
        },
      }),
    }
    this.#sender = new Sender(pool, cluster, senderOptions, this.#settled)
  }

  /**
   * Sends to one topic: keyed records where their key belongs, the others together. Resolves when all are delivered, in the order given.
   * Throws the first ClientError where none is, SendError where some of several are not.
   */
  send(topic: string, record: ProducerRecord<K, V>, options?: SendOptions): Promise<Delivery>
  send(topic: string, records: readonly ProducerRecord<K, V>[], options?: SendOptions): Promise<Delivery[]>
  send(
    topic: string,
    given: ProducerRecord<K, V> | readonly ProducerRecord<K, V>[],
    { signal }: SendOptions = {},
  ): Promise<Delivery | Delivery[]> {
    const sent = this.#send(topic, given, signal)
    return signal ? interruptible(sent, signal) : sent
  }

  async #send(
    topic: string,
    given: ProducerRecord<K, V> | readonly ProducerRecord<K, V>[],
    signal: AbortSignal | undefined,
  ): Promise<Delivery | Delivery[]> {
    throwIfAborted(signal)
    const records = isMany(given) ? given : [given]
    const placed: (Placed | ClientError)[] = []
    if (!this.#lines.has(topic)) this.#placeSome(topic, records, placed)
    if (placed.length < records.length) await this.#inLine(topic, () => this.#placeRest(topic, records, placed, signal))
    if (isMany(given)) return this.#outcomes(topic, placed)
    const [one] = placed as [Placed | ClientError]
    if (one instanceof ClientError) throw one
    const { queue, batch, nth } = one
    const { offset } = await batch.delivered
    return { partition: queue.index, offset: offset < 0 ? offset : offset + nth }
  }

  /** What is sent to a topic is placed in the order of sending, also where something must be waited for. */
  #inLine(topic: string, act: () => Promise<void>): Promise<void> {
    const before = this.#lines.get(topic) ?? Promise.resolve()
    const turn = before.then(act, act)
    this.#lines.set(topic, turn)
    const leave = () => {
      if (this.#lines.get(topic) === turn) this.#lines.delete(topic)
    }
    turn.then(leave, leave)
    return turn
  }

  /** As many as can be placed now. */
  #placeSome(topic: string, records: readonly ProducerRecord<K, V>[], placed: (Placed | ClientError)[]): void {
    let queue: PartitionQueue | undefined
    for (let at = placed.length; at < records.length; at++) {
      try {
        const one = this.#placeNow(topic, records[at] as ProducerRecord<K, V>)
        if (!one) return
        placed.push(one)
        if (one.queue !== queue) queue?.filled()
        queue = one.queue
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        placed.push(error)
      }
    }
    queue?.filled()
  }

  /** Waits for what must be known of the topic, and for room. */
  async #placeRest(
    topic: string,
    records: readonly ProducerRecord<K, V>[],
    placed: (Placed | ClientError)[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const deadline = this.#pool.options.platform.now() + this.#options.deliveryTimeoutMs
    for (;;) {
      throwIfAborted(signal)
      this.#placeSome(topic, records, placed)
      if (placed.length === records.length) return
      if (this.#cluster.known(topic)) await this.#room(topic, deadline)
      else await this.#learn(topic, deadline)
    }
  }

  async #outcomes(topic: string, placed: readonly (Placed | ClientError)[]): Promise<Delivery[]> {
    const deliveries: Delivery[] = []
    const failures = new Map<number, ClientError>()
    let last: PendingBatch | undefined
    let outcome: BatchDelivery | ClientError | undefined
    for (const [at, one] of placed.entries()) {
      if (one instanceof ClientError) {
        failures.set(at, one)
        continue
      }
      const { queue, batch, nth } = one
      if (batch !== last) outcome = await batch.delivered.catch((error: ClientError) => error)
      last = batch
      if (outcome instanceof ClientError) failures.set(at, outcome)
      else if (outcome) deliveries.push({ partition: queue.index, offset: outcome.offset < 0 ? outcome.offset : outcome.offset + nth })
    }
    if (failures.size > 0 && deliveries.length === 0) throw failures.values().next().value as ClientError
    if (failures.size > 0) throw new SendError(topic, placed.length, failures)
    return deliveries
  }

  async #learn(topic: string, deadline: number): Promise<void> {
    const { platform } = this.#pool.options
    try {
      await this.#cluster.topic(topic, { create: this.#options.createTopics })
    } catch (error) {
      if (!(error instanceof ClientError) || !error.retriable || error.code === 'UNKNOWN_TOPIC_OR_PARTITION') throw error
      const delay = retryDelayMs(this.#pool.options, 1)
      if (platform.now() + delay >= deadline) throw error
      await pause(platform, delay)
    }
  }

  async #room(topic: string, deadline: number): Promise<void> {
    const { platform } = this.#pool.options
    if (platform.now() >= deadline) {
      const why = `no room for a record for '${topic}': ${this.#heldBytes} bytes wait to be delivered`
      throw new ClientError('DELIVERY_TIMED_OUT', why, { retriable: true, topic })
    }
    await new Promise<void>((resolve) => this.#roomWanted.push(resolve))
  }

  /** Undefined: not now. */
  #placeNow(topic: string, { key, value, headers, timestamp, partition }: ProducerRecord<K, V>): Placed | undefined {
    if (this.#isClosed) throw new ClientError('PRODUCER_CLOSED', 'this producer is closed', { topic })
    const view = this.#cluster.known(topic)
    if (!view || this.#heldBytes >= this.#options.bufferBytes) return undefined
    const { leaders } = view
    const keyBytes = key === undefined ? null : this.#encodeKey(key)
    const valueBytes = this.#encodeValue(value)
    const index = partition ?? this.#partitioner(topic, keyBytes, leaders.length)
    if (index < 0 || index >= leaders.length) {
      const why = `topic '${topic}' has no partition ${index}, only ${leaders.length}, counted from 0`
      throw new ClientError('UNKNOWN_TOPIC_OR_PARTITION', why, { topic, partition: index })
    }
    const queue = this.#queue(topic, index)
    const now = this.#pool.options.platform.now()
    let batch = queue.open
    if (!batch?.writer.append(timestamp ?? now, keyBytes, valueBytes, headers)) {
      batch = new PendingBatch(new RecordBatchWriter(this.#options.batchBytes, queue.usualBytes, this.#buffers), now)
      batch.writer.append(timestamp ?? now, keyBytes, valueBytes, headers)
      queue.fillNext(batch)
      this.#unsettled++
      batch.held = batch.writer.bytes
      this.#heldBytes += batch.held
      this.#watchTimeouts()
      queueMicrotask(() => this.#sender.add(queue))
      return { queue, batch, nth: 0 }
    }
    const bytes = (keyBytes?.length ?? 0) + (valueBytes?.length ?? 0)
    this.#heldBytes += bytes
    batch.held += bytes
    return { queue, batch, nth: batch.writer.count - 1 }
  }

  #queue(topic: string, index: number): PartitionQueue {
    let queues = this.#queues.get(topic)
    if (!queues) this.#queues.set(topic, (queues = []))
    return (queues[index] ??= new PartitionQueue(topic, index, this.#queueOptions))
  }

  readonly #settled = (batch: PendingBatch): void => {
    if (batch.isReleased) return
    batch.isReleased = true
    this.#heldBytes -= batch.held
    this.#unsettled--
    const wanted = this.#roomWanted
    this.#roomWanted = []
    for (const wake of wanted) wake()
    if (this.#unsettled > 0) return
    const drained = this.#drainWanted
    this.#drainWanted = []
    for (const wake of drained) wake()
  }

  /** While something is unsettled: what takes longer than it may is failed, even where nobody answers. */
  #watchTimeouts(): void {
    if (this.#isChecking) return
    this.#isChecking = true
    this.#pool.options.platform.after(expiryCheckMs, () => this.#expire())
  }

  #expire(): void {
    this.#isChecking = false
    const { platform } = this.#pool.options
    const { deliveryTimeoutMs } = this.#options
    const createdBefore = platform.now() - deliveryTimeoutMs
    for (const queues of this.#queues.values()) {
      for (const queue of queues) {
        if (!queue) continue
        for (const batch of queue.unsettled()) {
          if (batch.createdAt > createdBefore) break
          const { topic, index: partition } = queue
          const why = `${batch.count} records for ${topic}-${partition} were not delivered in ${deliveryTimeoutMs} ms`
          batch.fail(batch.lastError ?? new ClientError('DELIVERY_TIMED_OUT', why, { retriable: true, topic, partition }))
          this.#settled(batch)
        }
        queue.dropFailed()
      }
    }
    for (const wake of this.#roomWanted.splice(0)) wake()
    if (this.#unsettled > 0) this.#watchTimeouts()
  }

  /** What is sent from now on goes under another identity. Nothing may be under way. */
  forgetIdentity(): void {
    for (const queues of this.#queues.values()) for (const queue of queues) queue?.forgetIdentity()
  }

  /** Resolves when all that was sent until now is delivered, or has failed. */
  async flush(): Promise<void> {
    for (const queues of this.#queues.values()) {
      for (const queue of queues) {
        if (!queue || queue.isIdle) continue
        queue.flush()
        this.#sender.add(queue)
      }
    }
    if (this.#unsettled > 0) await new Promise<void>((resolve) => this.#drainWanted.push(resolve))
  }

  /** Delivers what was sent; nothing more is taken. */
  async close(): Promise<void> {
    const flushed = this.flush()
    this.#isClosed = true
    await flushed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function isMany<T>(given: T | readonly T[]): given is readonly T[] {
  return Array.isArray(given)
}
