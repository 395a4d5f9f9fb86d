/**
 * What all logs of a directory share, handed to each.
 */
import type { Logger } from '../metrics/logger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk, DiskError } from '../platform/disk.ts'
import type { FileRemoval } from './file-removal.ts'
import type { Offset } from './offset.ts'
import type { OpenFiles } from './open-files.ts'
import type { ReadBuffers } from './read-buffers.ts'
import type { TailCache } from './tail-cache.ts'

export interface LogEnvironment<Log> {
  readonly disk: Disk
  readonly clock: Clock
  readonly logger: Logger
  readonly removal: FileRemoval
  readonly tailCache: TailCache
  readonly openFiles: OpenFiles
  readonly readBuffers: ReadBuffers
  /** A log that gathered so much in one turn has it written off the event loop. */
  readonly writeLaterBytesMin: number
  /** Compaction was at work in the log, now or in an earlier life: there are offsets that nobody has. */
  wasCompacted(log: Log): boolean
  /** The log has something to write at the end of this turn. */
  gathered(log: Log): void
  /** A log has so much to write that it begins now, while the turn goes on. */
  gatheredMuch(): void
  /** The disk failed it; nothing is retried. */
  failed(log: Log, error: DiskError): void
  /** Calls back once everything below `upTo` is on the device, or with why it never will be. */
  durable(log: Log, upTo: Offset, callback: (error?: DiskError) => void): void
  /** The log is about to make its first files: what was noted of an earlier one of its name must be forgotten. */
  firstFile(log: Log): void
  /** Puts the names of the partitions' folders on the device; logs that ask at once share it. */
  syncRoot(): Promise<void>
  /** The commit journal must not bring back what it has of the log; before it forgets, `syncNow` puts the log's files on the device. */
  forgetJournaled(log: Log, syncNow: () => void): void
  /** Notes the start offsets of all logs down, on the device, before files go. */
  noteStartOffsets(): void
  /** Batches were taken back: recovery points are noted down before others take their place, and nobody goes on with what there was. */
  wasCut(log: Log): void
}
