/**
 * What a directory does as time goes by: notes offsets down, lets old segments go, forgets producers, syncs what has waited.
 * Owns: its timers. Never: does any of it itself (the logs do), or runs two rounds of one thing at once.
 */
import type { Logger } from '../metrics/logger.ts'
import type { Clock, Millis, Timer } from '../platform/clock.ts'
import type { LogDirectorySettings } from './log-directory.ts'
import type { Offset } from './offset.ts'
import type { PartitionLog } from './partition-log.ts'

export interface Household {
  readonly logs: ReadonlySet<PartitionLog>
  syncSoon(log: PartitionLog): void
  noteRecoveryPoints(): Promise<void>
  noteStartOffsets(): Promise<void>
  noteHighWatermarks(): Promise<void>
}

export class Housekeeping {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #household: Household
  readonly #timers = new Set<Timer>()
  /** Where each log ended when recovery points were last noted: one that stood still since is synced. */
  readonly #endBefore = new WeakMap<PartitionLog, Offset>()
  readonly #unsyncedSince = new WeakMap<PartitionLog, Millis>()
  #isStopped = false

  constructor(clock: Clock, logger: Logger, settings: LogDirectorySettings, household: Household) {
    this.#clock = clock
    this.#logger = logger
    this.#household = household
    this.#every(settings.recoveryPointCheckpointMillis, () => {
      this.#syncQuiet()
      return household.noteRecoveryPoints()
    })
    this.#every(settings.startOffsetCheckpointMillis, () => household.noteStartOffsets())
    this.#every(settings.highWatermarkCheckpointMillis, () => household.noteHighWatermarks())
    this.#every(settings.flushCheckMillis, () => this.#syncOverdue())
    this.#every(settings.retentionCheckMillis, () => {
      const now = clock.now()
      for (const log of household.logs) {
        log.applyRetention(now)
        log.expireProducers(now - settings.producerIdExpirationMillis)
      }
    })
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }

  #every(interval: Millis, act: () => Promise<void> | void): void {
    if (this.#isStopped) return
    const timer = this.#clock.after(interval, () => {
      this.#timers.delete(timer)
      void this.#run(act).then(() => this.#every(interval, act))
    })
    this.#timers.add(timer)
  }

  async #run(act: () => Promise<void> | void): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#logger.error({ err: error }, 'The data directory could not be kept in order')
    }
  }

  /** A crash then has nothing to check of logs that nobody writes to. */
  #syncQuiet(): void {
    const { logs, syncSoon } = this.#household
    for (const log of logs) {
      const isQuiet = this.#endBefore.get(log) === log.writtenEnd
      this.#endBefore.set(log, log.writtenEnd)
      if (isQuiet && log.needsSync) syncSoon(log)
    }
  }

  /** flush.ms and flush.messages, as each topic has them. */
  #syncOverdue(): void {
    const now = this.#clock.now()
    const { logs, syncSoon } = this.#household
    for (const log of logs) {
      if (!log.needsSync) {
        this.#unsyncedSince.delete(log)
        continue
      }
      const since = this.#unsyncedSince.get(log) ?? now
      this.#unsyncedSince.set(log, since)
      if (now - since >= log.config.flushMillis) syncSoon(log)
    }
  }
}
