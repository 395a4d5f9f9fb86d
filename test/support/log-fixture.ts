/** A data directory in memory with logs in it, which a test may kill, damage and open again. */
import { type CleanerSettings, defaultCleanerSettings } from '../../broker/log/compaction/cleaner-settings.ts'
import { LogDirectory, type LogConfig, type LogDirectorySettings } from '../../broker/log/log-directory.ts'
import type { PartitionLog, Slice } from '../../broker/log/partition-log.ts'
import type { Logger } from '../../broker/metrics/logger.ts'
import type { Clock } from '../../broker/platform/clock.ts'
import type { Disk } from '../../broker/platform/disk.ts'
import { RecordBatch } from '../../client/records/batch.ts'
import { testBatch, type TestBatch, testTime } from './batches.ts'
import { defaultLogConfig } from './log-config.ts'
import { MemoryDisk } from './memory-disk.ts'
import { steppedWorkers } from '../simulation/platform/stepped-workers.ts'

export const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ'
export const folder = '/data/t-0'

/** Time that a test moves. */
export class TestClock implements Clock {
  time = testTime
  readonly #timers = new Set<{ at: number; wake: () => void }>()

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  after(delay: number, wake: () => void): { cancel(): void } {
    const timer = { at: this.time + delay, wake }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  endOfTurn(run: () => void): void {
    setImmediate(run)
  }

  async pass(millis: number): Promise<void> {
    this.time += millis
    for (const timer of [...this.#timers]) {
      if (timer.at > this.time || !this.#timers.delete(timer)) continue
      timer.wake()
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Record<string, unknown>
}

/** Keeps the lines. */
export function keepingLogger(lines: Line[]): Logger {
  const at = (level: Line['level']) => (fields: object, message: string) => void lines.push({ level, message, fields: { ...fields } })
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => logger }
  return logger
}

export interface FixtureOptions {
  readonly disk?: Disk
  readonly clock?: TestClock
  readonly config?: Partial<LogConfig>
  readonly settings?: Partial<LogDirectorySettings>
  readonly cleaner?: Partial<CleanerSettings>
  readonly path?: string
}

export class LogFixture {
  readonly disk: Disk
  readonly clock: TestClock
  readonly lines: Line[] = []
  readonly offline: PartitionLog[] = []
  readonly directory: LogDirectory
  readonly config: LogConfig

  constructor({ disk = new MemoryDisk(), clock = new TestClock(), config, settings, cleaner, path = '/data' }: FixtureOptions = {}) {
    this.disk = disk
    this.clock = clock
    this.config = { ...defaultLogConfig, retentionMillis: -1, ...config }
    let byte = 0
    this.directory = LogDirectory.open({
      platform: {
        disk,
        clock,
        workers: steppedWorkers(disk, clock),
        random: { bytes: (count) => Buffer.alloc(count, ++byte), fraction: () => 0.5 },
      },
      path,
      nodeId: 1,
      ...(settings ? { settings } : {}),
      cleaner: () => ({ ...defaultCleanerSettings, ...cleaner }),
      logger: keepingLogger(this.lines),
      onWritten(log) {
        log.highWatermark = log.writtenEnd
      },
      onOffline: (log) => void this.offline.push(log),
    })
  }

  /** Opens the log as the one replica that leads it: all that is written is committed. */
  open(partition = 0, config: Partial<LogConfig> = {}): PartitionLog {
    const log = this.directory.openLog({ topic: 't', partition, topicId, config: { ...this.config, ...config } })
    log.highWatermark = log.writtenEnd
    return log
  }

  /** All that was appended is in the files. */
  written(): Promise<void> {
    return new Promise((resolve) => this.directory.afterWrite(resolve))
  }

  durable(log: PartitionLog): Promise<void> {
    return new Promise((resolve, reject) => log.durable(log.endOffset, (error) => (error ? reject(error) : resolve())))
  }

  /** The lines of this level, as text. */
  said(level: Line['level']): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message)
  }
}

/** Appends one batch and returns the answer's first offset, or its error. */
export function append(
  log: PartitionLog,
  batch: TestBatch | Buffer = {},
  origin: 'client' | 'coordinator' = 'client',
  retain = false,
): number | string {
  const bytes = Buffer.isBuffer(batch) ? Buffer.from(batch) : testBatch(batch)
  const result = log.append(bytes, { leaderEpoch: Math.max(0, log.latestEpoch), now: testTime, retain, origin })
  return 'error' in result ? `error ${result.error}` : result.firstOffset
}

/** Everything that can be read from `from` on, as the base offsets of the batches; throws at an error. */
export async function readAll(log: PartitionLog, from = log.startOffset, maxBytes = 10_000): Promise<number[]> {
  const found: number[] = []
  for (let at = from; at < log.highWatermark; ) {
    const slice = await log.read(at, { maxBytes, upTo: log.highWatermark, atLeastOneBatch: true })
    if (slice.error !== undefined) throw new Error(`read at ${at}: error ${slice.error}`)
    if (slice.bytes === 0) throw new Error(`nothing to read at ${at}`)
    found.push(...baseOffsets(slice))
    at = slice.nextOffset
    slice.release?.()
  }
  return found
}

/** Also that every batch is whole and valid. */
export function baseOffsets(slice: Slice): number[] {
  const bytes = Buffer.concat(slice.chunks)
  const found: number[] = []
  const batch = new RecordBatch(bytes)
  for (let at = 0; at < bytes.length; at += batch.bytes) {
    batch.moveTo(bytes, at).ensureValid()
    found.push(batch.baseOffset)
  }
  return found
}
