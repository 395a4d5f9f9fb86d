/**
 * How dirty a log is: which of its segments may be compacted, and how much of that was not compacted yet (KIP-58, KIP-354).
 * Pure but for what segments look up of themselves. Never: decides when.
 */
import type { LogConfig } from '../log-config.ts'
import type { Offset } from '../offset.ts'
import type { Segment } from '../segment.ts'
import { firstTimestamp } from '../segment-roll.ts'

export interface DirtView {
  /** Oldest first, the active one last. */
  readonly segments: readonly Segment[]
  readonly startOffset: Offset
  readonly endOffset: Offset
  readonly lastStableOffset: Offset
  /** Everything below is on the device, in the segments themselves. */
  readonly recoveryPoint: Offset
  readonly config: Pick<LogConfig, 'minCompactionLagMillis' | 'maxCompactionLagMillis' | 'minCleanableDirtyRatio'>
}

export interface Dirt {
  readonly firstDirtyOffset: Offset
  /** From the log's first one on: all that may be compacted. */
  readonly segments: readonly Segment[]
  readonly dirtyBytes: number
  /** Of the bytes in these segments, the share that was not compacted yet. */
  readonly ratio: number
  /** For how long something in it should have been compacted by now; 0: nothing is overdue. */
  readonly delayMillis: number
  /** There is enough of it, or it waited long enough. */
  readonly isDue: boolean
}

/** @param compactedTo up to where it was compacted, as far as is known. What that says of another history counts for nothing. */
export function measureDirt(view: DirtView, compactedTo: Offset | undefined, now: number): Dirt {
  const { startOffset, endOffset, config } = view
  const isKnown = compactedTo !== undefined && compactedTo >= startOffset && compactedTo <= endOffset
  const firstDirtyOffset = isKnown ? compactedTo : startOffset
  const sealed = view.segments.slice(0, -1)
  const dirty = sealed.filter((segment) => segment.endOffset > firstDirtyOffset)
  const segments = sealed.slice(0, countCompactable(view, sealed, dirty, now))
  let bytes = 0
  let dirtyBytes = 0
  for (const segment of segments) {
    bytes += segment.bytes
    if (segment.endOffset > firstDirtyOffset) dirtyBytes += segment.bytes
  }
  const ratio = bytes === 0 ? 0 : dirtyBytes / bytes
  const delayMillis = overdueMillis(dirty, now - config.maxCompactionLagMillis)
  const isDue = dirtyBytes > 0 && (delayMillis > 0 || ratio > config.minCleanableDirtyRatio)
  return { firstDirtyOffset, segments, dirtyBytes, ratio, delayMillis, isDue }
}

/** Nothing that is undecided, not on the device yet, or too young. */
function countCompactable(view: DirtView, sealed: readonly Segment[], dirty: readonly Segment[], now: number): number {
  const { lastStableOffset, recoveryPoint, config } = view
  const { minCompactionLagMillis } = config
  let end = Math.min(lastStableOffset, recoveryPoint)
  if (minCompactionLagMillis > 0) {
    const young = dirty.find(({ largestTimestamp }) => largestTimestamp > now - minCompactionLagMillis)
    if (young) end = Math.min(end, young.baseOffset)
  }
  const beyond = sealed.findIndex(({ endOffset }) => endOffset > end)
  return beyond < 0 ? sealed.length : beyond
}

function overdueMillis(dirty: readonly Segment[], until: number): number {
  let earliest = Number.POSITIVE_INFINITY
  for (const segment of dirty) {
    const timestamp = segment.isEmpty ? 0 : firstTimestamp(segment)
    if (timestamp > 0) earliest = Math.min(earliest, timestamp)
  }
  return earliest < until ? until - earliest : 0
}
