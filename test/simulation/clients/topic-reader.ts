/**
 * A simulated reader of a topic that nobody deletes records of: all partitions from their beginning to their end, and now and then again.
 * What it makes of what it is given is its kinds' business; what only says to try again is not.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { Violation } from '../violation.ts'
import { Client, type Surroundings } from './client.ts'
import type { ClientConnection } from './connection.ts'

export interface TopicReaderTraits {
  topic: string
  partitions: number
  maxBytes: number
  pauseMillisMax: number
  /** That it begins a partition anew. */
  againChance: number
}

/** Where it stands in one partition. */
interface Place {
  readonly partition: number
  next: number
}

export type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

export abstract class TopicReader<Cursor extends Place> extends Client {
  readonly #traits: TopicReaderTraits
  protected readonly cursors: readonly Cursor[]
  /** Of its fetches: 1 of one that reads what is committed. */
  protected readonly isolationLevel: 0 | 1 = 0

  constructor(around: Surroundings, traits: TopicReaderTraits, beginning: (partition: number) => Cursor) {
    super(around, { requestTimeoutMillis: 4_000 })
    this.#traits = traits
    this.cursors = Array.from({ length: traits.partitions }, (_, partition) => beginning(partition))
  }

  protected get topic(): string {
    return this.#traits.topic
  }

  /** The partition is read from its beginning. */
  protected abstract again(cursor: Cursor): void

  protected abstract take(cursor: Cursor, data: PartitionAnswer, life: number): void

  /** All there is has been read, as far as was told. */
  protected abstract isAtEnd(cursor: Cursor): boolean

  protected async live(): Promise<void> {
    while (!this.stopping) {
      const connection = await this.connected()
      if (!connection) return
      await this.#fetch(connection)
      if (this.random.chance(this.#traits.againChance)) this.again(this.random.pick(this.cursors))
      await this.sleep(this.random.fraction() * this.#traits.pauseMillisMax)
    }
  }

  /** Reads everything once more, to the end. */
  protected async readAll(): Promise<void> {
    for (const cursor of this.cursors) this.again(cursor)
    for (;;) {
      await this.#fetch(await this.connectedAnyway())
      if (this.cursors.every((cursor) => this.isAtEnd(cursor))) return
      await this.sleep(20)
    }
  }

  async #fetch(connection: ClientConnection): Promise<void> {
    const { topic, maxBytes } = this.#traits
    const partitions = this.cursors.map(({ partition, next }) => ({ partition, fetchOffset: next, partitionMaxBytes: maxBytes }))
    const answer = await this.tryTo(() =>
      connection.request(FetchRequest, FetchResponse, this.random.between(4, 12), {
        maxWaitMs: this.random.pick([0, 100]),
        minBytes: 1,
        isolationLevel: this.isolationLevel,
        sessionEpoch: -1,
        topics: [{ topic, partitions }],
      }),
    )
    const life = this.lifeOf(connection)
    for (const data of answer?.responses[0]?.partitions ?? []) this.#answered(this.cursors[data.partitionIndex] as Cursor, data, life)
  }

  #answered(cursor: Cursor, data: PartitionAnswer, life: number): void {
    switch (data.errorCode) {
      case ErrorCode.NONE:
        return this.take(cursor, data, life)
      case ErrorCode.KAFKA_STORAGE_ERROR:
      case ErrorCode.NOT_LEADER_OR_FOLLOWER:
      case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
        return
      case ErrorCode.OFFSET_OUT_OF_RANGE:
        // The power took what nobody had promised to keep.
        if (cursor.next > 0) return this.again(cursor)
        throw new Violation(1, `${this.name} asked for the first offset, and it is out of range: nobody deleted records`)
      default:
        throw new Violation(5, `${this.name} fetched ${cursor.partition} and was answered ${errorOf(data.errorCode).name}`)
    }
  }
}
