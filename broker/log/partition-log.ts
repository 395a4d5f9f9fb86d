/**
 * One partition's log: appended at the end, read anywhere, deleted from the front.
 * Owns: its segments and all that follows from their batches. Never: decides who leads or what is committed (replication does),
 * waits for the disk inside an append, or retries what the disk refused.
 * Invariants: startOffset <= highWatermark <= writtenEnd <= endOffset; durableEnd <= writtenEnd.
 * An append (log-growth.ts) is in memory at once, in the page cache when the turn ends, and on the device when a sync has covered it.
 */
import assert from 'node:assert/strict'
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DiskError } from '../platform/disk.ts'
import { type Appended, type AppendOptions, type Refused, refused } from './append-check.ts'
import { OldFormat } from './batch-scan.ts'
import { CompactedLog } from './compaction/compacted-log.ts'
import type { Unsecured } from './group-commit.ts'
import type { LogConfig } from './log-config.ts'
import { LogDurability } from './log-durability.ts'
import { LogGrowth } from './log-growth.ts'
import type { LogOptions, Noted } from './log-options.ts'
import type { LogEnvironment } from './log-environment.ts'
import { emptySlice, failedSlice, LogReader, type ReadOptions, type Slice } from './log-reader.ts'
import type { Offset } from './offset.ts'
import { rebuildProducers, writeClosingSnapshot } from './producer-recovery.ts'
import type { ProducerState } from './producer-state.ts'
import { recoverLog, truncateSegment } from './recovery.ts'
import { countDeletable, discardSegments, retireSegments } from './retention.ts'
import { Segment, type SegmentContext } from './segment.ts'
import { loadIndexes, repairIndexes } from './segment-indexes.ts'
import { Segments } from './segments.ts'
import { LogWriter } from './log-writer.ts'
import type { LogTail } from './tail-cache.ts'
import { findMaxTimestamp, findTimestamp, type TimestampOffset } from './time-lookup.ts'
import type { AbortedTransaction } from './transaction-index.ts'

export type { Slice } from './log-reader.ts'

export class PartitionLog {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly compacted: CompactedLog
  readonly #environment: LogEnvironment<PartitionLog>
  readonly #context: SegmentContext
  readonly #reader: LogReader
  readonly #writer: LogWriter
  readonly #growth: LogGrowth<PartitionLog>
  #folder: string
  #config: LogConfig
  readonly #segments = new Segments()
  readonly #tail: LogTail
  #startOffset: Offset = 0
  #writtenEnd: Offset = 0
  #highWatermark: Offset = 0
  #offline: DiskError | undefined
  readonly #durability: LogDurability
  #isClosed = false

  constructor(options: LogOptions<PartitionLog>) {
    const { environment, folder, topic, partition, topicId, config, noted, isNew } = options
    this.topic = topic
    this.partition = partition
    this.topicId = topicId
    this.#environment = environment
    this.#folder = folder
    this.#config = config
    this.#durability = new LogDurability(environment, this.#segments, noted.clean && !isNew)
    this.#tail = environment.tailCache.openTail()
    this.#context = {
      disk: environment.disk,
      openFiles: environment.openFiles,
      loadIndexes: (segment) => loadIndexes(environment.disk, segment, this.#config.indexIntervalBytes),
      repairIndexes: (segment) => repairIndexes(segment, this.#config.indexIntervalBytes, environment.logger),
    }
    this.#reader = new LogReader({ segments: this.#segments, tail: this.#tail, environment, readFailed: (error) => this.diskFailed(error) })
    this.#writer = new LogWriter(this, this.#tail, environment)
    const parts = { environment, segments: this.#segments, context: this.#context, tail: this.#tail, writer: this.#writer }
    this.#growth = new LogGrowth(this, parts, !isNew)
    this.compacted = new CompactedLog(this, {
      segments: this.#segments,
      context: this.#context,
      reader: this.#reader,
      removal: environment.removal,
      producers: () => this.#growth.producers,
      leaveJournal: () => this.#leaveJournal(),
    })
    if (!isNew) this.#recover(noted)
  }

  #recover({ clean, recoveryPoint, startOffset, highWatermark }: Noted): void {
    // If its files can't be read, it is an empty log that begins there: what was noted of its start is noted again, not forgotten.
    this.#startOffset = this.#growth.endOffset = this.#writtenEnd = this.#highWatermark = startOffset
    this.#durability.endsAt(startOffset)
    try {
      const mayHaveGaps = this.#config.compact || this.#environment.wasCompacted(this)
      const { indexIntervalBytes } = this.#config
      const recovered = recoverLog({ ...this.#place, clean, recoveryPoint, startOffset, indexIntervalBytes, mayHaveGaps })
      this.#segments.replaceAll(recovered.segments)
      this.#growth.epochs = recovered.epochs
      this.#growth.producers = recovered.producers
      this.#startOffset = recovered.startOffset
      this.#growth.endOffset = this.#writtenEnd = Math.max(recovered.endOffset, recovered.startOffset)
      this.#durability.endsAt(Math.min(recovered.durableEnd, this.#growth.endOffset))
      this.#highWatermark = Math.min(Math.max(highWatermark, this.#startOffset), this.#growth.endOffset)
      this.#growth.producers.committed(this.#highWatermark)
    } catch (error) {
      this.diskFailed(error instanceof OldFormat ? new DiskError('EFORMAT', 'open', this.#folder, error) : error)
    }
  }

  get #place() {
    const { logger, removal } = this.#environment
    return { context: this.#context, logger, removal, folder: this.#folder }
  }

  get config(): LogConfig {
    return this.#config
  }

  configure(config: LogConfig): void {
    this.#config = config
    this.#growth.configure(config)
  }

  get folder(): string {
    return this.#folder
  }

  /** The first offset that may be read. */
  get startOffset(): Offset {
    return this.#startOffset
  }

  /** The offset that the next record gets. */
  get endOffset(): Offset {
    return this.#growth.endOffset
  }

  /** Everything below is in the page cache. */
  get writtenEnd(): Offset {
    return this.#writtenEnd
  }

  /** Everything below is on the device. */
  get durableEnd(): Offset {
    return this.#durability.durableEnd
  }

  /** Everything below is committed: replication says so. */
  get highWatermark(): Offset {
    return this.#highWatermark
  }

  set highWatermark(offset: Offset) {
    assert(offset <= this.#writtenEnd, 'nothing is committed that is not written')
    this.#highWatermark = offset
    this.#growth.producers.committed(offset)
  }

  /** Readers of committed transactions get no further. */
  get lastStableOffset(): Offset {
    const undecided = this.#growth.producers.firstUndecided
    return undecided === undefined ? this.#highWatermark : Math.min(undecided, this.#highWatermark)
  }

  /** Why nothing can be read or written, once the disk has failed. */
  get offline(): DiskError | undefined {
    return this.#offline
  }

  get sizeBytes(): number {
    return this.#segments.bytes
  }

  get latestEpoch(): number {
    return this.#growth.epochs.latest
  }

  /** The offset from which a start after a crash would have to check. */
  get recoveryPoint(): Offset {
    return this.#durability.syncedEnd
  }

  /** Whom it knows, and what they have open. */
  get producers(): Pick<ProducerState, 'describe' | 'get' | 'hasTransaction' | 'markersOf' | 'awaitFirst' | 'mayBeFirst'> {
    return this.#growth.producers
  }

  expireProducers(before: number): void {
    this.#growth.producers.expire(before)
  }

  append(records: Buffer, options: AppendOptions): Appended | Refused {
    if (this.#offline) return refused(ErrorCode.KAFKA_STORAGE_ERROR, this.#offline.message)
    assert(!this.#isClosed, 'a closed log is not appended to')
    return this.#growth.append(records, options)
  }

  /** What was gathered goes to the page cache: done at once, or a promise of it (log-writer.ts). */
  flush(): Promise<void> | undefined {
    return this.#writer.flush()
  }

  /** The same while the disk is suspected of stalling somebody. */
  flushTimed(): Promise<void> | undefined {
    return this.#writer.flushTimed()
  }

  /** What is appended to; undefined where nothing may be written. */
  get writable(): Segment | undefined {
    return this.#offline ? undefined : this.#segments.active
  }

  /** Everything below is in the page cache now. */
  writtenTo(end: Offset): void {
    if (this.#offline || end <= this.#writtenEnd) return
    this.#writtenEnd = end
    if (end - this.durableEnd >= this.#config.flushMessages) this.durable(end, () => {})
  }

  /** The disk failed: nobody knows what is in the files now, so nothing goes in or out until they are read again. */
  diskFailed(error: unknown): void {
    if (!(error instanceof DiskError)) throw error
    if (this.#offline) return
    this.#offline = error
    this.#durability.interrupted()
    this.#tail.clear()
    this.#environment.failed(this, error)
  }

  /** Calls back once everything below `upTo` is on the device, or with why it never will be. At once where that is known. */
  durable(upTo: Offset, callback: (error?: DiskError) => void): void {
    this.#environment.durable(this, upTo, callback)
  }

  /** Whether a sync has something to do. */
  get needsSync(): boolean {
    return !this.#offline && this.#durability.syncedEnd < this.#writtenEnd
  }

  /** Puts everything written until now on the device; a failure takes the log offline. */
  async sync(): Promise<void> {
    if (this.#offline) return
    try {
      await this.#durability.sync(this.#folder, this.#writtenEnd, this.#growth.epochs)
    } catch (error) {
      this.diskFailed(error)
    }
  }

  /** What the commit journal must repeat to make all that is written durable; undefined where only a sync will do. */
  unsecured(): Unsecured | undefined {
    return this.#offline ? undefined : this.#durability.unsecured(this, this.#tail)
  }

  /** Before bytes go: the commit journal must not bring them back, and vouches for none of the others any more. */
  #leaveJournal(): void {
    this.#environment.forgetJournaled(this, () => this.#durability.syncNow())
  }

  read(from: Offset, options: ReadOptions): Slice | Promise<Slice> {
    if (this.#offline) return failedSlice(from, ErrorCode.KAFKA_STORAGE_ERROR)
    if (from < this.#startOffset || from > this.#growth.endOffset) return failedSlice(from, ErrorCode.OFFSET_OUT_OF_RANGE)
    const limit = Math.min(options.upTo, this.#writtenEnd)
    if (from >= limit || options.maxBytes < 0) return emptySlice(from)
    try {
      return this.#reader.read(from, limit, options)
    } catch (error) {
      this.diskFailed(error)
      return failedSlice(from, ErrorCode.KAFKA_STORAGE_ERROR)
    }
  }

  /** Those that a reader of [from, upTo) must leave out. */
  abortedTransactions(from: Offset, upTo: Offset): AbortedTransaction[] {
    return this.#segments.abortedTransactions(from, upTo)
  }

  /** The first record not earlier than `timestamp`. */
  async offsetForTimestamp(timestamp: number): Promise<TimestampOffset | undefined> {
    return this.#attempt(() => findTimestamp(this.#segments.all(), timestamp, this.#startOffset))
  }

  /** The record with the largest timestamp. */
  async maxTimestampOffset(): Promise<TimestampOffset | undefined> {
    return this.#attempt(() => findMaxTimestamp(this.#segments.all()))
  }

  /** For clients from before KIP-79. The time is that of the latest record. */
  segmentStarts(): { offset: Offset; lastModified: number }[] {
    return this.#attempt(() => this.#segments.starts(this.#startOffset)) ?? []
  }

  /** A leader begins its epoch where the log ends. */
  assignEpoch(epoch: number): void {
    this.#growth.epochs.assign(epoch, this.#growth.endOffset)
  }

  /** The epoch of the batch at this offset, -1 if unknown. */
  epochAt(offset: Offset): number {
    return this.#growth.epochs.epochAt(offset)
  }

  /** OffsetForLeaderEpoch: the largest epoch up to `epoch`, and where it ended; -1 and -1 where nothing is known. */
  epochEndOffset(epoch: number): { epoch: number; endOffset: Offset } {
    return this.#growth.epochs.endOffsetOf(epoch, this.#growth.endOffset)
  }

  /** Nothing below `offset` is readable any more; files that hold nothing else go with the next retention. */
  deleteRecordsBefore(offset: Offset): void {
    assert(offset <= this.#highWatermark, 'only what is committed is deleted')
    if (offset <= this.#startOffset) return
    this.#startOffset = offset
    this.#growth.epochs.truncateFromStart(offset)
    this.#attempt(() => {
      this.#environment.noteStartOffsets()
      this.#deleteFirst(countDeletable(this.#retentionView(), { ...this.#config, delete: false }, 0))
    })
  }

  /** Deletes what the topic's settings let go. How many segments went. */
  applyRetention(now: number): number {
    const deleted = this.#attempt(() => {
      this.#writer.writeNow()
      const count = countDeletable(this.#retentionView(), this.#config, now)
      if (count === 0) return 0
      // All of it: the log goes on in a new segment.
      if (count === this.#segments.count && !(this.#growth.roll(this.#growth.endOffset) instanceof Segment)) return 0
      const next = this.#segments.at(count) as Segment
      if (next.baseOffset > this.#startOffset) {
        this.#startOffset = next.baseOffset
        this.#growth.epochs.truncateFromStart(next.baseOffset)
        this.#environment.noteStartOffsets()
      }
      this.#deleteFirst(count)
      return count
    })
    return deleted ?? 0
  }

  #retentionView(): { segments: readonly Segment[]; startOffset: Offset; highWatermark: Offset } {
    return { segments: this.#segments.all(), startOffset: this.#startOffset, highWatermark: this.#highWatermark }
  }

  #deleteFirst(count: number): void {
    if (count === 0) return
    const { removal, logger } = this.#environment
    retireSegments(this.#segments.removeFirst(count), removal, this.#folder, this.#config.fileDeleteDelayMillis)
    const { topic, partition, startOffset } = this
    logger.info({ topic, partition, segments: count, startOffset }, 'Old segments deleted')
  }

  /** Takes back all from `offset` on: a follower's, where the leader's history is another. */
  truncateTo(offset: Offset): void {
    assert(offset >= this.#startOffset, 'a log is not cut below its start')
    if (offset >= this.#growth.endOffset) return
    assert(!this.#writer.isWriting, 'a log is cut only when no write is on its way')
    this.#attempt(() => {
      this.#writer.writeNow()
      this.#leaveJournal()
      const at = this.#segments.floor(offset)
      const kept = this.#segments.at(at) as Segment
      const cutOff = this.#segments.removeFrom(at + 1)
      discardSegments(cutOff, this.#environment.removal, this.#folder)
      if (cutOff.length > 0) this.#context.disk.syncDirectoryNow(this.#folder)
      truncateSegment(kept, offset, this.#config.indexIntervalBytes)
      this.#reloadAfterCut(offset)
    })
  }

  /** What follows from batches that are gone, made anew from those that are left. */
  #reloadAfterCut(offset: Offset): void {
    this.#tail.clear()
    this.#reader.reset()
    this.#growth.epochs.truncateFromEnd(offset)
    this.#growth.endOffset = this.#writtenEnd = this.#segments.active?.endOffset ?? offset
    this.#durability.cutTo(this.#growth.endOffset)
    this.#highWatermark = Math.min(this.#highWatermark, this.#growth.endOffset)
    this.#growth.producers = rebuildProducers(this.#place, this.#segments.all(), this.#growth.endOffset, this.#growth.endOffset)
    this.#growth.producers.committed(this.#highWatermark)
    this.#environment.wasCut(this)
  }

  /** Drops everything, and goes on at `offset`: a follower that lags behind its leader's first offset. */
  truncateFullyAndStartAt(offset: Offset): void {
    this.#attempt(() => {
      this.#leaveJournal()
      discardSegments(this.#segments.removeFrom(0), this.#environment.removal, this.#folder)
      this.#startOffset = offset
      this.#growth.epochs.clear()
      this.#growth.makeFolder()
      this.#reloadAfterCut(offset)
      this.#growth.endOffset = this.#writtenEnd = this.#highWatermark = offset
      this.#durability.endsAt(offset)
      this.#environment.noteStartOffsets()
      this.#growth.roll(offset)
    })
  }

  /** Undefined where the log is offline, or goes so. */
  #attempt<T>(act: () => T): T | undefined {
    if (this.#offline) return undefined
    try {
      return act()
    } catch (error) {
      this.diskFailed(error)
      return undefined
    }
  }

  /** Recovers an offline log from what is on disk. It stays offline, for the new reason, where that fails too. */
  reopen(): void {
    if (!this.#offline || this.#writer.isWriting) return
    const noted = { clean: false, recoveryPoint: this.recoveryPoint, startOffset: this.#startOffset, highWatermark: this.#highWatermark }
    for (const segment of this.#segments.all()) segment.close()
    this.#segments.replaceAll([])
    this.#tail.clear()
    this.#reader.reset()
    this.#durability.interrupted()
    this.#offline = undefined
    this.#growth.hasFolder = this.#context.disk.exists(this.#folder)
    this.#durability.folderIsDurable = false
    if (this.#growth.hasFolder) this.#recover(noted)
    else {
      this.#growth.endOffset = this.#writtenEnd = this.#highWatermark = this.#startOffset
      this.#durability.endsAt(this.#startOffset)
    }
    this.#attempt(() => this.#leaveJournal())
  }

  /** Before a clean stop: the next start looks into no batch for what it says. An epoch without a batch needs no note. */
  async noteEpochs(): Promise<void> {
    const { epochs, endOffset, hasFolder } = this.#growth
    if (this.#offline || !hasFolder || epochs.epochAt(endOffset - 1) !== epochs.latest) return
    try {
      await this.#durability.noteEpochs(this.#folder, epochs)
    } catch (error) {
      this.diskFailed(error)
    }
  }

  /** After all is synced: leaves beside the segments what makes the next start quick. */
  close(): void {
    this.#isClosed = true
    this.#attempt(() => {
      const active = this.#segments.active
      if (active) {
        active.writeIndexes()
        const bases = this.#segments.all().map(({ baseOffset }) => baseOffset)
        writeClosingSnapshot(this.#place, this.#growth.producers, this.#growth.endOffset, bases)
      }
    })
    this.abandon()
  }

  /** Lets go of files, and writes nothing; with a reason it is offline from now on. */
  abandon(reason?: DiskError): void {
    this.#isClosed = true
    this.#offline ??= reason
    this.#durability.interrupted()
    for (const segment of this.#segments.all()) segment.close()
    this.#tail.clear()
  }

  /** The folder has another name: the log is on its way out. */
  moved(folder: string): void {
    this.#folder = folder
    for (const segment of this.#segments.all()) segment.moveTo(folder)
  }

  get hasFolder(): boolean {
    return this.#growth.hasFolder
  }
}
