/** What compaction tells of itself: Kafka's cleaner metrics, by names of our own. */
import type { MetricRegistry } from './registry.ts'

/** As they stand when asked. */
export interface CompactionFigures {
  readonly passes: number
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly recordsRead: number
  readonly recordsKept: number
  readonly lastRecopyRatio: number
  readonly lastMapUtilization: number
  readonly lastSeconds: number
  readonly maxDirtyRatio: number
  readonly maxDelayMillis: number
  readonly uncleanableLogs: number
  readonly uncleanableBytes: number
  /** Since the Unix epoch; undefined before the first look. */
  readonly lookedAt: number | undefined
}

export function declareCompaction(registry: MetricRegistry, figures: () => CompactionFigures): void {
  registry.counter('stele_compaction_passes_total', 'Compactions of a log that were done.', () => figures().passes)
  registry.counter('stele_compaction_bytes_total', 'Bytes of logs that compaction read, and that it kept.', () => [
    [{ kind: 'read' }, figures().bytesRead],
    [{ kind: 'kept' }, figures().bytesWritten],
  ])
  registry.counter('stele_compaction_records_total', 'Records that compaction read, and that it kept.', () => [
    [{ kind: 'read' }, figures().recordsRead],
    [{ kind: 'kept' }, figures().recordsKept],
  ])
  registry.gauge('stele_compaction_recopy_ratio', 'Bytes kept per byte read, in the last compaction.', () => figures().lastRecopyRatio)
  registry.gauge(
    'stele_compaction_map_utilization_ratio',
    'How full the map of keys was, in the last compaction.',
    () => figures().lastMapUtilization,
  )
  registry.gauge('stele_compaction_seconds', 'How long the last compaction took.', () => figures().lastSeconds)
  registry.gauge(
    'stele_compaction_max_dirty_ratio',
    'The share of the dirtiest log that is not compacted yet.',
    () => figures().maxDirtyRatio,
  )
  registry.gauge(
    'stele_compaction_max_delay_seconds',
    'By how much the compaction of a log is later than max.compaction.lag.ms allows.',
    () => figures().maxDelayMillis / 1000,
  )
  registry.gauge(
    'stele_compaction_uncleanable_partitions',
    'Partitions that are not compacted because it failed.',
    () => figures().uncleanableLogs,
  )
  registry.gauge('stele_compaction_uncleanable_bytes', 'Bytes in them that are not compacted.', () => figures().uncleanableBytes)
  registry.gauge(
    'stele_compaction_looked_timestamp_seconds',
    'When it was last looked for logs to compact, since the Unix epoch.',
    () => (figures().lookedAt ?? 0) / 1000,
  )
}
