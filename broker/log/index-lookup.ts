/**
 * Places in a segment, as its indexes say and its batches confirm. An index file carries no checksum and may be wrong anywhere, so each
 * entry out of one is compared with the batch that it names before it is used; where they disagree, the segment repairs its indexes.
 * Never: compares what this process indexed itself.
 */
import { batchHeaderBytes, type RecordBatch } from '../../client/records/batch.ts'
import { BatchScan } from './batch-scan.ts'
import type { Offset } from './offset.ts'
import type { Segment, SegmentIndexes } from './segment.ts'

const searchBytes = 8 * 1024

/** Where to begin looking for `offset`: the start of a batch at or before it. */
export function positionFor(segment: Segment, offset: Offset): number {
  const { indexes } = segment
  const entry = indexes.offsets.entryFor(offset)
  if (mayUse(segment, indexes, entry) || !segment.repairIndexes()) return indexes.offsets.positionOf(entry)
  return positionFor(segment, offset)
}

/** The start of a batch at or before `position`, the nearest known. */
export function boundaryAtOrBefore(segment: Segment, position: number): number {
  const { indexes } = segment
  const entry = indexes.offsets.entryAtOrBefore(position)
  if (mayUse(segment, indexes, entry) || !segment.repairIndexes()) return indexes.offsets.positionOf(entry)
  return boundaryAtOrBefore(segment, position)
}

/** An offset before which nothing is as late as `timestamp`; the segment's base where nothing is known. */
export function offsetBefore(segment: Segment, timestamp: number): Offset {
  const { indexes } = segment
  const entry = indexes.times.entryBefore(timestamp)
  const mayBeUsed = entry < 0 || indexes.isProven || isTimeRight(segment, indexes, entry) !== false
  if (mayBeUsed || !segment.repairIndexes()) return indexes.times.offsetOf(entry)
  return offsetBefore(segment, timestamp)
}

function mayUse(segment: Segment, indexes: SegmentIndexes, entry: number): boolean {
  return entry < 0 || indexes.isProven || isPlaceRight(segment, indexes, entry)
}

/** A batch that the entry can mean starts where it says. */
export function isPlaceRight(segment: Segment, { offsets }: SegmentIndexes, entry: number): boolean {
  return segment.with((file) => {
    const scan = new BatchScan(file, offsets.positionOf(entry), segment.writtenBytes, batchHeaderBytes)
    return scan.next() && isNamed(segment, scan.batch, offsets.offsetOf(entry))
  })
}

/** An entry may name the last offset of some batches that were appended together: older Kafkas write such. */
function isNamed(segment: Segment, batch: RecordBatch, lastOffset: Offset): boolean {
  return batch.baseOffset >= segment.baseOffset && batch.lastOffsetDelta >= 0 && batch.lastOffset <= lastOffset
}

/** The batch that holds the entry's offset is as late as it says. Undefined where it is damaged, or not in the file yet. */
export function isTimeRight(segment: Segment, { offsets, times }: SegmentIndexes, entry: number): boolean | undefined {
  const offset = times.offsetOf(entry)
  return segment.with((file) => {
    const scan = new BatchScan(file, offsets.positionOf(offsets.entryFor(offset)), segment.writtenBytes, searchBytes)
    while (scan.next()) {
      if (scan.batch.lastOffset < offset) continue
      return scan.batch.baseOffset <= offset && scan.batch.maxTimestamp === times.timestampOf(entry)
    }
    return scan.damage === undefined && segment.bytes === segment.writtenBytes ? false : undefined
  })
}
