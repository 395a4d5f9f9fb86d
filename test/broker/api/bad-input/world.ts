/**
 * What the bad-input cases ask through: one broker, Stele or Apache Kafka alike, asked in any version with nothing made right on the way.
 * Verdicts are the names of Kafka's error codes, so that a table of them reads as Kafka's documentation does; `closed` where the
 * broker ended the connection instead of answering.
 */
import { errorOf } from '../../../../client/protocol/errors.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../../../client/protocol/messages/create-topics.ts'
import { DeleteRecordsRequest, DeleteRecordsResponse } from '../../../../client/protocol/messages/delete-records.ts'
import { FetchRequest, FetchResponse } from '../../../../client/protocol/messages/fetch.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../../../client/protocol/messages/list-offsets.ts'
import { MetadataRequest, MetadataResponse } from '../../../../client/protocol/messages/metadata.ts'
import { ProduceRequest, ProduceResponse } from '../../../../client/protocol/messages/produce.ts'
import type { Input, Message, Of } from '../../../../client/protocol/schema.ts'
import { type BatchOptions, buildBatch } from '../../../../client/records/builder.ts'
import { RawClient } from '../../../support/raw-client.ts'

export type Verdict = string

export const nameOf = (code: number | undefined): Verdict => (code === undefined ? 'closed' : errorOf(code).name)

export interface ProduceOptions {
  acks?: number
  version?: number
  partition?: number
  topicId?: string
  transactionalId?: string | null
  timeoutMs?: number
}

export interface Topic {
  readonly name: string
  readonly id: string
}

type FetchInput = Input<typeof FetchRequest>
export type FetchPartition = NonNullable<NonNullable<NonNullable<FetchInput['topics']>[number]['partitions']>[number]>

/** One record, now, unless told otherwise. */
export function batch(options: Partial<BatchOptions> & { values?: readonly string[] } = {}): Buffer {
  const { values = ['one'], ...rest } = options
  return buildBatch({ records: values.map((value) => ({ timestamp: Date.now(), value: Buffer.from(value) })), ...rest })
}

export class World {
  readonly #port: number
  readonly #clients: RawClient[] = []
  #topics = 0
  #client: RawClient

  private constructor(port: number, client: RawClient) {
    this.#port = port
    this.#client = client
  }

  static async open(port: number): Promise<World> {
    return new World(port, await RawClient.connect(port))
  }

  close(): void {
    for (const client of [this.#client, ...this.#clients]) client.close()
  }

  /** Through one connection that is made anew where the broker closed it. */
  async ask<Q extends Message, S extends Message>(request: Q, response: S, version: number, body: Input<Q>): Promise<Of<S> | undefined> {
    if (this.#client.socket.destroyed) this.#client = await RawClient.connect(this.#port)
    return this.#client.ask(request, response, version, body)
  }

  get port(): number {
    return this.#port
  }

  /** A connection of its own. */
  async connect(): Promise<RawClient> {
    const client = await RawClient.connect(this.#port)
    this.#clients.push(client)
    return client
  }

  /** A topic with these settings, which can be written to when this resolves. */
  async topic(configs: Record<string, string> = {}): Promise<Topic> {
    const name = `bad-input-${++this.#topics}-${Date.now()}`
    const created = await this.ask(CreateTopicsRequest, CreateTopicsResponse, 7, {
      topics: [
        { name, numPartitions: 1, replicationFactor: 1, configs: Object.entries(configs).map(([name, value]) => ({ name, value })) },
      ],
      timeoutMs: 5000,
    })
    const answer = created?.topics[0]
    if (answer?.errorCode !== 0) throw new Error(`no topic: ${nameOf(answer?.errorCode)} ${answer?.errorMessage}`)
    await this.#led(name)
    return { name, id: answer.topicId }
  }

  /** Kafka answers CreateTopics before its partitions have leaders. */
  async #led(name: string): Promise<void> {
    for (;;) {
      const offsets = await this.listOffsets({ name, id: '' }, -1)
      if (offsets === 'NONE') return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async produced(topic: Topic, records: Buffer | null, options: ProduceOptions = {}) {
    const { acks = 1, version = 9, partition = 0, transactionalId = null, timeoutMs = 5000 } = options
    const named = version >= 13 ? { topicId: options.topicId ?? topic.id } : { name: topic.name }
    const answer = await this.ask(ProduceRequest, ProduceResponse, version, {
      acks,
      timeoutMs,
      ...(transactionalId !== null && { transactionalId }),
      topicData: [{ ...named, partitionData: [{ index: partition, records }] }],
    })
    return answer?.responses[0]?.partitionResponses[0]
  }

  async produce(topic: Topic, records: Buffer | null, options: ProduceOptions = {}): Promise<Verdict> {
    return nameOf((await this.produced(topic, records, options))?.errorCode)
  }

  async fetched(topic: Topic, partition: FetchPartition = {}, request: FetchInput & { version?: number } = {}) {
    const { version = 17, ...rest } = request
    const named = version >= 13 ? { topicId: topic.id } : { topic: topic.name }
    const asked = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20, ...partition }
    const limits = version >= 3 ? { maxBytes: 1 << 20 } : {}
    return this.ask(FetchRequest, FetchResponse, version, {
      ...limits,
      maxWaitMs: 10,
      minBytes: 0,
      ...rest,
      topics: rest.topics ?? [{ ...named, partitions: [asked] }],
    })
  }

  /** The partition's code, or that of the whole answer. */
  async fetch(topic: Topic, partition: FetchPartition = {}, request: FetchInput & { version?: number } = {}): Promise<Verdict> {
    const answer = await this.fetched(topic, partition, request)
    if (!answer) return 'closed'
    return nameOf(answer.errorCode || (answer.responses[0]?.partitions[0]?.errorCode ?? 0))
  }

  async listOffsets(topic: Topic, timestamp: number, { version = 9, epoch = -1, partition = 0, isolation = 0 } = {}): Promise<Verdict> {
    const asked = { partitionIndex: partition, timestamp, ...(version >= 4 && { currentLeaderEpoch: epoch }) }
    const answer = await this.ask(ListOffsetsRequest, ListOffsetsResponse, version, {
      replicaId: -1,
      ...(version >= 2 && { isolationLevel: isolation }),
      topics: [{ name: topic.name, partitions: [asked] }],
    })
    return nameOf(answer?.topics[0]?.partitions[0]?.errorCode)
  }

  async metadata(topic: { name: string | null; topicId?: string }, { version = 12, mayCreate = false } = {}): Promise<Verdict> {
    const answer = await this.ask(MetadataRequest, MetadataResponse, version, {
      topics: [topic],
      ...(version >= 4 && { allowAutoTopicCreation: mayCreate }),
    })
    return nameOf(answer?.topics[0]?.errorCode)
  }
}

export async function deleteRecords(world: World, topic: Topic, offset: number, partition = 0): Promise<Verdict> {
  const answer = await world.ask(DeleteRecordsRequest, DeleteRecordsResponse, 2, {
    topics: [{ name: topic.name, partitions: [{ partitionIndex: partition, offset }] }],
    timeoutMs: 5000,
  })
  return nameOf(answer?.topics[0]?.partitions[0]?.errorCode)
}
