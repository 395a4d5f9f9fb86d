/**
 * A segment's indexes from their files, or made anew from its batches where the files are missing or wrong.
 * Never: takes damage of a batch for its index's.
 */
import type { Logger } from '../metrics/logger.ts'
import { type Disk, DiskError } from '../platform/disk.ts'
import { BatchScan } from './batch-scan.ts'
import { isPlaceRight, isTimeRight } from './index-lookup.ts'
import type { Offset } from './offset.ts'
import { rebuildAborted } from './producer-recovery.ts'
import { emptyIndexes, type Segment, type SegmentIndexes } from './segment.ts'
import type { TransactionIndex } from './transaction-index.ts'

/** The indexes of a sealed segment: its files, or if they can't be right, made from its batches. */
export function loadIndexes(disk: Disk, segment: Segment, indexIntervalBytes: number): SegmentIndexes {
  const read = segment.readIndexes()
  if (read && reachesEnd(segment, read)) return read
  return reindexed(segment, rebuildAborted(disk, segment), indexIntervalBytes).indexes
}

/** As far behind a segment's end as its last index entry may lie, but for large batches. */
const unindexedBytesMax = 1024 * 1024

/** A stale index stops early: the batches behind its last entry tell. Its last timestamp counts for the whole segment. */
function reachesEnd(segment: Segment, indexes: SegmentIndexes): boolean {
  const { offsets, times } = indexes
  if (times.count > 0 && isTimeRight(segment, indexes, times.count - 1) === false) return false
  const start = offsets.lastPosition
  return segment.with((file) => {
    const scan = new BatchScan(file, start, segment.writtenBytes, 64 * 1024)
    let batches = 0
    while (scan.next()) {
      if (batches++ === 0 && start > 0 && scan.batch.lastOffset !== offsets.lastOffset) return false
      if (scan.batch.maxTimestamp > times.lastTimestamp) return false
      if (batches > 2 && scan.position - start > unindexedBytesMax) return false
    }
    return scan.damage === undefined
  })
}

export interface Reindexed {
  readonly indexes: SegmentIndexes
  /** Of the last batch that was found. */
  readonly lastOffset: Offset
}

/** Where batches are damaged, what is right of the indexes `before` says where to go on behind them. */
export function reindexed(segment: Segment, aborted: TransactionIndex, indexIntervalBytes: number, before?: SegmentIndexes): Reindexed {
  const indexes = { ...emptyIndexes(segment.baseOffset), aborted }
  const { offsets, times } = indexes
  let bytesSinceEntry = 0
  let maxTimestamp = -1
  let maxTimestampOffset = segment.baseOffset
  let end = segment.baseOffset - 1
  for (let start: number | undefined = 0; start !== undefined; ) {
    const damagedAt = segment.with((file) => {
      const scan = new BatchScan(file, start as number, segment.writtenBytes)
      while (scan.next()) {
        const { bytes, lastOffset, maxTimestamp: timestamp } = scan.batch
        // Damage that no size shows: offsets lie outside the checksum.
        if (lastOffset <= end || lastOffset >= segment.endOffset) continue
        end = lastOffset
        if (timestamp > maxTimestamp) {
          maxTimestamp = timestamp
          maxTimestampOffset = lastOffset
        }
        if (bytesSinceEntry > indexIntervalBytes) {
          offsets.append(lastOffset, scan.position)
          times.append(maxTimestamp, maxTimestampOffset)
          bytesSinceEntry = 0
        }
        bytesSinceEntry += bytes
      }
      return scan.damage === undefined ? undefined : scan.nextPosition
    })
    start = before && damagedAt !== undefined ? nextRightPlace(segment, before, damagedAt) : undefined
    // What follows damage is found by its own entry alone.
    bytesSinceEntry = Number.MAX_SAFE_INTEGER
  }
  times.append(maxTimestamp, maxTimestampOffset)
  return { indexes, lastOffset: end }
}

function nextRightPlace(segment: Segment, before: SegmentIndexes, damagedAt: number): number | undefined {
  const { offsets } = before
  for (let entry = offsets.entryAtOrBefore(damagedAt) + 1; entry < offsets.count; entry++) {
    const position = offsets.positionOf(entry)
    if (position >= segment.writtenBytes) return undefined
    if (isPlaceRight(segment, before, entry)) return position
  }
  return undefined
}

/** Makes the segment's indexes anew if they disagree with its batches. False where they don't: then these are damaged. */
export function repairIndexes(segment: Segment, indexIntervalBytes: number, logger: Logger): boolean {
  const before = segment.indexes
  if (before.isProven) return false
  if (agrees(segment, before)) {
    segment.indexes = { ...before, isProven: true }
    return false
  }
  const { indexes, lastOffset } = reindexed(segment, before.aborted, indexIntervalBytes, before)
  // What is in memory alone was indexed by this process.
  for (const { offset, position } of before.offsets.entries())
    if (position >= segment.writtenBytes) indexes.offsets.append(offset, position)
  for (const { offset, timestamp } of before.times.entries()) if (offset > lastOffset) indexes.times.append(timestamp, offset)
  segment.indexes = indexes
  logger.warn({ path: segment.path }, 'An index did not agree with its segment: made anew')
  if (segment.isSealed) rewriteFiles(segment)
  return true
}

function rewriteFiles(segment: Segment): void {
  segment.maxTimestamp = -1
  try {
    segment.writeIndexes()
  } catch (error) {
    // A torn index file is noticed by who reads it next; the segment itself can be read.
    if (!(error instanceof DiskError)) throw error
  }
}

function agrees(segment: Segment, indexes: SegmentIndexes): boolean {
  const { offsets, times } = indexes
  for (let entry = 0; entry < offsets.count && offsets.positionOf(entry) < segment.writtenBytes; entry++) {
    if (!isPlaceRight(segment, indexes, entry) && !leadsTo(segment, indexes, entry)) return false
  }
  for (let entry = 0; entry < times.count; entry++) if (isTimeRight(segment, indexes, entry) === false) return false
  return true
}

/** Whether the batches before it lead to where the entry points, and the one there is damaged. */
function leadsTo(segment: Segment, { offsets }: SegmentIndexes, entry: number): boolean {
  const position = offsets.positionOf(entry)
  return segment.with((file) => {
    const scan = new BatchScan(file, offsets.positionOf(entry - 1), segment.writtenBytes)
    let before = -1
    while (scan.nextPosition < position && scan.next()) before = scan.batch.lastOffset
    if (scan.nextPosition !== position) return false
    return !scan.next() || scan.batch.baseOffset <= before || scan.batch.lastOffset >= segment.endOffset
  })
}
