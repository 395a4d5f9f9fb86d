/** What compaction tells of itself: Kafka's cleaner metrics. */
import type { Millis } from '../../platform/clock.ts'
import type { CompactionResult } from './compaction.ts'
import type { Dirt } from './dirt.ts'

export class CleanerStatistics {
  passes = 0
  /** Of the dirty and the clean section, each time they were read and written. */
  bytesRead = 0
  bytesWritten = 0
  recordsRead = 0
  recordsKept = 0
  /** Of the last pass: written per read, the share of the map used, and how long it took. */
  lastRecopyRatio = 0
  lastMapUtilization = 0
  lastSeconds = 0
  /** Of all logs when they were looked at last. */
  maxDirtyRatio = 0
  maxDelayMillis = 0
  uncleanableLogs = 0
  uncleanableBytes = 0
  /** Since the Unix epoch; undefined before the first look. */
  lookedAt: Millis | undefined

  looked(now: Millis): void {
    this.lookedAt = now
  }

  beginMeasure(): void {
    this.maxDirtyRatio = 0
    this.maxDelayMillis = 0
    this.uncleanableLogs = 0
    this.uncleanableBytes = 0
  }

  measured({ ratio, delayMillis }: Dirt): void {
    this.maxDirtyRatio = Math.max(this.maxDirtyRatio, ratio)
    this.maxDelayMillis = Math.max(this.maxDelayMillis, delayMillis)
  }

  measuredUncleanable({ dirtyBytes }: Dirt): void {
    this.uncleanableLogs++
    this.uncleanableBytes += dirtyBytes
  }

  passed({ bytesRead, bytesWritten, recordsRead, recordsKept, mapUtilization }: CompactionResult, seconds: number): void {
    this.passes++
    this.bytesRead += bytesRead
    this.bytesWritten += bytesWritten
    this.recordsRead += recordsRead
    this.recordsKept += recordsKept
    this.lastRecopyRatio = bytesRead === 0 ? 0 : bytesWritten / bytesRead
    this.lastMapUtilization = mapUtilization
    this.lastSeconds = seconds
  }
}
