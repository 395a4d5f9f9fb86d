/**
 * The client's door.
 *
 *     const stele = new Stele({ bootstrap: '127.0.0.1:9092' })
 *     await stele.producer().send('orders', [{ key: Buffer.from('7'), value: Buffer.from('paid') }])
 *     for await (const records of stele.reader().batches('orders', { from: 'beginning' })) console.log(records)
 *     await stele.close()
 */
import { Admin } from './admin/admin.ts'
import { GroupAdmin } from './admin/groups.ts'
import { Reach } from './admin/reach.ts'
import { TopicAdmin } from './admin/topics.ts'
import { ClusterView } from './cluster/cluster-view.ts'
import { Coordinators } from './cluster/coordinators.ts'
import { type ClientParts, Consumer } from './consumer/consumer.ts'
import type { ConsumerOptions } from './consumer/consumer-options.ts'
import { OffsetLookup } from './consumer/offset-lookup.ts'
import { Reader } from './consumer/reader.ts'
import { BrokerPool } from './network/broker-pool.ts'
import { poolOptionsOf, type ClientOptions as SteleOptions } from './network/client-options.ts'
import { nodeClientPlatform } from './platform/node.ts'
import { Producer, type ProducerOptions } from './producer/producer.ts'
import { TransactionalIdentity } from './producer/transactional-identity.ts'
import { TransactionalProducer } from './producer/transactional-producer.ts'

export type { AssignedPartitions, GroupMember } from './admin/group-description.ts'
export type { GroupSummary } from './admin/group-items.ts'
export type { AskedTopic, GroupDescription, GroupOffset, NewOffset, PlannedOffset } from './admin/groups.ts'
export { type Outcome, orThrow } from './admin/outcome.ts'
export type { NewTopic } from './admin/topic-items.ts'
export type { TopicDescription, TopicSummary } from './admin/topics.ts'
export type { ChosenPartition, ConsumedRecord, PartitionOffset, Position, TopicPartition } from './consumer/consumed.ts'
export type { ConsumedBatch } from './consumer/consumed-batch.ts'
export type { Consumer, ConsumerGroupMetadata } from './consumer/consumer.ts'
export type { ClassicAssignor, ConsumerOptions } from './consumer/consumer-options.ts'
export type { ReadOptions, ReadRecord } from './consumer/reader.ts'
export { RecordError } from './consumer/record-error.ts'
export { ClientError } from './network/client-error.ts'
export type { ClientOptions as SteleOptions } from './network/client-options.ts'
export type { ClientLogger, ClientMetrics } from './network/observer.ts'
export type { CallOptions } from './network/patience.ts'
export type { OauthOptions, OauthToken, PlainOptions, SaslOptions, ScramOptions } from './network/sasl.ts'
export type { Partitioner } from './producer/partitioner.ts'
export type { ClientPlatform, TlsOptions } from './platform/dial.ts'
export { type Delivery, type Producer, type ProducerOptions, type ProducerRecord, SendError } from './producer/producer.ts'
export type { GroupMetadata, TransactionOffset } from './producer/transactional-identity.ts'
export type { Transaction, TransactionalProducer } from './producer/transactional-producer.ts'
export { bytes, float64, int32, int64, json, type Serde, text } from './serde/serde.ts'
export type { StandardSchema } from './serde/standard-schema.ts'

export interface TransactionalProducerOptions<K = Uint8Array | null, V = Uint8Array | null> extends Omit<ProducerOptions<K, V>, 'acks'> {
  readonly transactionalId: string
  /** A transaction that takes longer is aborted by its coordinator. */
  readonly transactionTimeoutMs?: number
}

export class Stele {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView
  readonly #coordinators: Coordinators
  readonly #rack: string | undefined
  readonly #open = new Set<AsyncDisposable>()
  /** Every act of administration. */
  readonly admin: Admin
  readonly topics: TopicAdmin
  readonly groups: GroupAdmin

  constructor(options: SteleOptions) {
    this.#pool = new BrokerPool(poolOptionsOf(options, nodeClientPlatform))
    this.#rack = options.rack
    this.#cluster = new ClusterView(this.#pool)
    this.#coordinators = new Coordinators(this.#pool)
    const reach = new Reach(this.#pool, this.#cluster, this.#coordinators)
    this.admin = new Admin(reach)
    this.topics = new TopicAdmin(reach, this.admin)
    this.groups = new GroupAdmin(reach, this.admin, this.#cluster, new OffsetLookup(this.#cluster, false))
  }

  producer<K = Uint8Array | null, V = Uint8Array | null>(options?: ProducerOptions<K, V>): Producer<K, V> {
    return new Producer(this.#pool, this.#cluster, options)
  }

  /** One transaction after another, under an id that no other producer has at the same time: who comes later fences who was before. */
  transactionalProducer<K = Uint8Array | null, V = Uint8Array | null>({
    transactionalId,
    transactionTimeoutMs = 60_000,
    ...options
  }: TransactionalProducerOptions<K, V>): TransactionalProducer<K, V> {
    const identity = new TransactionalIdentity(this.#coordinators, transactionalId, transactionTimeoutMs)
    return new TransactionalProducer(new Producer(this.#pool, this.#cluster, { ...options, acks: 'all' }, identity), identity)
  }

  consumer<K = Uint8Array | null, V = Uint8Array | null>(options: ConsumerOptions<K, V>): Consumer<K, V> {
    return new Consumer(this.#parts(), this.#rack === undefined ? options : { rack: this.#rack, ...options })
  }

  reader(): Reader {
    return new Reader(this.#parts())
  }

  #parts(): ClientParts {
    return { pool: this.#pool, cluster: this.#cluster, coordinators: this.#coordinators, open: this.#open }
  }

  /** Consumers leave their groups, then all connections end. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#open].map((consumer) => consumer[Symbol.asyncDispose]()))
    await this.#pool.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
