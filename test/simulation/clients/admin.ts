/**
 * A simulated administrator: makes the topics, and while others work changes their settings, deletes records and adds partitions.
 * One more topic is its own: it is made, written, read, deleted and made again, and must begin anew every time.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { CreatePartitionsRequest, CreatePartitionsResponse } from '../../../client/protocol/messages/create-partitions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../../client/protocol/messages/create-topics.ts'
import { DeleteRecordsRequest, DeleteRecordsResponse } from '../../../client/protocol/messages/delete-records.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../../client/protocol/messages/delete-topics.ts'
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../../client/protocol/messages/incremental-alter-configs.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../../client/protocol/messages/list-offsets.ts'
import { ProduceRequest, ProduceResponse } from '../../../client/protocol/messages/produce.ts'
import type { PartitionHistory } from '../history.ts'
import { Violation } from '../violation.ts'
import { buildBatch } from './batch.ts'
import { Client, type Surroundings } from './client.ts'
import type { ClientConnection } from './connection.ts'

export interface TopicPlan {
  name: string
  partitions: number
  configs: Record<string, string>
}

export interface AdminTraits {
  topics: readonly TopicPlan[]
  /** Made, and left alone. */
  others: readonly TopicPlan[]
  /** Batches may be as large as this. */
  segmentBytesMin: number
  deletesRecords: boolean
  changesConfigs: boolean
  addsPartitions: boolean
  churns: boolean
  pauseMillisMax: number
}

const topicResource = 2
const setOperation = 0
const churned = 'churned'

export class Admin extends Client {
  readonly #traits: AdminTraits
  readonly #created = Promise.withResolvers<void>()
  readonly #partitions = new Map<string, number>()

  constructor(around: Surroundings, traits: AdminTraits) {
    super(around)
    this.#traits = traits
  }

  /** All topics are there. */
  get created(): Promise<void> {
    return this.#created.promise
  }

  /** Partitions of a topic, as last confirmed. */
  partitionsOf(topic: string): number {
    return this.#partitions.get(topic) ?? 0
  }

  protected async live(): Promise<void> {
    for (const topic of [...this.#traits.topics, ...this.#traits.others]) await this.#create(topic)
    this.#created.resolve()
    const acts = this.#acts()
    while (acts.length > 0 && !this.stopping) {
      await this.sleep(this.random.fraction() * this.#traits.pauseMillisMax)
      const connection = await this.connected()
      if (connection) await this.random.pick(acts)(connection)
    }
  }

  #acts(): ((connection: ClientConnection) => Promise<void>)[] {
    const { deletesRecords, changesConfigs, addsPartitions, churns } = this.#traits
    const acts: ((connection: ClientConnection) => Promise<void>)[] = []
    if (deletesRecords) acts.push((connection) => this.#deleteRecords(connection))
    if (changesConfigs) acts.push((connection) => this.#changeConfig(connection))
    if (addsPartitions) acts.push((connection) => this.#addPartition(connection))
    if (churns) acts.push(() => this.#churn())
    return acts
  }

  /** Asks until it is so: an answer that was lost may have been a yes. */
  async #create({ name, partitions, configs }: TopicPlan): Promise<void> {
    for (;;) {
      const connection = await this.connected()
      if (!connection) return
      const version = this.random.between(2, 7)
      const topics = [
        {
          name,
          numPartitions: partitions,
          replicationFactor: 1,
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        },
      ]
      const answer = await this.tryTo(() =>
        connection.request(CreateTopicsRequest, CreateTopicsResponse, version, { topics, timeoutMs: 5_000 }),
      )
      const topic = answer?.topics[0]
      if (topic && (topic.errorCode === ErrorCode.NONE || topic.errorCode === ErrorCode.TOPIC_ALREADY_EXISTS)) break
      if (topic && !isPassing(topic.errorCode)) {
        throw new Violation(5, `creating topic ${name} was answered ${errorOf(topic.errorCode).name}: ${topic.errorMessage}`)
      }
      await this.sleep(50)
    }
    this.#partitions.set(name, partitions)
  }

  #pick(): PartitionHistory | undefined {
    const { name } = this.random.pick(this.#traits.topics)
    return this.around.history.partition(name, this.random.below(this.partitionsOf(name)))
  }

  async #deleteRecords(connection: ClientConnection): Promise<void> {
    const history = this.#pick()
    if (!history) return
    const offset = this.random.chance(0.2) ? -1 : this.random.below(history.endSeen + 1)
    const request = { topics: [{ name: history.topic, partitions: [{ partitionIndex: history.index, offset }] }], timeoutMs: 1_000 }
    history.deletingBefore = Math.max(history.deletingBefore, offset)
    history.deletingAll ||= offset === -1
    const answer = await this.tryTo(() =>
      connection.request(DeleteRecordsRequest, DeleteRecordsResponse, this.random.between(0, 2), request),
    )
    const partition = answer?.topics[0]?.partitions[0]
    if (!partition) return
    if (partition.errorCode === ErrorCode.NONE) {
      if (offset !== -1 && partition.lowWatermark < offset) {
        throw new Violation(1, `${history.name}: records before ${offset} were to be deleted, and the start is ${partition.lowWatermark}`)
      }
      history.deleted(partition.lowWatermark)
    } else if (partition.errorCode !== ErrorCode.OFFSET_OUT_OF_RANGE && !isPassing(partition.errorCode)) {
      throw new Violation(5, `deleting records of ${history.name} was answered ${errorOf(partition.errorCode).name}`)
    }
  }

  async #changeConfig(connection: ClientConnection): Promise<void> {
    const { topics, segmentBytesMin } = this.#traits
    const { name: topic } = this.random.pick(topics)
    const [name, value] = this.random.pick([
      ['internal.segment.bytes', `${this.random.magnitude(segmentBytesMin, segmentBytesMin * 10)}`],
      ['index.interval.bytes', `${this.random.magnitude(1, 4_096)}`],
      ['flush.messages', `${this.random.magnitude(1, 1_000)}`],
      ['max.message.bytes', `${this.random.between(200_000, 1_000_000)}`],
    ] as const)
    const configs = [{ name, configOperation: setOperation, value }]
    const request = { resources: [{ resourceType: topicResource, resourceName: topic, configs }] }
    const answer = await this.tryTo(() => connection.request(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 1, request))
    const response = answer?.responses[0]
    if (response && response.errorCode !== ErrorCode.NONE && !isPassing(response.errorCode)) {
      throw new Violation(5, `setting ${name}=${value} was answered ${errorOf(response.errorCode).name}: ${response.errorMessage}`)
    }
  }

  async #addPartition(connection: ClientConnection): Promise<void> {
    const { name } = this.random.pick(this.#traits.topics)
    const count = this.partitionsOf(name) + 1
    if (count > 6) return
    const request = { topics: [{ name, count, assignments: null }], timeoutMs: 1_000 }
    const answer = await this.tryTo(() =>
      connection.request(CreatePartitionsRequest, CreatePartitionsResponse, this.random.between(0, 3), request),
    )
    const result = answer?.results[0]
    if (!result) return
    if (result.errorCode === ErrorCode.NONE || result.errorCode === ErrorCode.INVALID_PARTITIONS) this.#partitions.set(name, count)
    else if (!isPassing(result.errorCode)) throw new Violation(5, `adding a partition was answered ${errorOf(result.errorCode).name}`)
  }

  /** A topic's whole life, under a name that was used before. */
  async #churn(): Promise<void> {
    await this.#create({ name: churned, partitions: 1, configs: {} })
    const connection = await this.connected()
    if (!connection) return
    if ((await this.#endOf(connection, churned)) === 0) await this.#write(connection)
    await this.#remove()
  }

  async #write(connection: ClientConnection): Promise<void> {
    const batch = {
      values: [this.random.bytes(40)],
      timestamp: this.now(),
      compressed: false,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
    }
    const topicData = [{ name: churned, partitionData: [{ index: 0, records: buildBatch(batch) }] }]
    const answer = await this.tryTo(() => connection.request(ProduceRequest, ProduceResponse, 9, { acks: -1, timeoutMs: 1_000, topicData }))
    const response = answer?.responses[0]?.partitionResponses[0]
    if (response?.errorCode === ErrorCode.NONE && response.baseOffset !== 0) {
      throw new Violation(1, `a new topic's first record is at ${response.baseOffset}: what was deleted is back`)
    }
  }

  async #endOf(connection: ClientConnection, name: string): Promise<number | undefined> {
    const request = { replicaId: -1, topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }
    const answer = await this.tryTo(() => connection.request(ListOffsetsRequest, ListOffsetsResponse, 7, request))
    const partition = answer?.topics[0]?.partitions[0]
    return partition?.errorCode === ErrorCode.NONE ? partition.offset : undefined
  }

  async #remove(): Promise<void> {
    for (;;) {
      const connection = await this.connected()
      if (!connection) return
      const request = { topicNames: [churned], timeoutMs: 1_000 }
      const answer = await this.tryTo(() =>
        connection.request(DeleteTopicsRequest, DeleteTopicsResponse, this.random.between(1, 5), request),
      )
      const code = answer?.responses[0]?.errorCode
      if (code === ErrorCode.NONE || code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return
      await this.sleep(50)
    }
  }
}

function isPassing(errorCode: number): boolean {
  return (
    errorCode === ErrorCode.KAFKA_STORAGE_ERROR ||
    errorCode === ErrorCode.REQUEST_TIMED_OUT ||
    errorCode === ErrorCode.NOT_CONTROLLER ||
    errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER ||
    errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  )
}
