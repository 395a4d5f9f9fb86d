/**
 * How one log grows: a batch is checked against its bytes, its producer and the topic's settings, stamped, and is the log's end.
 * Owns: the end offset, and what each batch changes: the segment it goes to, the leader epochs, the producers. Never: writes what it gathers
 * (log-writer.ts), waits for the disk, or retries what the disk refused.
 * Invariants: offsets are assigned once, in order; a batch is in memory whole, with all that follows from it, or not at all.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { RecordBatch } from '../../client/records/batch.ts'
import { validateForLeader } from '../../client/records/validate.ts'
import {
  type Appended,
  type AppendOptions,
  AppendRules,
  checkFromLeader,
  checkProducer,
  checkSegmentBound,
  findDuplicate,
  type Refused,
  refused,
} from './append-check.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { LogWriter } from './log-writer.ts'
import type { Offset } from './offset.ts'
import { writePartitionMetadata } from './partition-files.ts'
import { snapshotPath } from './producer-recovery.ts'
import { encodeSnapshot } from './producer-snapshot.ts'
import { ProducerState } from './producer-state.ts'
import { Segment, type SegmentContext } from './segment.ts'
import { mustRoll } from './segment-roll.ts'
import type { Segments } from './segments.ts'
import type { LogTail } from './tail-cache.ts'
import { writeWhole } from './whole-file.ts'

/** The log that grows. */
export interface GrowingLog {
  readonly topicId: string
  readonly partition: number
  readonly folder: string
  readonly config: LogConfig
  readonly startOffset: Offset
  diskFailed(error: unknown): void
}

interface Parts<Log> {
  readonly environment: LogEnvironment<Log>
  readonly segments: Segments
  readonly context: SegmentContext
  readonly tail: LogTail
  readonly writer: LogWriter
}

export class LogGrowth<Log extends GrowingLog> {
  /** The offset that the next record gets. */
  endOffset: Offset = 0
  epochs = new LeaderEpochs()
  producers = new ProducerState()
  hasFolder: boolean
  readonly #log: Log
  readonly #environment: LogEnvironment<Log>
  readonly #segments: Segments
  readonly #context: SegmentContext
  readonly #tail: LogTail
  readonly #writer: LogWriter
  readonly #batch = new RecordBatch(Buffer.alloc(0))
  #rules: AppendRules

  constructor(log: Log, { environment, segments, context, tail, writer }: Parts<Log>, hasFolder: boolean) {
    this.#log = log
    this.#environment = environment
    this.#segments = segments
    this.#context = context
    this.#tail = tail
    this.#writer = writer
    this.#rules = new AppendRules(log.config)
    this.hasFolder = hasFolder
  }

  configure(config: LogConfig): void {
    this.#rules = new AppendRules(config)
  }

  append(records: Buffer, options: AppendOptions): Appended | Refused {
    return options.origin === 'leader' ? this.#appendFromLeader(records, options) : this.#appendOne(records, options)
  }

  #appendOne(records: Buffer, { leaderEpoch, now, retain, origin, transactionVersion = 0 }: AppendOptions): Appended | Refused {
    const rules = this.#rules
    rules.baseOffset = this.endOffset
    rules.leaderEpoch = leaderEpoch
    rules.now = now
    rules.origin = origin === 'client' ? 'client' : 'coordinator'
    const verdict = validateForLeader(records, rules)
    if ('error' in verdict) return verdict
    const { bytes, isRewritten, firstOffset, lastOffset, logAppendTime } = verdict
    const { startOffset: logStartOffset } = this.#log
    if (bytes.length === 0) return { firstOffset, lastOffset, logAppendTime, logStartOffset, duplicate: false }
    const tooLarge = checkSegmentBound(bytes.length, this.#log.config.segmentBytes)
    if (tooLarge) return tooLarge
    const batch = this.#batch.moveTo(bytes, 0)
    const producerId = batch.producerId
    const entry = producerId >= 0 ? this.producers.get(producerId) : undefined
    if (entry) {
      const duplicate = findDuplicate(batch, entry)
      if (duplicate) return this.#already(duplicate.firstOffset, duplicate.lastOffset, duplicate.timestamp)
      const wrong = checkProducer(batch, entry, { origin, transactionVersion })
      if (wrong) return wrong
    }
    const failure = this.#take(batch, bytes, retain || isRewritten)
    if (failure) return failure
    return { firstOffset, lastOffset, logAppendTime, logStartOffset, duplicate: false }
  }

  #already(firstOffset: Offset, lastOffset: Offset, timestamp: number): Appended {
    const { config, startOffset } = this.#log
    const logAppendTime = config.messageTimestampType === 'LogAppendTime' ? timestamp : -1
    return { firstOffset, lastOffset, logAppendTime, logStartOffset: startOffset, duplicate: true }
  }

  /** Any number of whole batches, which go on where the log ends. */
  #appendFromLeader(records: Buffer, { retain }: AppendOptions): Appended | Refused {
    const wrong = checkFromLeader(records, this.endOffset)
    if (wrong) return wrong
    const firstOffset = this.endOffset
    const batch = this.#batch
    for (let at = 0; at < records.length; ) {
      const { bytes } = batch.moveTo(records, at)
      const failure = this.#take(batch, records.subarray(at, at + bytes), retain)
      if (failure) return failure
      at += bytes
    }
    const { startOffset: logStartOffset } = this.#log
    return { firstOffset, lastOffset: this.endOffset - 1, logAppendTime: -1, logStartOffset, duplicate: false }
  }

  /** The batch, checked and stamped, becomes the log's end. */
  #take(batch: RecordBatch, bytes: Buffer, retain: boolean): Refused | undefined {
    const lastOffset = batch.lastOffset
    const { maxTimestamp } = batch
    const segment = this.#segmentFor(batch, bytes.length, lastOffset, maxTimestamp)
    if (!(segment instanceof Segment)) return segment
    const leaderEpoch = batch.partitionLeaderEpoch
    if (leaderEpoch > this.epochs.latest) this.epochs.assign(leaderEpoch, batch.baseOffset)
    this.#tail.append(segment, segment.bytes, bytes, retain)
    const wasWritten = segment.bytes === segment.writtenBytes
    segment.add(bytes.length, lastOffset, maxTimestamp, this.#log.config.indexIntervalBytes)
    if (batch.producerId >= 0) {
      const aborted = this.producers.update(batch)
      if (aborted) segment.indexes.aborted.append(aborted)
    }
    this.endOffset = lastOffset + 1
    if (wasWritten || this.#writer.isWriting) this.#environment.gathered(this.#log)
    if (this.#writer.isFull) this.#environment.gatheredMuch()
    return undefined
  }

  /** Where the batch goes: to the active segment, or to a new one. */
  #segmentFor({ baseOffset }: RecordBatch, bytes: number, lastOffset: Offset, maxTimestamp: number): Segment | Refused {
    const segment = this.#segments.active
    try {
      if (segment && !mustRoll(segment, { bytes, maxTimestamp, lastOffset }, this.#log.config, this.#log)) return segment
    } catch (error) {
      this.#log.diskFailed(error)
      return refused(ErrorCode.KAFKA_STORAGE_ERROR, 'The segment cannot be read')
    }
    return this.roll(baseOffset)
  }

  /** A new segment, which begins at `baseOffset`; what was gathered for the old one is written first. */
  roll(baseOffset: Offset): Segment | Refused {
    const { folder } = this.#log
    const { disk } = this.#context
    try {
      const old = this.#segments.active
      if (old) {
        old.write(this.#tail)
        old.seal()
        writeWhole(disk, snapshotPath(folder, baseOffset), encodeSnapshot(this.producers))
        this.#environment.durable(this.#log, baseOffset, () => {})
      }
      this.makeFolder()
      const segment = new Segment(this.#context, folder, baseOffset)
      segment.with(() => undefined)
      this.#segments.add(segment)
      return segment
    } catch (error) {
      this.#log.diskFailed(error)
      return refused(ErrorCode.KAFKA_STORAGE_ERROR, (error as Error).message)
    }
  }

  makeFolder(): void {
    if (this.hasFolder) return
    const { folder, topicId } = this.#log
    this.#environment.firstFile(this.#log)
    this.#context.disk.makeDirectory(folder)
    writePartitionMetadata(this.#context.disk, folder, topicId)
    this.hasFolder = true
  }
}
