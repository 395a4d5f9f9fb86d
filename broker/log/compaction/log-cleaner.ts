/**
 * Keeps the compacted logs of a directory clean: looks which is dirtiest, has a worker compact it, puts what came of it in place, and
 * notes down how far each log is compacted (`cleaner-offset-checkpoint`, Kafka's file).
 * Owns: the passes at work, at most one a log and `log.cleaner.threads` in all. Never: reads or writes a segment itself.
 * Invariants: what is noted was put on the device before, so that after a crash at most too little is taken as compacted. A log has its
 * entry before the first of its segments is replaced: recovery then expects gaps in it, whatever the topic's policy has become.
 */
import type { Logger } from '../../metrics/logger.ts'
import type { Clock, Millis, Timer } from '../../platform/clock.ts'
import { DiskError } from '../../platform/disk.ts'
import type { Random } from '../../platform/random.ts'
import type { Work, Workers } from '../../platform/workers.ts'
import { type Checkpoint, type PartitionKey, partitionKey } from '../checkpoint.ts'
import type { Offset } from '../offset.ts'
import type { Segment } from '../segment.ts'
import type { CleanerSettings } from './cleaner-settings.ts'
import { CleanerStatistics } from './cleaner-statistics.ts'
import type { Compactable, CompactedLog } from './compacted-log.ts'
import type { CleanedGroup, CompactionInput } from './compaction.ts'
import { type Dirt, measureDirt } from './dirt.ts'
import { offsetMapEntryBytes } from './offset-map.ts'
import { compactionTask, type CompactionOutcome } from './task.ts'

export interface LogCleanerOptions {
  readonly workers: Workers
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly checkpoint: Checkpoint
  /** As they stand now. */
  settings(): CleanerSettings
  logs(): Iterable<Cleanable>
}

export interface Cleanable extends Compactable {
  readonly compacted: CompactedLog
}

interface Pass {
  work: Work<CompactionOutcome> | undefined
  isAborted: boolean
  /** It got somewhere: more may be due at once. */
  mayLookAgain: boolean
  /** Settles when nothing of it is under way any more; never rejects. */
  ended: Promise<void>
}

const secretBytes = 16
/** A log whose compaction the disk refused is let be for so long. */
const restAfterFailureMillis = 300_000
/** A map with room for so many keys is made at the least: fewer are not worth counting. */
const mapEntriesMin = 1024

export class LogCleaner {
  readonly statistics = new CleanerStatistics()
  readonly #options: LogCleanerOptions
  readonly #passes = new Map<Cleanable, Pass>()
  /** Until when a log is let be, because its compaction failed. */
  readonly #resting = new WeakMap<Cleanable, Millis>()
  #compactedTo: Map<PartitionKey, Offset>
  #timer: Timer | undefined
  /** Notes are written one after another. */
  #noting: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: LogCleanerOptions) {
    this.#options = options
    this.#compactedTo = new Map(options.checkpoint.entries)
    this.#rest()
  }

  /** Compaction was at work in this log, now or in an earlier life. */
  wasAtWork({ topic, partition }: Pick<Compactable, 'topic' | 'partition'>): boolean {
    return this.#compactedTo.has(partitionKey(topic, partition))
  }

  #rest(): void {
    if (this.#isStopped) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(this.#options.settings().backoffMillis, () => {
      this.#look()
      this.#rest()
    })
  }

  /** Sets to work on the dirtiest logs, as many as there are threads for. */
  #look(): void {
    const { settings, clock } = this.#options
    if (this.#isStopped) return
    this.statistics.looked(clock.now())
    const { enabled, threads } = settings()
    if (!enabled || this.#passes.size >= threads) return
    const due = this.#measure(clock.now())
    while (this.#passes.size < threads) {
      const next = due.pop()
      if (!next) return
      this.#begin(next.log, next.dirt)
    }
  }

  /** Those that are due, the dirtiest last. */
  #measure(now: Millis): { log: Cleanable; dirt: Dirt }[] {
    const due: { log: Cleanable; dirt: Dirt }[] = []
    const { statistics } = this
    statistics.beginMeasure()
    for (const log of this.#options.logs()) {
      if (!log.config.compact || log.offline || this.#passes.has(log)) continue
      try {
        const dirt = measureDirt(log.compacted.view(), this.#compactedTo.get(partitionKey(log.topic, log.partition)), now)
        if ((this.#resting.get(log) ?? 0) > now) {
          statistics.measuredUncleanable(dirt)
          continue
        }
        statistics.measured(dirt)
        if (dirt.isDue) due.push({ log, dirt })
      } catch (error) {
        log.diskFailed(error)
      }
    }
    return due.sort((a, b) => a.dirt.ratio - b.dirt.ratio)
  }

  #begin(log: Cleanable, dirt: Dirt): void {
    const pass: Pass = { work: undefined, isAborted: false, mayLookAgain: false, ended: Promise.resolve() }
    this.#passes.set(log, pass)
    pass.ended = this.#run(log, dirt, pass).finally(() => {
      this.#passes.delete(log)
      if (pass.mayLookAgain) this.#look()
    })
  }

  async #run(log: Cleanable, dirt: Dirt, pass: Pass): Promise<void> {
    const { topic, partition } = log
    const { logger, clock } = this.#options
    const began = clock.monotonic()
    try {
      await this.#note(log, dirt.firstDirtyOffset)
      await log.compacted.settleNames()
      if (pass.isAborted || log.offline) return
      const outcome = await this.#compact(log, dirt, pass)
      if (!outcome || log.offline) return
      if (outcome.fault !== undefined) {
        this.#resting.set(log, Number.POSITIVE_INFINITY)
        logger.error({ topic, partition, fault: outcome.fault }, 'A log cannot be compacted: it is damaged')
        return
      }
      await this.#note(log, outcome.endOffset)
      const seconds = (clock.monotonic() - began) / 1000
      this.statistics.passed(outcome, seconds)
      pass.mayLookAgain = true
      const { endOffset, bytesRead, bytesWritten, recordsRead, recordsKept, keyless } = outcome
      logger.info(
        { topic, partition, endOffset, bytesRead, bytesWritten, recordsRead, recordsKept, keyless, seconds },
        'A log was compacted',
      )
    } catch (error) {
      if (pass.isAborted || log.offline) return
      if (error instanceof DiskError && error.code === 'ENOENT') {
        logger.info({ topic, partition }, 'Segments went while they were compacted')
        return
      }
      this.#resting.set(log, clock.now() + restAfterFailureMillis)
      logger.error({ err: error, topic, partition }, 'A log could not be compacted: tried again later')
    }
  }

  /** Undefined where it was cancelled, or some of what was written did not belong there any more. */
  async #compact(log: Cleanable, dirt: Dirt, pass: Pass): Promise<CompactionOutcome | undefined> {
    const { workers, logger } = this.#options
    let replaced: Promise<boolean> = Promise.resolve(true)
    const replace = async (group: CleanedGroup, before: Promise<boolean>): Promise<boolean> =>
      (await before) && !pass.isAborted && (await log.compacted.replace(group, dirt.segments))
    try {
      pass.work = workers.start(compactionTask, this.#input(log, dirt), (group) => {
        replaced = replace(group, replaced)
      })
      const outcome = await pass.work.done
      const isWhole = await replaced
      if (!isWhole && !pass.isAborted) logger.info({ topic: log.topic, partition: log.partition }, 'A log changed while it was compacted')
      return isWhole ? outcome : undefined
    } finally {
      await replaced
      this.#removeCleaned(log)
    }
  }

  #removeCleaned(log: Cleanable): void {
    try {
      log.compacted.removeCleaned()
    } catch (error) {
      // Recovery removes them.
      if (!(error instanceof DiskError)) throw error
    }
  }

  #input(log: Cleanable, dirt: Dirt): CompactionInput {
    const { settings, clock, random } = this.#options
    const { threads, dedupeBytes, dedupeLoadFactor, ioBytes, bytesPerSecond } = settings()
    const offsets = (dirt.segments.at(-1) as Segment).endOffset - dirt.firstDirtyOffset
    const wantedBytes = Math.ceil(Math.max(mapEntriesMin, offsets) / dedupeLoadFactor + 2) * 1.01 * offsetMapEntryBytes
    return {
      ...log.compacted.input(dirt),
      now: clock.now(),
      mapBytes: Math.min(Math.ceil(wantedBytes), Math.floor(dedupeBytes / threads)),
      mapLoadFactor: dedupeLoadFactor,
      secret: random.bytes(secretBytes),
      ioBytes: Math.floor(ioBytes / threads),
      bytesPerSecond: bytesPerSecond / threads,
    }
  }

  /** The log is compacted up to `offset`: on the device when this resolves. */
  async #note({ topic, partition }: Cleanable, offset: Offset): Promise<void> {
    const key = partitionKey(topic, partition)
    if (this.#compactedTo.get(key) === offset) return
    this.#compactedTo.set(key, offset)
    await this.#write()
  }

  #write(): Promise<void> {
    const written = this.#noting.then(() => this.#options.checkpoint.writeLater(new Map(this.#compactedTo)))
    this.#noting = written.catch(() => undefined)
    return written
  }

  /** What was compacted beyond the log's end is no more. */
  wasCut(log: Cleanable): void {
    this.abort(log)
    const { topic, partition, endOffset } = log
    const key = partitionKey(topic, partition)
    if ((this.#compactedTo.get(key) ?? 0) <= endOffset) return
    this.#compactedTo.set(key, endOffset)
    this.#options.checkpoint.writeNow(new Map(this.#compactedTo))
  }

  /** Nothing noted of a log of this name counts for the next one. */
  forget({ topic, partition }: Pick<Compactable, 'topic' | 'partition'>): void {
    if (this.#compactedTo.delete(partitionKey(topic, partition))) this.#options.checkpoint.writeNow(new Map(this.#compactedTo))
  }

  /** The log is deleted. */
  gone(log: Cleanable): void {
    this.abort(log)
    if (!this.#compactedTo.delete(partitionKey(log.topic, log.partition))) return
    this.#write().catch((error: unknown) => this.#options.logger.warn({ err: error }, 'How far logs are compacted could not be noted'))
  }

  /** What is being written of the log is thrown away. */
  abort(log: Cleanable): void {
    const pass = this.#passes.get(log)
    if (!pass) return
    pass.isAborted = true
    pass.work?.cancel()
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    const ending = [...this.#passes.values()].map(({ ended }) => ended)
    for (const log of [...this.#passes.keys()]) this.abort(log)
    await Promise.all(ending)
    await this.#noting
  }
}
