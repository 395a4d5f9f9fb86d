/**
 * A simulated reader of committed transactions: it reads partitions from their beginning as far as the last stable offset, leaves out what
 * it is told was aborted, and puts the rest to the ledger. What is above the last stable offset it must not be given.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../../client/protocol/messages/offset-fetch.ts'
import { batchBytesAt, RecordBatch } from '../../../client/records/batch.ts'
import { readEndMarker } from '../../../client/records/control.ts'
import { recordsOf } from '../../../client/records/record.ts'
import type { Ledger, Pass } from '../checkers/ledger.ts'
import { Violation } from '../violation.ts'
import { Client, type Surroundings } from './client.ts'
import type { ClientConnection } from './connection.ts'

export interface CommittedReaderTraits {
  topic: string
  partitions: number
  maxBytes: number
  pauseMillisMax: number
}

interface Cursor {
  readonly partition: number
  next: number
  pass: Pass
  /** Producers whose transaction, as far as is read, is an aborted one. */
  aborted: Set<number>
  lastStableOffset: number
  highWatermark: number
  /** The broker's life that said so. */
  life: number
}

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

const readCommitted = 1

export class CommittedReader extends Client {
  readonly #traits: CommittedReaderTraits
  readonly #ledger: Ledger
  readonly #cursors: Cursor[]

  constructor(around: Surroundings, traits: CommittedReaderTraits, ledger: Ledger) {
    super(around, { requestTimeoutMillis: 4_000 })
    this.#traits = traits
    this.#ledger = ledger
    this.#cursors = Array.from({ length: traits.partitions }, (_, partition) => beginning(partition))
  }

  protected async live(): Promise<void> {
    while (!this.stopping) {
      const connection = await this.connected()
      if (!connection) return
      await this.#fetch(connection)
      if (this.random.chance(0.02)) this.#again(this.random.pick(this.#cursors))
      await this.sleep(this.random.fraction() * this.#traits.pauseMillisMax)
    }
  }

  /** Reads everything once more, to the end: nothing may be undecided there. */
  async audit(): Promise<void> {
    for (const cursor of this.#cursors) this.#again(cursor)
    for (;;) {
      const connection = (await this.connected()) ?? (await this.tryTo(() => this.dial()))
      if (connection) await this.#fetch(connection)
      if (this.#cursors.every(isAtEnd)) break
      await this.sleep(20)
    }
    const offsets = new Map<string, number>()
    for (const group of this.#ledger.groups) offsets.set(group, await this.#offsetOf(group))
    this.#ledger.complete(new Map(this.#cursors.map(({ partition, pass }) => [partition, pass])), offsets)
  }

  /** Once no transaction is open that may change it. */
  async #offsetOf(groupId: string): Promise<number> {
    const topics = [{ name: this.#traits.topic, partitionIndexes: [0] }]
    for (;;) {
      const connection = (await this.connected()) ?? (await this.tryTo(() => this.dial()))
      const ask = { groups: [{ groupId, topics }], requireStable: true }
      const answer = connection && (await this.tryTo(() => connection.request(OffsetFetchRequest, OffsetFetchResponse, 8, ask)))
      const [group] = answer?.groups ?? []
      const partition = group?.topics[0]?.partitions[0]
      if (group?.errorCode === ErrorCode.NONE && partition?.errorCode === ErrorCode.NONE) return partition.committedOffset
      await this.sleep(20)
    }
  }

  #again(cursor: Cursor): void {
    Object.assign(cursor, { ...beginning(cursor.partition), lastStableOffset: cursor.lastStableOffset, life: cursor.life })
  }

  async #fetch(connection: ClientConnection): Promise<void> {
    const partitions = this.#cursors.map(({ partition, next }) => ({
      partition,
      fetchOffset: next,
      partitionMaxBytes: this.#traits.maxBytes,
    }))
    const version = this.random.between(4, 12)
    const answer = await this.tryTo(() =>
      connection.request(FetchRequest, FetchResponse, version, {
        maxWaitMs: this.random.pick([0, 100]),
        minBytes: 1,
        isolationLevel: readCommitted,
        sessionEpoch: -1,
        topics: [{ topic: this.#traits.topic, partitions }],
      }),
    )
    const life = this.lifeOf(connection)
    for (const data of answer?.responses[0]?.partitions ?? []) this.#take(this.#cursors[data.partitionIndex] as Cursor, data, life)
  }

  #take(cursor: Cursor, data: PartitionAnswer, life: number): void {
    // The power took what nobody had promised to keep: a marker, which is written again.
    if (data.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return this.#again(cursor)
    if (data.errorCode !== ErrorCode.NONE) {
      if (isPassing(data.errorCode)) return
      throw new Violation(5, `${this.name} fetched ${cursor.partition} and was answered ${errorOf(data.errorCode).name}`)
    }
    if (life === cursor.life && data.lastStableOffset < cursor.lastStableOffset) {
      const { lastStableOffset } = cursor
      throw new Violation(8, `${this.name}: the last stable offset went back from ${lastStableOffset} to ${data.lastStableOffset}`)
    }
    // What followed was lost with the power, and other things stand there now.
    if (life !== cursor.life) this.#again(cursor)
    const isStale = life !== cursor.life
    cursor.life = life
    cursor.lastStableOffset = data.lastStableOffset
    cursor.highWatermark = data.highWatermark
    if (!isStale) this.#read(cursor, data)
  }

  #read(cursor: Cursor, { records, abortedTransactions, lastStableOffset }: PartitionAnswer): void {
    const bytes = records ?? Buffer.alloc(0)
    const aborted = [...(abortedTransactions ?? [])].sort((a, b) => a.firstOffset - b.firstOffset)
    for (let at = 0, size = batchBytesAt(bytes, 0); size > 0 && at + size <= bytes.length; size = batchBytesAt(bytes, at)) {
      const batch = new RecordBatch(bytes, at)
      at += size
      if (batch.lastOffset < cursor.next) continue
      if (batch.lastOffset >= lastStableOffset) {
        throw new Violation(8, `${this.name} was given offset ${batch.lastOffset}, and may see those below ${lastStableOffset}`)
      }
      while ((aborted[0]?.firstOffset ?? Infinity) <= batch.lastOffset) cursor.aborted.add(aborted.shift()?.producerId as number)
      if (batch.isControl) {
        if (readEndMarker(batch)?.committed === false) cursor.aborted.delete(batch.producerId)
      } else if (!cursor.aborted.has(batch.producerId)) {
        for (const { value } of recordsOf(batch)) this.#ledger.shown(value as Buffer, cursor.partition, cursor.pass, this.name)
      }
      cursor.next = batch.lastOffset + 1
    }
  }
}

function beginning(partition: number): Cursor {
  return { partition, next: 0, pass: new Map(), aborted: new Set(), lastStableOffset: 0, highWatermark: -1, life: -1 }
}

function isAtEnd({ next, lastStableOffset, highWatermark }: Cursor): boolean {
  return highWatermark >= 0 && lastStableOffset === highWatermark && next === highWatermark
}

function isPassing(error: number): boolean {
  switch (error) {
    case ErrorCode.KAFKA_STORAGE_ERROR:
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
      return true
    default:
      return false
  }
}
