/**
 * A log as its compaction sees it: what is given to a pass, and how the segments that it wrote take the places of the old ones.
 * Owns: the swap, in Kafka's order, so that either program finishes or undoes the other's: new files are `.cleaned`, then all `.swap`;
 * the old ones are `.deleted`; then the new ones take their names. Between these the names are put on the device, and in memory the
 * segments change at one moment, so that every reader sees the old ones or the new one.
 * Never: replaces segments other than those the pass was given; where one of them went meanwhile, what was written in its place goes too.
 */
import type { Disk } from '../../platform/disk.ts'
import type { FileRemoval } from '../file-removal.ts'
import type { LogConfig } from '../log-config.ts'
import type { LogReader } from '../log-reader.ts'
import type { Offset } from '../offset.ts'
import { snapshotPath } from '../producer-recovery.ts'
import type { ProducerState } from '../producer-state.ts'
import { Segment, type SegmentContext } from '../segment.ts'
import { parseOffsetFileName } from '../segment-files.ts'
import type { Segments } from '../segments.ts'
import type { AbortedEntry } from '../transaction-index.ts'
import type { LastOfProducer } from './batch-filter.ts'
import type { CleanedGroup, CompactionInput } from './compaction.ts'
import type { Dirt, DirtView } from './dirt.ts'

/** The log, as far as compaction goes. */
export interface Compactable {
  readonly topic: string
  readonly partition: number
  readonly folder: string
  readonly config: LogConfig
  readonly startOffset: Offset
  readonly endOffset: Offset
  readonly lastStableOffset: Offset
  readonly recoveryPoint: Offset
  readonly offline: unknown
  /** Everything written is on the device; a failure takes the log offline. */
  sync(): Promise<void>
  diskFailed(error: unknown): void
}

interface Parts {
  readonly segments: Segments
  readonly context: SegmentContext
  readonly reader: LogReader
  readonly removal: FileRemoval
  producers(): ProducerState
  /** The commit journal must not bring back bytes of segments that are gone. */
  leaveJournal(): void
}

/** The part of a pass's input that the log knows. */
export type LogInput = Pick<
  CompactionInput,
  | 'folder'
  | 'segments'
  | 'firstDirtyOffset'
  | 'abortedLater'
  | 'producers'
  | 'deleteRetentionMillis'
  | 'segmentBytes'
  | 'segmentIndexBytes'
  | 'indexIntervalBytes'
>

export class CompactedLog {
  readonly log: Compactable
  readonly #parts: Parts
  readonly #disk: Disk

  constructor(log: Compactable, parts: Parts) {
    this.log = log
    this.#parts = parts
    this.#disk = parts.context.disk
  }

  view(): DirtView {
    const { startOffset, endOffset, lastStableOffset, recoveryPoint, config } = this.log
    return { segments: this.#parts.segments.all(), startOffset, endOffset, lastStableOffset, recoveryPoint, config }
  }

  input({ segments, firstDirtyOffset }: Dirt): LogInput {
    const { folder, config } = this.log
    const { deleteRetentionMillis, segmentBytes, segmentIndexBytes, indexIntervalBytes } = config
    return {
      folder,
      segments: segments.map(({ baseOffset, endOffset, bytes }) => ({ baseOffset, endOffset, bytes })),
      firstDirtyOffset,
      abortedLater: this.#abortedFrom(segments.length, (segments.at(-1) as Segment).endOffset),
      producers: this.#lastOfProducers(),
      deleteRetentionMillis,
      segmentBytes,
      segmentIndexBytes,
      indexIntervalBytes,
    }
  }

  /** Aborted transactions with markers in the segments from number `at` on that began before `upTo`. */
  #abortedFrom(at: number, upTo: Offset): AbortedEntry[] {
    const found: AbortedEntry[] = []
    for (const segment of this.#parts.segments.all().slice(at)) {
      for (const entry of segment.indexes.aborted.entries) {
        if (entry.firstOffset < upTo) found.push(entry)
        if (entry.lastStableOffset >= upTo) return found
      }
    }
    return found
  }

  #lastOfProducers(): LastOfProducer[] {
    return [...this.#parts.producers().entries()].map(({ producerId, lastOffset, epoch }) => ({ producerId, lastOffset, epoch }))
  }

  /**
   * Before a pass writes: all swaps so far are over on the device too, also those that recovery finished, or a process that was killed then.
   * Of one that a power failure brings back, a new `.cleaned` file would say that it had not begun, and what it replaced is gone.
   */
  async settleNames(): Promise<void> {
    try {
      await this.#disk.syncDirectory(this.log.folder)
    } catch (error) {
      if (!this.log.offline) this.log.diskFailed(error)
    }
  }

  /** Puts what a pass wrote in the place of those of `taken` that it was made of. False where it does not belong there any more. */
  async replace({ bases, ...written }: CleanedGroup, taken: readonly Segment[]): Promise<boolean> {
    const { log } = this
    const old = taken.filter(({ baseOffset }) => bases.includes(baseOffset))
    const fresh = this.#freshSegment(old, written)
    try {
      if (!this.#areThere(old)) return this.#discard(fresh)
      if (this.#hasCleanedBefore(fresh.baseOffset)) return this.#discard(fresh)
      this.#rename(fresh, '.swap')
      await this.#disk.syncDirectory(log.folder)
      // A commit journal that repeats some of the old bytes is given up when they are where they belong.
      await log.sync()
      if (!this.#areThere(old)) return this.#discard(fresh)
      this.#parts.leaveJournal()
      this.#change(old, fresh)
      await this.#disk.syncDirectory(log.folder)
      if (this.#areThere([fresh])) this.#rename(fresh, '')
      await this.#disk.syncDirectory(log.folder)
      return true
    } catch (error) {
      // A topic that is deleted takes its folder away under all of this.
      if (!log.offline) log.diskFailed(error)
      return false
    }
  }

  #freshSegment(old: readonly Segment[], { bytes, maxTimestamp, maxTimestampOffset }: Omit<CleanedGroup, 'bases'>): Segment {
    const fresh = new Segment(this.#parts.context, this.log.folder, (old[0] as Segment).baseOffset)
    fresh.fileSuffix = '.cleaned'
    fresh.bytes = fresh.writtenBytes = fresh.durableBytes = bytes
    fresh.nameIsDurable = true
    fresh.isSealed = true
    fresh.endOffset = (old.at(-1) as Segment).endOffset
    fresh.maxTimestamp = maxTimestamp
    fresh.maxTimestampOffset = maxTimestampOffset
    return fresh
  }

  /** These, and no others between them. */
  #areThere(segments: readonly Segment[]): boolean {
    if (this.log.offline) return false
    const all = this.#parts.segments.all()
    const at = all.indexOf(segments[0] as Segment)
    return at >= 0 && segments.every((segment, index) => all[at + index] === segment)
  }

  /** Recovery takes a swap for one that had not begun when `.cleaned` files of its offset or below are there: Kafka's rule. */
  #hasCleanedBefore(baseOffset: Offset): boolean {
    return this.#disk.list(this.log.folder).some(({ name }) => {
      const parsed = parseOffsetFileName(name)
      return parsed?.suffix.endsWith('.cleaned') && parsed.offset < baseOffset
    })
  }

  #rename(segment: Segment, suffix: string): void {
    const before = segment.files
    const suffixBefore = segment.fileSuffix
    segment.fileSuffix = suffix
    const after = segment.files
    segment.fileSuffix = suffixBefore
    for (const [at, path] of before.entries()) if (this.#disk.exists(path)) this.#disk.rename(path, after[at] as string)
    segment.fileSuffix = suffix
  }

  #discard(fresh: Segment): false {
    this.#parts.removal.remove(fresh.files)
    return false
  }

  #change(old: readonly Segment[], fresh: Segment): void {
    const { segments, reader, removal } = this.#parts
    const { folder, config } = this.log
    const snapshots = old.slice(1).map(({ baseOffset }) => snapshotPath(folder, baseOffset))
    const files = [...old.flatMap((segment) => segment.files), ...snapshots]
    removal.retire(files, '.deleted', config.fileDeleteDelayMillis)
    segments.replace(segments.all().indexOf(old[0] as Segment), old.length, fresh)
    for (const segment of old) {
      segment.isReplaced = true
      segment.close()
    }
    reader.forget(old)
  }

  /** What a pass that ended early has left. */
  removeCleaned(): void {
    const { folder } = this.log
    if (!this.#disk.exists(folder)) return
    const names = this.#disk.list(folder).map(({ name }) => name)
    const left = names.filter((name) => /\.cleaned(\.tmp)?$/.test(parseOffsetFileName(name)?.suffix ?? ''))
    this.#parts.removal.remove(left.map((name) => `${folder}/${name}`))
  }
}
