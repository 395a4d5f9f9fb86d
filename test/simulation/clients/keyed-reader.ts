/**
 * A simulated reader of a compacted topic: from the beginning to the end, over gaps, and again. What it is given must rise, be what was
 * sent, and lie where it was confirmed.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { RecordBatch } from '../../../client/records/batch.ts'
import { recordsOf } from '../../../client/records/record.ts'
import type { KeysSeen, NewestValues } from '../checkers/newest-values.ts'
import { Violation } from '../violation.ts'
import { batchAt } from './batch.ts'
import { Client, type Surroundings } from './client.ts'
import type { ClientConnection } from './connection.ts'

export interface KeyedReaderTraits {
  topic: string
  partitions: number
  maxBytes: number
  pauseMillisMax: number
  /** That it begins anew. */
  againChance: number
}

interface Cursor {
  readonly partition: number
  next: number
  seen: KeysSeen
  /** As last told; -1: not yet. */
  end: number
}

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

export class KeyedReader extends Client {
  readonly #traits: KeyedReaderTraits
  readonly #newest: NewestValues
  readonly #cursors: Cursor[]

  constructor(around: Surroundings, traits: KeyedReaderTraits, newest: NewestValues) {
    super(around, { requestTimeoutMillis: 4_000 })
    this.#traits = traits
    this.#newest = newest
    this.#cursors = Array.from({ length: traits.partitions }, (_, partition) => ({ partition, next: 0, seen: new Map(), end: -1 }))
  }

  protected async live(): Promise<void> {
    while (!this.stopping) {
      const connection = await this.connected()
      if (!connection) return
      await this.#fetch(connection)
      if (this.random.chance(this.#traits.againChance)) this.#again(this.random.pick(this.#cursors))
      await this.sleep(this.random.fraction() * this.#traits.pauseMillisMax)
    }
  }

  /** Reads everything once more, to the end: the newest of every key is there. */
  async audit(): Promise<void> {
    for (const cursor of this.#cursors) this.#again(cursor)
    while (this.#cursors.some(({ next, end }) => end < 0 || next < end)) {
      const connection = await this.connected()
      if (connection) await this.#fetch(connection)
    }
    for (const { partition, seen, end } of this.#cursors) this.#newest.complete(partition, seen, end)
  }

  #again(cursor: Cursor): void {
    Object.assign(cursor, { next: 0, seen: new Map(), end: -1 })
  }

  async #fetch(connection: ClientConnection): Promise<void> {
    const { topic, maxBytes } = this.#traits
    const partitions = this.#cursors.map(({ partition, next }) => ({ partition, fetchOffset: next, partitionMaxBytes: maxBytes }))
    const answer = await this.tryTo(() =>
      connection.request(FetchRequest, FetchResponse, this.random.between(4, 12), {
        maxWaitMs: this.random.pick([0, 100]),
        minBytes: 1,
        sessionEpoch: -1,
        topics: [{ topic, partitions }],
      }),
    )
    for (const data of answer?.responses[0]?.partitions ?? []) this.#take(this.#cursors[data.partitionIndex] as Cursor, data)
  }

  #take(cursor: Cursor, { errorCode, highWatermark, records }: PartitionAnswer): void {
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      if (cursor.next === 0)
        throw new Violation(9, `${this.name} asked for the first offset, and it is out of range: nobody deleted records`)
      // The power took what nobody had promised to keep.
      return this.#again(cursor)
    }
    if (errorCode !== ErrorCode.NONE) {
      if (isPassing(errorCode)) return
      throw new Violation(5, `${this.name} fetched and was answered ${errorOf(errorCode).name}`)
    }
    cursor.end = highWatermark
    const bytes = records ?? Buffer.alloc(0)
    for (let at = 0; at < bytes.length; ) {
      const found = batchAt(bytes, at)
      if (found === 'cut') return
      if (found === 'damaged') throw new Violation(9, `${this.name} was given a damaged batch after offset ${cursor.next - 1}`)
      if (found.endOffset <= cursor.next && at > 0) throw new Violation(9, `${this.name} was given offsets that do not rise`)
      this.#read(cursor, found.bytes)
      cursor.next = Math.max(cursor.next, found.endOffset)
      at += found.bytes.length
    }
  }

  #read({ partition, next, seen }: Cursor, bytes: Buffer): void {
    for (const { offset, key, value } of recordsOf(new RecordBatch(bytes))) {
      if (offset < next) continue
      const number = value ? value.readUInt32BE(0) : -1
      this.#newest.read({ partition, offset, key: String(key), number, isTombstone: !value }, seen, this.name)
    }
  }
}

function isPassing(errorCode: number): boolean {
  switch (errorCode) {
    case ErrorCode.KAFKA_STORAGE_ERROR:
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
      return true
    default:
      return false
  }
}
