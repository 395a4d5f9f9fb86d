/**
 * When a segment is full: by the batches' bytes and timestamps alone, so that replicas hold the same files.
 */
import { batchHeaderBytes, RecordBatch } from '../../client/records/batch.ts'
import type { LogConfig } from './log-config.ts'
import type { Offset } from './offset.ts'
import type { Segment } from './segment.ts'

const int32Max = 0x7fff_ffff

interface NextBatch {
  readonly bytes: number
  readonly maxTimestamp: number
  readonly lastOffset: Offset
}

/** Whether `next` must begin another segment. */
export function mustRoll(segment: Segment, next: NextBatch, config: LogConfig, log: { topicId: string; partition: number }): boolean {
  if (next.lastOffset - segment.baseOffset > int32Max) return true
  if (segment.bytes === 0) return false
  if (segment.bytes + next.bytes > config.segmentBytes) return true
  const { offsets, times } = segment.indexes
  if (offsets.isFull(config.segmentIndexBytes) || times.isFull(config.segmentIndexBytes)) return true
  const first = firstTimestamp(segment)
  return first >= 0 && next.maxTimestamp - first > segmentMillis(config, log)
}

/**
 * segment.ms less a jitter that the topic's id and the partition decide, the same on all replicas. What is to be compacted within some
 * time must be in a sealed segment by then (KIP-354).
 */
function segmentMillis(config: LogConfig, { topicId, partition }: { topicId: string; partition: number }): number {
  const millis = config.compact ? Math.min(config.segmentMillis, config.maxCompactionLagMillis) : config.segmentMillis
  if (config.segmentJitterMillis === 0) return millis
  let hash = partition
  for (let at = 0; at < topicId.length; at++) hash = (Math.imul(hash, 31) + topicId.charCodeAt(at)) | 0
  return millis - ((hash >>> 0) % Math.min(config.segmentJitterMillis, millis))
}

/** Of a segment with batches: its first one's. -1 if it has none. */
export function firstTimestamp(segment: Segment): number {
  segment.firstTimestamp ??= segment.with((file) => {
    const header = Buffer.alloc(batchHeaderBytes)
    return file.read(header, 0) === header.length ? new RecordBatch(header).maxTimestamp : -1
  })
  return segment.firstTimestamp
}
