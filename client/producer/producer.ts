/**
 * Sends records: idempotent, acknowledged by all in-sync replicas unless told otherwise, each partition's records in order.
 * Owns: its producer id, and the next sequence number of each partition. Retries what may be retried until its time is up;
 * a retry carries the same sequence number, so the broker keeps one copy.
 * Invariant: a sequence number that may have been written is never given to other records. A batch whose end is not known
 * retires the producer id, and what comes after it begins anew under another.
 */
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages/init-producer-id.ts'
import { ProduceRequest, ProduceResponse } from '../protocol/messages/produce.ts'
import { buildBatch } from '../records/builder.ts'
import type { CodecName } from '../records/compression/codec.ts'
import { partitionOf } from './partitioner.ts'

export interface ProducerRecord {
  readonly key?: Buffer | null
  readonly value: Buffer | null
  readonly headers?: readonly (readonly [key: string, value: Buffer | null])[]
  /** Milliseconds since the Unix epoch; the time of sending if left out. */
  readonly timestamp?: number
}

export interface ProducerOptions {
  /** Who must have a batch before it counts as delivered. `none`: nobody; offsets are -1, and what is lost is lost in silence. */
  readonly acks?: 'all' | 'leader' | 'none'
  readonly compression?: CodecName
  /** How long a record may take, retries included. */
  readonly deliveryTimeoutMs?: number
  /** Let the broker make a topic that does not exist, if it does that at all. */
  readonly createTopics?: boolean
}

/** What became of one batch. */
export interface Delivery {
  readonly partition: number
  /** Of its first record; -1 where nobody said. */
  readonly offset: number
}

interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
}

interface PartitionState {
  /** Whose sequence it is. */
  identity: Identity | undefined
  sequence: number
  last: Promise<unknown>
}

const retryDelayMs = 100
const sequenceModulus = 2 ** 31
const requiredAcks = { all: -1, leader: 1, none: 0 } as const
/** Records of one send and partition go together up to this size: well below what brokers take (1 MiB) unless told otherwise. */
const batchBytesMax = 512 * 1024
/** What a record needs besides its key, value and headers, at most. */
const recordOverheadBytes = 32

export class Producer {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView
  readonly #options: Required<ProducerOptions>
  readonly #partitions = new Map<string, PartitionState>()
  #identity: Promise<Identity> | undefined
  #keyless = 0

  constructor(pool: BrokerPool, cluster: ClusterView, options: ProducerOptions = {}) {
    this.#pool = pool
    this.#cluster = cluster
    this.#options = { acks: 'all', compression: 'none', deliveryTimeoutMs: 120_000, createTopics: true, ...options }
  }

  /** Sends records to one topic: keyed ones where their key belongs, the others together to one partition after another. */
  async send(topic: string, records: readonly ProducerRecord[], partition?: number): Promise<Delivery[]> {
    const { leaders } = await this.#cluster.topic(topic, { create: this.#options.createTopics })
    if (partition !== undefined && (partition < 0 || partition >= leaders.length)) {
      const why = `topic '${topic}' has no partition ${partition}, only ${leaders.length}, counted from 0`
      throw new ClientError('UNKNOWN_TOPIC_OR_PARTITION', why, { topic, partition })
    }
    const byPartition = new Map<number, ProducerRecord[]>()
    const keyless = this.#keyless++ % leaders.length
    for (const record of records) {
      const to = partition ?? (record.key ? partitionOf(record.key, leaders.length) : keyless)
      const own = byPartition.get(to)
      if (own) own.push(record)
      else byPartition.set(to, [record])
    }
    const deliveries: Promise<Delivery>[] = []
    for (const [to, own] of byPartition) {
      for (const batch of batchesOf(own)) deliveries.push(this.#inOrder(topic, to, batch))
    }
    return Promise.all(deliveries)
  }

  #inOrder(topic: string, partition: number, records: readonly ProducerRecord[]): Promise<Delivery> {
    const key = `${topic}/${partition}`
    const state = this.#partitions.get(key) ?? { identity: undefined, sequence: 0, last: Promise.resolve() }
    this.#partitions.set(key, state)
    const delivery = state.last.then(() => this.#deliver(topic, partition, records, state))
    state.last = delivery.catch(() => undefined)
    return delivery
  }

  async #deliver(topic: string, partition: number, records: readonly ProducerRecord[], state: PartitionState): Promise<Delivery> {
    const { platform } = this.#pool.options
    const deadline = platform.now() + this.#options.deliveryTimeoutMs
    const identity = await this.#retrying(topic, deadline, () => this.#identify())
    if (state.identity !== identity) {
      state.identity = identity
      state.sequence = 0
    }
    const now = platform.now()
    const timed = records.map(({ key = null, value, headers = [], timestamp = now }) => ({ key, value, headers, timestamp }))
    const sequenced = identity ? { ...identity, baseSequence: state.sequence } : {}
    const batch = buildBatch({ records: timed, codec: this.#options.compression, ...sequenced })
    try {
      const offset = await this.#retrying(topic, deadline, () => this.#attempt(topic, partition, batch))
      state.sequence = (state.sequence + records.length) % sequenceModulus
      return { partition, offset }
    } catch (error) {
      if (identity && (await this.#identity) === identity) this.#identity = undefined
      throw error
    }
  }

  async #retrying<T>(topic: string, deadline: number, act: () => Promise<T>): Promise<T> {
    const { platform } = this.#pool.options
    for (;;) {
      try {
        return await act()
      } catch (error) {
        if (!(error instanceof ClientError) || !error.retriable || platform.now() + retryDelayMs >= deadline) throw error
        this.#cluster.forget(topic)
        await new Promise<void>((resolve) => platform.after(retryDelayMs, resolve))
      }
    }
  }

  async #attempt(topic: string, partition: number, batch: Buffer): Promise<number> {
    const { topicId } = await this.#cluster.topic(topic)
    const connection = await this.#cluster.leader(topic, partition)
    const { acks, deliveryTimeoutMs } = this.#options
    const body = {
      acks: requiredAcks[acks],
      timeoutMs: Math.min(deliveryTimeoutMs, this.#pool.options.requestTimeoutMs),
      topicData: [{ name: topic, topicId, partitionData: [{ index: partition, records: batch }] }],
    }
    if (acks === 'none') {
      await connection.tell(ProduceRequest, body)
      return unknownOffset
    }
    const answer = await connection.send(ProduceRequest, ProduceResponse, body)
    const result = answer.responses[0]?.partitionResponses[0]
    const errorCode = result?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
    if (errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) return unknownOffset
    if (!result || errorCode !== ErrorCode.NONE) {
      const message = result?.errorMessage ?? null
      throw answeredError(errorCode, `cannot produce to ${topic}-${partition}`, { topic, partition, message, broker: connection.broker })
    }
    return result.baseOffset
  }

  /** Without acknowledgements nothing is retried, and nothing need be told apart. */
  async #identify(): Promise<Identity | undefined> {
    if (this.#options.acks === 'none') return undefined
    if (!this.#identity) {
      const asking = this.#askIdentity()
      this.#identity = asking
      asking.catch(() => {
        if (this.#identity === asking) this.#identity = undefined
      })
    }
    return this.#identity
  }

  async #askIdentity(): Promise<Identity> {
    const connection = await this.#pool.any()
    const body = { transactionalId: null, transactionTimeoutMs: 60_000 }
    const { errorCode, producerId, producerEpoch } = await connection.send(InitProducerIdRequest, InitProducerIdResponse, body)
    if (errorCode !== ErrorCode.NONE) throw answeredError(errorCode, 'cannot get a producer id', { broker: connection.broker })
    return { producerId, producerEpoch }
  }
}

const unknownOffset = -1

function* batchesOf(records: readonly ProducerRecord[]): Generator<readonly ProducerRecord[]> {
  let first = 0
  let bytes = 0
  for (const [index, record] of records.entries()) {
    const size = bytesOf(record)
    if (index > first && bytes + size > batchBytesMax) {
      yield records.slice(first, index)
      first = index
      bytes = 0
    }
    bytes += size
  }
  if (first < records.length) yield first === 0 ? records : records.slice(first)
}

/** About as many as it takes in a batch. */
function bytesOf({ key, value, headers = [] }: ProducerRecord): number {
  let bytes = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) bytes += 2 * name.length + (content?.length ?? 0) + recordOverheadBytes
  return bytes
}
