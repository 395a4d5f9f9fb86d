/**
 * How many of a log's oldest segments may go: by age, by the log's size, and by its start offset.
 * Counting is pure; the log decides to delete, and its files go through FileRemoval.
 */
import type { FileRemoval } from './file-removal.ts'
import type { LogConfig } from './log-config.ts'
import type { Offset } from './offset.ts'
import { snapshotPath } from './producer-recovery.ts'
import type { Segment } from './segment.ts'

export interface RetentionView {
  /** Oldest first, the active one last. */
  readonly segments: readonly Segment[]
  readonly startOffset: Offset
  readonly highWatermark: Offset
}

/** The first segments that may go. All of them: the active one too, after another was begun. */
export function countDeletable(view: RetentionView, config: LogConfig, now: number): number {
  const behindStart = countWhile(view, (segment) => segment.endOffset <= view.startOffset, false)
  if (!config.delete) return behindStart
  return Math.max(behindStart, countExpired(view, config, now), countOversized(view, config))
}

function countExpired(view: RetentionView, { retentionMillis }: LogConfig, now: number): number {
  if (retentionMillis < 0) return 0
  const before = now - retentionMillis
  // Compaction may have left nothing in a segment: it is in nobody's way, and goes with the next one.
  const isExpired = (segment: Segment) => segment.isEmpty || (segment.largestTimestamp >= 0 && segment.largestTimestamp < before)
  let count = countWhile(view, isExpired, true)
  while (count > 0 && view.segments[count - 1]?.isEmpty) count--
  return count
}

function countOversized(view: RetentionView, { retentionBytes }: LogConfig): number {
  if (retentionBytes < 0) return 0
  let excess = -retentionBytes
  for (const { bytes } of view.segments) excess += bytes
  return countWhile(
    view,
    ({ bytes }) => {
      if (excess < bytes) return false
      excess -= bytes
      return true
    },
    true,
  )
}

/** Never past the high watermark; the active segment only if it holds something. */
function countWhile(view: RetentionView, mayGo: (segment: Segment) => boolean, withActive: boolean): number {
  let count = 0
  for (const segment of view.segments) {
    const isActive = count === view.segments.length - 1
    if (segment.endOffset > view.highWatermark) break
    if (isActive && (!withActive || segment.isEmpty)) break
    if (!mayGo(segment)) break
    count++
  }
  return count
}

/** At once: nobody may read them any more. */
export function discardSegments(segments: readonly Segment[], removal: FileRemoval, folder: string): void {
  for (const segment of segments) {
    segment.close()
    removal.remove([...segment.files, snapshotPath(folder, segment.baseOffset)])
  }
}

/** Under another name at once, gone after `delay`: readers may be in the middle of them. */
export function retireSegments(segments: readonly Segment[], removal: FileRemoval, folder: string, delay: number): void {
  for (const segment of segments) {
    removal.retire([...segment.files, snapshotPath(folder, segment.baseOffset)], '.deleted', delay)
    segment.isReplaced = true
    segment.close()
  }
}
