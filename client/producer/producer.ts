/**
 * Sends records: idempotent, acknowledged by all in-sync replicas unless told otherwise, each partition's records in order.
 * Owns: its producer id, and the next sequence number of each partition. Retries what may be retried until its time is up;
 * a retry carries the same sequence number, so the broker keeps one copy.
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
  readonly acks?: 'all' | 'leader'
  readonly compression?: CodecName
  /** How long a record may take, retries included. */
  readonly deliveryTimeoutMs?: number
  /** Let the broker make a topic that does not exist, if it does that at all. */
  readonly createTopics?: boolean
}

export interface Delivery {
  readonly partition: number
  /** Of the first record. */
  readonly offset: number
}

const retryDelayMs = 100
const sequenceModulus = 2 ** 31

interface PartitionState {
  sequence: number
  last: Promise<unknown>
}

export class Producer {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView
  readonly #options: Required<ProducerOptions>
  readonly #partitions = new Map<string, PartitionState>()
  #identity: Promise<{ producerId: number; producerEpoch: number }> | undefined
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
      throw new ClientError('UNKNOWN_TOPIC_OR_PARTITION', `topic '${topic}' has no partition ${partition}, only ${leaders.length}`, {
        topic,
        partition,
      })
    }
    const byPartition = new Map<number, ProducerRecord[]>()
    const keyless = this.#keyless++ % leaders.length
    for (const record of records) {
      const to = partition ?? (record.key ? partitionOf(record.key, leaders.length) : keyless)
      const batch = byPartition.get(to)
      if (batch) batch.push(record)
      else byPartition.set(to, [record])
    }
    return Promise.all([...byPartition].map(([to, batch]) => this.#inOrder(topic, to, batch)))
  }

  #inOrder(topic: string, partition: number, records: readonly ProducerRecord[]): Promise<Delivery> {
    const key = `${topic}/${partition}`
    const state = this.#partitions.get(key) ?? { sequence: 0, last: Promise.resolve() }
    this.#partitions.set(key, state)
    const delivery = state.last.then(() => this.#deliver(topic, partition, records, state))
    state.last = delivery.catch(() => undefined)
    return delivery
  }

  async #deliver(topic: string, partition: number, records: readonly ProducerRecord[], state: PartitionState): Promise<Delivery> {
    const { platform } = this.#pool.options
    const identity = await this.#identify()
    const now = platform.now()
    const timed = records.map(({ key = null, value, headers = [], timestamp = now }) => ({ key, value, headers, timestamp }))
    const batch = buildBatch({ records: timed, codec: this.#options.compression, ...identity, baseSequence: state.sequence })
    const deadline = now + this.#options.deliveryTimeoutMs
    for (;;) {
      try {
        const offset = await this.#attempt(topic, partition, batch)
        state.sequence = (state.sequence + records.length) % sequenceModulus
        return { partition, offset }
      } catch (error) {
        if (!(error instanceof ClientError) || !error.retriable || platform.now() >= deadline) throw error
        this.#cluster.forget(topic)
        await new Promise<void>((resolve) => platform.after(retryDelayMs, resolve))
      }
    }
  }

  async #attempt(topic: string, partition: number, batch: Buffer): Promise<number> {
    const { topicId } = await this.#cluster.topic(topic)
    const connection = await this.#cluster.leader(topic, partition)
    const { acks, deliveryTimeoutMs } = this.#options
    const answer = await connection.send(ProduceRequest, ProduceResponse, {
      acks: acks === 'all' ? -1 : 1,
      timeoutMs: Math.min(deliveryTimeoutMs, this.#pool.options.requestTimeoutMs),
      topicData: [{ name: topic, topicId, partitionData: [{ index: partition, records: batch }] }],
    })
    const result = answer.responses[0]?.partitionResponses[0]
    const errorCode = result?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
    if (!result || errorCode !== ErrorCode.NONE) {
      const message = result?.errorMessage ?? null
      throw answeredError(errorCode, `cannot produce to ${topic}-${partition}`, { topic, partition, message, broker: connection.broker })
    }
    return result.baseOffset
  }

  #identify(): Promise<{ producerId: number; producerEpoch: number }> {
    this.#identity ??= this.#askIdentity()
    this.#identity.catch(() => {
      this.#identity = undefined
    })
    return this.#identity
  }

  async #askIdentity(): Promise<{ producerId: number; producerEpoch: number }> {
    const connection = await this.#pool.any()
    const body = { transactionalId: null, transactionTimeoutMs: 60_000 }
    const { errorCode, producerId, producerEpoch } = await connection.send(InitProducerIdRequest, InitProducerIdResponse, body)
    if (errorCode !== ErrorCode.NONE) throw answeredError(errorCode, 'cannot get a producer id', { broker: connection.broker })
    return { producerId, producerEpoch }
  }
}
