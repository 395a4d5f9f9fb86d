/**
 * From a timestamp to an offset: the time index says where to begin, the records themselves where it is.
 */
import type { RecordBatch } from '../../client/records/batch.ts'
import { scanRecords } from '../../client/records/record-scanner.ts'
import { RecordsError } from '../../client/records/records-error.ts'
import { BatchScan } from './batch-scan.ts'
import { offsetBefore, positionFor } from './index-lookup.ts'
import type { Offset } from './offset.ts'
import type { Segment } from './segment.ts'

export interface TimestampOffset {
  readonly timestamp: number
  readonly offset: Offset
  readonly leaderEpoch: number
}

const searchBytes = 64 * 1024

/** The first record at or after `startOffset` that is not earlier than `timestamp`. */
export function findTimestamp(segments: readonly Segment[], timestamp: number, startOffset: Offset): TimestampOffset | undefined {
  for (const segment of segments) {
    if (segment.writtenBytes === 0 || segment.endOffset <= startOffset || segment.largestTimestamp < timestamp) continue
    const found = findIn(segment, timestamp, startOffset)
    if (found) return found
  }
  return undefined
}

function findIn(segment: Segment, timestamp: number, startOffset: Offset): TimestampOffset | undefined {
  const start = positionFor(segment, Math.max(offsetBefore(segment, timestamp), startOffset))
  return segment.with((file) => {
    const scan = new BatchScan(file, start, segment.writtenBytes, searchBytes)
    while (scan.next()) {
      if (scan.batch.maxTimestamp < timestamp || scan.batch.lastOffset < startOffset || !scan.needBody()) continue
      const found = firstRecord(scan.batch, (at, offset) => at >= timestamp && offset >= startOffset)
      if (found) return found
    }
    return undefined
  })
}

/** The first record that has the largest timestamp of all. */
export function findMaxTimestamp(segments: readonly Segment[]): TimestampOffset | undefined {
  let latest: Segment | undefined
  for (const segment of segments) {
    if (segment.writtenBytes > 0 && (!latest || segment.largestTimestamp > latest.largestTimestamp)) latest = segment
  }
  if (!latest || latest.largestTimestamp < 0) return undefined
  return findIn(latest, latest.largestTimestamp, latest.baseOffset)
}

/** Undefined also where the records can't be unpacked: then they have no time either. */
function firstRecord(batch: RecordBatch, isIt: (timestamp: number, offset: Offset) => boolean): TimestampOffset | undefined {
  const { baseOffset, baseTimestamp, maxTimestamp, isLogAppendTime, partitionLeaderEpoch: leaderEpoch } = batch
  try {
    const scanner = scanRecords(batch)
    while (scanner.next()) {
      const timestamp = isLogAppendTime ? maxTimestamp : baseTimestamp + scanner.timestampDelta
      const offset = baseOffset + scanner.offsetDelta
      if (isIt(timestamp, offset)) return { timestamp, offset, leaderEpoch }
    }
  } catch (error) {
    if (!(error instanceof RecordsError)) throw error
  }
  return undefined
}
