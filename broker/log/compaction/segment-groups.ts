/**
 * Which segments become one: compaction leaves small ones behind, and joins neighbours as far as they fit into one segment.
 */
import type { Offset } from '../offset.ts'
import { timeIndexEntryBytes } from '../time-index.ts'

export interface SourceSegment {
  readonly baseOffset: Offset
  /** Where the next one begins. */
  readonly endOffset: Offset
  readonly bytes: number
}

export interface GroupBounds {
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
}

const int32Max = 0x7fff_ffff

/** In order, none left out. A group's size, its indexes and its offsets each fit into one segment, if they do in the first one alone. */
export function groupSegments<S extends SourceSegment>(segments: readonly S[], bounds: GroupBounds): S[][] {
  const groups: S[][] = []
  // An entry comes after more bytes than the interval, so so many fit in.
  const indexedBytesMax = Math.floor(bounds.segmentIndexBytes / timeIndexEntryBytes - 1) * Math.max(1, bounds.indexIntervalBytes)
  const bytesMax = Math.min(bounds.segmentBytes, indexedBytesMax)
  let bytes = 0
  for (const segment of segments) {
    const group = groups.at(-1)
    const first = group?.[0]
    if (group && first && bytes + segment.bytes <= bytesMax && segment.endOffset - 1 - first.baseOffset <= int32Max) {
      group.push(segment)
      bytes += segment.bytes
    } else {
      groups.push([segment])
      bytes = segment.bytes
    }
  }
  return groups
}
