/**
 * Reads partitions from where it is told, without a group: the reader keeps its own offsets.
 * Owns: the next offset of each partition. Backpressure is not asking: nothing is fetched while the caller is busy.
 */
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { patiently } from '../network/patience.ts'
import { ErrorCode, errorOf } from '../protocol/errors.ts'
import { FetchRequest, FetchResponse } from '../protocol/messages/fetch.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../protocol/messages/list-offsets.ts'
import { readRecords } from '../records/record.ts'
import { RecordsError } from '../records/records-error.ts'

/** A place in a partition. `time`: the first record at or after, milliseconds since the Unix epoch. */
export type Position = 'beginning' | 'end' | { readonly offset: number } | { readonly time: number }

export interface ConsumedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [key: string, value: Buffer | null])[]
}

export interface ReadOptions {
  /** All of them if left out. */
  readonly partitions?: readonly number[]
  readonly from: Position
  /** End once what is there now has been read, instead of waiting for more. */
  readonly untilEnd?: boolean
  readonly readCommitted?: boolean
  readonly signal?: AbortSignal
  /** Told of the records ahead, for showing progress: those there at the start, over all partitions. */
  readonly onStart?: (records: number) => void
}

interface Progress {
  readonly partition: number
  next: number
  readonly end: number
}

type FetchedPartition = FetchResponse['responses'][number]['partitions'][number]

const noBytes = Buffer.alloc(0)
const latest = -1
const earliest = -2
const fetchWaitMs = 500
const fetchBytesMax = 8 * 1024 * 1024
const partitionBytesMax = 1024 * 1024

export class Reader {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView

  constructor(pool: BrokerPool, cluster: ClusterView) {
    this.#pool = pool
    this.#cluster = cluster
  }

  /** The records of a topic, a partition's in its order; lists as they come, so that a caller may work in bulk. */
  async *batches(topic: string, options: ReadOptions): AsyncGenerator<ConsumedRecord[]> {
    const { leaders } = await this.#cluster.topic(topic)
    const partitions = options.partitions ?? [...leaders.keys()]
    const progress = await Promise.all(partitions.map((partition) => this.#patiently(topic, () => this.#start(topic, partition, options))))
    options.onStart?.(progress.reduce((records, { next, end }) => records + Math.max(0, end - next), 0))
    for (;;) {
      if (options.signal?.aborted) return
      const open = options.untilEnd ? progress.filter(({ next, end }) => next < end) : progress
      if (open.length === 0) return
      const leaders = await this.#patiently(topic, () => this.#byLeader(topic, open))
      for (const led of leaders) {
        const records = await this.#patiently(topic, () => this.#fetch(topic, led, options))
        if (records.length > 0) yield records
      }
    }
  }

  #patiently<T>(topic: string, act: () => Promise<T>): Promise<T> {
    return patiently(this.#pool.options, act, () => this.#cluster.forget(topic))
  }

  /** The offset of a position; the end of the partition where no record is that late. */
  async offsetOf(topic: string, partition: number, position: Position, readCommitted = false): Promise<number> {
    if (typeof position === 'object' && 'offset' in position) return position.offset
    const timestamp = typeof position === 'object' ? position.time : position === 'end' ? latest : earliest
    const connection = await this.#cluster.leader(topic, partition)
    const body = {
      replicaId: -1,
      isolationLevel: readCommitted ? 1 : 0,
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }],
    }
    const answer = await connection.send(ListOffsetsRequest, ListOffsetsResponse, body)
    const found = answer.topics[0]?.partitions[0]
    const errorCode = found?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
    if (!found || errorCode !== ErrorCode.NONE)
      throw answeredError(errorCode, `cannot find offsets of ${topic}-${partition}`, { topic, partition })
    if (found.offset < 0) return this.offsetOf(topic, partition, 'end', readCommitted)
    return found.offset
  }

  async #start(topic: string, partition: number, options: ReadOptions): Promise<Progress> {
    const next = await this.offsetOf(topic, partition, options.from, options.readCommitted)
    const end = await this.offsetOf(topic, partition, 'end', options.readCommitted)
    return { partition, next, end }
  }

  async #byLeader(topic: string, open: readonly Progress[]): Promise<Iterable<Progress[]>> {
    const led = new Map<BrokerConnection, Progress[]>()
    for (const progress of open) {
      const connection = await this.#cluster.leader(topic, progress.partition)
      const mine = led.get(connection)
      if (mine) mine.push(progress)
      else led.set(connection, [progress])
    }
    return led.values()
  }

  /** @param open partitions of one leader. */
  async #fetch(topic: string, open: readonly Progress[], options: ReadOptions): Promise<ConsumedRecord[]> {
    const { topicId } = await this.#cluster.topic(topic)
    const connection = await this.#cluster.leader(topic, open[0]?.partition ?? 0)
    const answer = await connection.send(FetchRequest, FetchResponse, {
      maxWaitMs: Math.min(fetchWaitMs, this.#pool.options.requestTimeoutMs / 2),
      minBytes: 1,
      maxBytes: fetchBytesMax,
      isolationLevel: options.readCommitted ? 1 : 0,
      topics: [
        {
          topic,
          topicId,
          partitions: open.map(({ partition, next }) => ({ partition, fetchOffset: next, partitionMaxBytes: partitionBytesMax })),
        },
      ],
    })
    if (answer.errorCode !== ErrorCode.NONE) throw answeredError(answer.errorCode, `cannot read topic '${topic}'`, { topic })
    const records: ConsumedRecord[] = []
    let failure: ClientError | undefined
    for (const data of answer.responses.flatMap(({ partitions }) => partitions)) {
      const partition = data.partitionIndex
      const progress = open.find((one) => one.partition === partition)
      if (!progress) continue
      if (data.errorCode === ErrorCode.NONE) failure ??= this.#unpack(topic, progress, data, options, records)
      else failure ??= answeredError(data.errorCode, `cannot read ${topic}-${partition}`, { topic, partition, broker: connection.broker })
    }
    // What was read is given out first; whatever is wrong will be so again.
    if (failure && records.length === 0) throw failure
    return records
  }

  /** Into `into`, as far as the bytes are what they should be; else what is wrong with them. */
  #unpack(
    topic: string,
    progress: Progress,
    { records, abortedTransactions }: FetchedPartition,
    options: ReadOptions,
    into: ConsumedRecord[],
  ): ClientError | undefined {
    const { partition } = progress
    try {
      for (const batch of readRecords(records ?? noBytes, { aborted: abortedTransactions ?? [] })) {
        for (const record of batch.records) {
          if (record.offset < progress.next || (options.untilEnd && record.offset >= progress.end)) continue
          into.push({ topic, partition, ...record })
        }
        progress.next = Math.max(progress.next, batch.lastOffset + 1)
      }
      return undefined
    } catch (cause) {
      if (!(cause instanceof RecordsError)) throw cause
      const why = `cannot read ${topic}-${partition} at offset ${progress.next}: ${cause.message}`
      return new ClientError(errorOf(cause.code).name, why, { topic, partition, cause })
    }
  }
}
