/**
 * One partition's log: appended at the end, read anywhere, deleted from the front.
 */
import type { DiskError } from '../platform/disk.ts'
import type { LogConfig } from './log-config.ts'
import type { Offset } from './offset.ts'

export interface AppendOptions {
  /** Stamped into batches from a client; those from a leader carry their own. */
  readonly leaderEpoch: number
  readonly now: number
  /** The buffer is the log's for good, and is kept by reference; else its bytes are copied before append returns. */
  readonly retain: boolean
  /** client: offsets are assigned, all is checked. leader: offsets and epochs stand as they are. coordinator: a client inside this broker, which may write control batches. */
  readonly origin: 'client' | 'leader' | 'coordinator'
}

export interface Appended {
  readonly firstOffset: Offset
  readonly lastOffset: Offset
  /** -1 unless the topic's timestamps are LogAppendTime. */
  readonly logAppendTime: number
  readonly logStartOffset: Offset
  /** It was there already, from an earlier attempt of its producer. */
  readonly duplicate: boolean
}

export interface Refused {
  /** Kafka's error code. */
  readonly error: number
  readonly message: string
  readonly recordErrors?: { batchIndex: number; batchIndexErrorMessage: string | null }[]
}

export interface ReadOptions {
  readonly maxBytes: number
  /** No batch that reaches this offset is read: the high watermark or the last stable offset. */
  readonly upTo: Offset
  /** The first batch is read even if it is larger than maxBytes. */
  readonly atLeastOneBatch: boolean
}

/** Whole batches as they are stored; the first one may begin before the offset asked for. */
export interface Slice {
  readonly chunks: Buffer[]
  readonly bytes: number
  /** After the last batch; the offset asked for where there is none. */
  readonly nextOffset: Offset
  /** OFFSET_OUT_OF_RANGE, CORRUPT_MESSAGE, KAFKA_STORAGE_ERROR. */
  readonly error?: number
  /** Gives the buffers back, once nothing refers to the chunks any more. */
  readonly release?: () => void
}

export interface TimestampOffset {
  readonly timestamp: number
  readonly offset: Offset
  readonly leaderEpoch: number
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: Offset
}

/** As DescribeProducers tells it. */
export interface ActiveProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestamp: number
  readonly coordinatorEpoch: number
  /** -1: no transaction is open. */
  readonly currentTransactionStartOffset: Offset
}

export declare class PartitionLog {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  get config(): LogConfig
  configure(config: LogConfig): void

  /** The first offset that may be read. */
  get startOffset(): Offset
  /** The offset that the next record gets. */
  get endOffset(): Offset
  /** Everything below is in the page cache. */
  get writtenEnd(): Offset
  /** Everything below is on the device. */
  get durableEnd(): Offset
  get highWatermark(): Offset
  set highWatermark(offset: Offset)
  get lastStableOffset(): Offset
  /** Why nothing can be read or written, once the disk has failed. */
  get offline(): DiskError | undefined
  get sizeBytes(): number
  get latestEpoch(): number

  append(records: Buffer, options: AppendOptions): Appended | Refused
  read(from: Offset, options: ReadOptions): Slice | Promise<Slice>
  /** Calls back once everything below `upTo` is on the device, or with why it never will be. */
  durable(upTo: Offset, callback: (error?: DiskError) => void): void

  abortedTransactions(from: Offset, upTo: Offset): AbortedTransaction[]
  offsetForTimestamp(timestamp: number): Promise<TimestampOffset | undefined>
  maxTimestampOffset(): Promise<TimestampOffset | undefined>
  segmentStarts(): { offset: Offset; lastModified: number }[]
  assignEpoch(epoch: number): void
  /** The epoch of the batch at this offset, -1 if unknown. */
  epochAt(offset: Offset): number
  epochEndOffset(epoch: number): { epoch: number; endOffset: Offset }
  activeProducers(): ActiveProducer[]

  deleteRecordsBefore(offset: Offset): void
  truncateTo(offset: Offset): void
  truncateFullyAndStartAt(offset: Offset): void
  applyRetention(now: number): number
  describe(): { topic: string; partition: number; sizeBytes: number; offsetLag: number }
  /** Recovers an offline log from disk. Throws the DiskError that stands in the way. */
  reopen(): void
}
