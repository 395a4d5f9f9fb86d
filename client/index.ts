/**
 * The client's door.
 *
 *     const stele = new Stele({ bootstrap: '127.0.0.1:9092' })
 *     await stele.producer().send('orders', [{ key: Buffer.from('7'), value: Buffer.from('paid') }])
 *     for await (const records of stele.reader().batches('orders', { from: 'beginning' })) console.log(records)
 *     await stele.close()
 */
import { GroupAdmin } from './admin/groups.ts'
import { TopicAdmin } from './admin/topics.ts'
import { ClusterView } from './cluster/cluster-view.ts'
import { Reader } from './consumer/reader.ts'
import { BrokerPool, parseBootstrap } from './network/broker-pool.ts'
import type { ClientPlatform } from './platform/dial.ts'
import { nodeClientPlatform } from './platform/node.ts'
import { Producer, type ProducerOptions } from './producer/producer.ts'

export type { AssignedPartitions, GroupMember } from './admin/group-description.ts'
export type { AskedTopic, GroupDescription, GroupOffset, GroupSummary, NewOffset, PlannedOffset } from './admin/groups.ts'
export type { NewTopic, TopicDescription, TopicSummary } from './admin/topics.ts'
export type { ConsumedRecord, Position, ReadOptions } from './consumer/reader.ts'
export { ClientError } from './network/client-error.ts'
export type { Partitioner } from './producer/partitioner.ts'
export { type Delivery, type Producer, type ProducerOptions, type ProducerRecord, SendError } from './producer/producer.ts'
export { bytes, float64, int32, int64, json, type Serde, text } from './serde/serde.ts'
export type { StandardSchema } from './serde/standard-schema.ts'

export interface SteleOptions {
  /** `host:port`, several with commas. */
  readonly bootstrap: string
  readonly clientId?: string
  readonly requestTimeoutMs?: number
  readonly platform?: ClientPlatform
}

export class Stele {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView
  readonly topics: TopicAdmin
  readonly groups: GroupAdmin

  constructor({ bootstrap, clientId = 'stele', requestTimeoutMs = 30_000, platform = nodeClientPlatform }: SteleOptions) {
    this.#pool = new BrokerPool({ bootstrap: parseBootstrap(bootstrap), clientId, requestTimeoutMs, platform })
    this.#cluster = new ClusterView(this.#pool)
    this.topics = new TopicAdmin(this.#pool, this.#cluster)
    this.groups = new GroupAdmin(this.#pool, this.#cluster, this.reader())
  }

  producer<K = Uint8Array | null, V = Uint8Array | null>(options?: ProducerOptions<K, V>): Producer<K, V> {
    return new Producer(this.#pool, this.#cluster, options)
  }

  reader(): Reader {
    return new Reader(this.#pool, this.#cluster)
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
