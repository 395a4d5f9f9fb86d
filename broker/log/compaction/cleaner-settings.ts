/** How compaction is done over all logs of a directory: the broker's log.cleaner settings that no topic overrides. */
import type { Millis } from '../../platform/clock.ts'

export interface CleanerSettings {
  readonly enabled: boolean
  /** Logs at a time. */
  readonly threads: number
  /** Memory for the maps of all threads together. */
  readonly dedupeBytes: number
  readonly dedupeLoadFactor: number
  /** Memory for reading and writing, of all threads together. */
  readonly ioBytes: number
  /** Read and written by all threads together. */
  readonly bytesPerSecond: number
  /** How long to rest where there is nothing to do. */
  readonly backoffMillis: Millis
}

export const defaultCleanerSettings: CleanerSettings = {
  enabled: true,
  threads: 1,
  dedupeBytes: 128 * 1024 * 1024,
  dedupeLoadFactor: 0.9,
  ioBytes: 512 * 1024,
  bytesPerSecond: Number.MAX_VALUE,
  backoffMillis: 15_000,
}
