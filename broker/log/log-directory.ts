/**
 * One data directory: its lock, its identity, its checkpoints, and the logs in it.
 */
import type { Logger } from '../metrics/logger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk, DiskError } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import type { LogConfig } from './log-config.ts'
import type { PartitionLog } from './partition-log.ts'

export type { LogConfig } from './log-config.ts'

/** How the directory keeps its logs; what topics don't decide. All have defaults. */
export interface LogDirectorySettings {
  /** Newest batches kept in memory, all partitions together. */
  readonly tailCacheBytes: number
  /** log.flush.offset.checkpoint.interval.ms */
  readonly recoveryPointCheckpointMillis: number
  /** log.flush.start.offset.checkpoint.interval.ms */
  readonly startOffsetCheckpointMillis: number
  /** replica.high.watermark.checkpoint.interval.ms */
  readonly highWatermarkCheckpointMillis: number
  /** log.retention.check.interval.ms */
  readonly retentionCheckMillis: number
  /** log.flush.scheduler.interval.ms: how often flush.ms is looked at. */
  readonly flushCheckMillis: number
  /** producer.id.expiration.ms */
  readonly producerIdExpirationMillis: number
}

export interface LogDirectoryOptions {
  readonly platform: { readonly disk: Disk; readonly clock: Clock; readonly random: Random }
  readonly path: string
  readonly nodeId: number
  /** For a new directory; one that is there keeps its own. Made up if absent. */
  readonly clusterId?: string
  readonly settings?: Partial<LogDirectorySettings>
  readonly logger: Logger
  /** What `log` had gathered is in the page cache. */
  onWritten(log: PartitionLog): void
  onOffline(log: PartitionLog, error: DiskError): void
}

export interface LogIdentity {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
}

/** The directory cannot be used as it is: locked, another node's, or of another format. Nothing in it was touched. */
export class DirectoryRefused extends Error {
  readonly path: string
  constructor(path: string, reason: string, cause?: unknown) {
    super(`${path}: ${reason}`, { cause })
    this.name = 'DirectoryRefused'
    this.path = path
  }
}

export declare class LogDirectory {
  static open(options: LogDirectoryOptions): LogDirectory
  readonly path: string
  readonly clusterId: string
  readonly directoryId: string
  /** The last stop was a clean one. */
  readonly wasClean: boolean
  readonly logs: ReadonlySet<PartitionLog>
  /** Partition folders found at start, as their partition.metadata names them; to be opened, or left as strays. */
  folders(): LogIdentity[]
  /** Opens or creates. A log whose files the disk fails to give is returned offline. */
  openLog(options: LogIdentity & { readonly config: LogConfig }): PartitionLog
  deleteLog(log: PartitionLog): void
  /** Calls back when everything appended so far is written, or its log offline; in order. */
  afterWrite(callback: () => void): void
  /** A clean stop: everything on the device, the marker last. */
  close(): Promise<void>
}
