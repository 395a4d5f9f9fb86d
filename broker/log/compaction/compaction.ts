/**
 * One pass of compaction over one log: Kafka's, in two walks. The first puts the newest offset of every key of the dirty section into the
 * offset map, as far as that takes them; the second writes all segments anew up to there, without the records that the map knows a later
 * one for, as `.cleaned` files beside them.
 * It is a generator, made to run in a thread of its own: each step does a bounded piece of work and says what came of it.
 * Owns: the `.cleaned` files it writes, whole and on the device when they are reported. Never: touches the segments of the log, whose
 * owner puts the new ones in their place (segment-swap.ts) and may do so while the walk goes on.
 * Memory: the map, one window for reading and one for writing, and the largest batch.
 */
import { RecordsError } from '../../../client/records/records-error.ts'
import { scanRecords } from '../../../client/records/record-scanner.ts'
import type { Millis } from '../../platform/clock.ts'
import type { Disk } from '../../platform/disk.ts'
import type { WorkStep } from '../../platform/workers.ts'
import { BatchScan, type ScanWindow } from '../batch-scan.ts'
import type { Offset } from '../offset.ts'
import { OpenFiles } from '../open-files.ts'
import { Segment, type SegmentContext } from '../segment.ts'
import { offsetFileName } from '../segment-files.ts'
import { type AbortedEntry, TransactionIndex } from '../transaction-index.ts'
import { readWhole } from '../whole-file.ts'
import { BatchFilter, type LastOfProducer } from './batch-filter.ts'
import { CleanedSegment } from './cleaned-segment.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import { CompactionFault } from './compaction-fault.ts'
import { OffsetMap } from './offset-map.ts'
import { type GroupBounds, groupSegments, type SourceSegment } from './segment-groups.ts'

/** Plain data: it goes to another thread. */
export interface CompactionInput extends GroupBounds {
  readonly folder: string
  /** All from the log's first one on that may be compacted, sealed and on the device. */
  readonly segments: readonly SourceSegment[]
  /** What lies below was compacted before. */
  readonly firstDirtyOffset: Offset
  /** Of transactions that began in these segments and were aborted behind them. */
  readonly abortedLater: readonly AbortedEntry[]
  readonly producers: readonly LastOfProducer[]
  /** Since the Unix epoch. */
  readonly now: number
  readonly deleteRetentionMillis: number
  readonly mapBytes: number
  readonly mapLoadFactor: number
  /** 16 bytes that nobody knows. */
  readonly secret: Uint8Array
  /** For reading and writing together. */
  readonly ioBytes: number
  /** Read and written, together, at most. */
  readonly bytesPerSecond: number
}

/** What a group of segments became. */
export interface CleanedGroup {
  /** Their base offsets; the first one is the new segment's. */
  readonly bases: readonly Offset[]
  readonly bytes: number
  readonly maxTimestamp: number
  readonly maxTimestampOffset: Offset
}

export interface CompactionResult {
  /** All below is compacted now. */
  readonly endOffset: Offset
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly recordsRead: number
  readonly recordsKept: number
  readonly keyless: number
  /** The share of the map that was used. */
  readonly mapUtilization: number
}

type CompactionStep = WorkStep<CleanedGroup>

/** Between two steps so much is read at most, or one batch. */
const stepBytes = 1024 * 1024

/** Throws a DiskError, or a CompactionFault where the log is not what it should be. */
export function* compact(
  input: CompactionInput,
  disk: Disk,
  monotonic: () => Millis,
): Generator<CompactionStep, CompactionResult, undefined> {
  try {
    return yield* new Compaction(input, disk, monotonic).run()
  } catch (error) {
    if (error instanceof RecordsError) throw new CompactionFault(`A batch in ${input.folder} is damaged: ${error.message}`, error)
    throw error
  }
}

class Compaction {
  readonly #input: CompactionInput
  readonly #disk: Disk
  readonly #monotonic: () => Millis
  readonly #map: OffsetMap
  readonly #window: ScanWindow
  readonly #context: SegmentContext
  readonly #began: Millis
  #bytesRead = 0
  #bytesWritten = 0
  #bytesPassed = 0

  constructor(input: CompactionInput, disk: Disk, monotonic: () => Millis) {
    this.#input = input
    this.#disk = disk
    this.#monotonic = monotonic
    this.#began = monotonic()
    this.#map = new OffsetMap({ bytes: input.mapBytes, loadFactor: input.mapLoadFactor, secret: input.secret })
    this.#window = { buffer: Buffer.allocUnsafeSlow(Math.max(1024, Math.floor(input.ioBytes / 2))) }
    this.#context = {
      disk,
      openFiles: new OpenFiles(1),
      loadIndexes: () => {
        throw new CompactionFault('A segment that is being written has its indexes in memory')
      },
      repairIndexes: () => false,
    }
  }

  *run(): Generator<CompactionStep, CompactionResult, undefined> {
    const { segments, abortedLater, producers, now, deleteRetentionMillis } = this.#input
    const aborted = [...segments.flatMap((segment) => this.#abortedIn(segment)), ...abortedLater]
    yield* this.#buildMap(aborted)
    const endOffset = this.#map.latestOffset + 1
    const filter = new BatchFilter({
      map: this.#map,
      transactions: new CleanedTransactions(aborted),
      producers,
      roundEnd: (segments.at(-1) as SourceSegment).endOffset,
      now,
      deleteRetentionMillis,
    })
    const covered = segments.filter(({ baseOffset }) => baseOffset < endOffset)
    for (const group of groupSegments(covered, this.#input)) yield* this.#clean(group, filter)
    return {
      endOffset,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      ...filter.counts,
      mapUtilization: this.#map.utilization,
    }
  }

  #abortedIn({ baseOffset }: SourceSegment): readonly AbortedEntry[] {
    const path = `${this.#input.folder}/${offsetFileName(baseOffset, '.txnindex')}`
    const bytes = readWhole(this.#disk, path)
    if (!bytes) return []
    const index = TransactionIndex.parse(bytes, baseOffset)
    if (!index) throw new CompactionFault(`${path} is no transaction index`)
    return index.entries
  }

  *#buildMap(aborted: readonly AbortedEntry[]): Generator<CompactionStep, void, undefined> {
    const { firstDirtyOffset, segments } = this.#input
    const map = this.#map
    map.latestOffset = firstDirtyOffset - 1
    const transactions = new CleanedTransactions(aborted.filter(({ lastOffset }) => lastOffset >= firstDirtyOffset))
    for (const segment of segments) {
      if (segment.endOffset <= firstDirtyOffset) continue
      for (const scan of this.#batches(segment)) {
        if (scan === undefined) {
          yield this.#step()
          continue
        }
        if (!this.#mapBatch(scan, transactions)) return
      }
      // Where the segment ends with offsets that nobody has any more.
      map.latestOffset = segment.endOffset - 1
    }
  }

  /** False where the map takes no more. */
  #mapBatch({ batch }: BatchScan, transactions: CleanedTransactions): boolean {
    const { firstDirtyOffset } = this.#input
    const { baseOffset, lastOffset } = batch
    if (lastOffset < firstDirtyOffset) return true
    const map = this.#map
    batch.ensureValid()
    if (batch.isControl) transactions.metControl(batch)
    else if (!transactions.metData(batch)) {
      const scanner = scanRecords(batch)
      const { buffer } = scanner
      while (scanner.next()) {
        const offset = baseOffset + scanner.offsetDelta
        if (scanner.keyBytes < 0 || offset < firstDirtyOffset) continue
        if (map.isFull) return false
        map.put(buffer, scanner.keyStart, scanner.keyBytes, offset)
      }
    }
    map.latestOffset = lastOffset
    return true
  }

  *#clean(group: readonly SourceSegment[], filter: BatchFilter): Generator<CompactionStep, void, undefined> {
    const { folder, indexIntervalBytes, ioBytes } = this.#input
    const { baseOffset } = group[0] as SourceSegment
    const segment = new Segment(this.#context, folder, baseOffset)
    const cleaned = new CleanedSegment(segment, this.#disk, Math.floor(ioBytes / 2), indexIntervalBytes)
    try {
      for (const source of group) {
        for (const scan of this.#batches(source)) {
          if (scan === undefined) {
            yield this.#step()
            continue
          }
          const kept = filter.filter(scan.batch)
          if (!kept) continue
          this.#count(kept.bytes)
          this.#bytesWritten += kept.bytes
          cleaned.add(kept)
        }
      }
      cleaned.finish(filter.aborted)
      filter.aborted = []
    } finally {
      cleaned.close()
    }
    const { bytes, maxTimestamp, maxTimestampOffset } = segment
    const bases = group.map((source) => source.baseOffset)
    yield { ...this.#step(), report: { bases, bytes, maxTimestamp, maxTimestampOffset } }
  }

  /** The batches of a segment, each whole; undefined by turns, where a step ends. */
  *#batches({ baseOffset, bytes }: SourceSegment): Generator<BatchScan | undefined, void, undefined> {
    const path = `${this.#input.folder}/${offsetFileName(baseOffset, '.log')}`
    const file = this.#disk.open(path, 'read')
    try {
      const window = this.#window
      const scan = new BatchScan(file, 0, bytes, window.buffer.length, window)
      let sinceStep = 0
      while (scan.next()) {
        if (!scan.needBody()) throw new CompactionFault(`${path} ends within a batch, at ${scan.position}`)
        yield scan
        const length = scan.nextPosition - scan.position
        this.#bytesRead += length
        this.#count(length)
        sinceStep += length
        if (sinceStep < stepBytes) continue
        sinceStep = 0
        yield undefined
      }
      if (scan.damage !== undefined) throw new CompactionFault(`${path} is damaged at ${scan.nextPosition}: ${scan.damage}`)
    } finally {
      file.close()
    }
  }

  #count(bytes: number): void {
    this.#bytesPassed += bytes
  }

  #step(): CompactionStep {
    const due = (this.#bytesPassed / this.#input.bytesPerSecond) * 1000
    return { restMillis: Math.max(0, due - (this.#monotonic() - this.#began)) }
  }
}
