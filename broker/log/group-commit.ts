/**
 * Group commit: one round of syncs at a time for a whole directory. Who comes while one is on its way goes with the next,
 * so that many writers share what the device takes anyway.
 * A round of few logs syncs their files; one of many goes through the commit journal, as far as that has room.
 * Owns: who waits, and the round. Never: writes, or retries a sync that failed: its log is offline, and its waiters are told.
 * Invariant: a callback without error means that everything below its offset was written before a sync began that succeeded.
 */
import type { Clock } from '../platform/clock.ts'
import type { DiskError } from '../platform/disk.ts'
import type { CommitJournal, JournalPart } from './commit-journal.ts'
import type { Offset } from './offset.ts'

/** A log, as far as its syncing goes. */
export interface Syncable {
  readonly writtenEnd: Offset
  readonly durableEnd: Offset
  readonly offline: DiskError | undefined
  /** Puts what is written on the device; never throws: a failure takes the log offline. */
  sync(): Promise<void>
  /** What the journal must repeat to make all that is written durable; undefined where only a sync will do. */
  unsecured(): Unsecured | undefined
  /** The disk failed where the log's bytes should have gone. */
  diskFailed(error: unknown): void
}

/** Bytes that are in a log's file, and perhaps nowhere else. One of the two must be called. */
export interface Unsecured extends JournalPart {
  /** The journal was written: the chunks are wanted no more. */
  release(): void
  /** The journal is on the device. */
  secured(): void
}

/** A log with more than this to secure is synced by itself: the journal writes everything twice. */
const journaledBytesMax = 256 * 1024

interface Waiter {
  readonly upTo: Offset
  readonly callback: (error?: DiskError) => void
}

export class GroupCommit {
  readonly #clock: Clock
  readonly #onRound: (seconds: number) => void
  readonly #journal: CommitJournal | undefined
  readonly #journaledMin: number
  readonly #waiting = new Map<Syncable, Waiter[]>()
  #running: Promise<void> | undefined

  /** @param journaledMin rounds of at least so many logs go through the journal, if there is one. */
  constructor(clock: Clock, onRound: (seconds: number) => void, journal?: CommitJournal, journaledMin = 20) {
    this.#clock = clock
    this.#onRound = onRound
    this.#journal = journal
    this.#journaledMin = journaledMin
  }

  /** The round on its way, if any. */
  get running(): Promise<void> | undefined {
    return this.#running
  }

  get hasWaiters(): boolean {
    return this.#waiting.size > 0
  }

  /** Calls back when everything below `upTo` is on the device, at once if it is; the round begins with `start`. */
  wait(log: Syncable, upTo: Offset, callback: (error?: DiskError) => void): void {
    if (log.offline) return callback(log.offline)
    if (log.durableEnd >= upTo) return callback()
    const waiters = this.#waiting.get(log)
    if (waiters) waiters.push({ upTo, callback })
    else this.#waiting.set(log, [{ upTo, callback }])
  }

  /** Begins a round unless one is on its way. */
  start(): void {
    if (this.#running || this.#ready().length === 0) return
    this.#running = this.#round()
  }

  async #round(): Promise<void> {
    for (let logs = this.#ready(); logs.length > 0; logs = this.#ready()) {
      const began = this.#clock.monotonic()
      await Promise.all(this.#secure(logs))
      this.#onRound((this.#clock.monotonic() - began) / 1000)
    }
    this.#running = undefined
  }

  #secure(logs: readonly Syncable[]): Promise<void>[] {
    const work: Promise<void>[] = []
    const bySync = new Set(logs)
    if (this.#journal && logs.length >= this.#journaledMin) {
      const journaled = this.#throughJournal(this.#journal, logs)
      if (journaled) {
        for (const log of journaled.logs) bySync.delete(log)
        work.push(journaled.done)
      }
    }
    for (const log of bySync) work.push(log.sync().then(() => this.#settle(log)))
    return work
  }

  #throughJournal(journal: CommitJournal, logs: readonly Syncable[]): { logs: Syncable[]; done: Promise<void> } | undefined {
    const taken: Syncable[] = []
    const parts: Unsecured[] = []
    for (const log of logs) {
      const part = log.unsecured()
      if (part && part.size <= journaledBytesMax) {
        taken.push(log)
        parts.push(part)
      } else part?.release()
    }
    const written = parts.length >= this.#journaledMin ? journal.commit(parts) : undefined
    for (const part of parts) part.release()
    if (!written) return undefined
    const done = written.then(
      () => parts.forEach((part) => part.secured()),
      (error: unknown) => taken.forEach((log) => log.diskFailed(error)),
    )
    return { logs: taken, done: done.then(() => taken.forEach((log) => this.#settle(log))) }
  }

  /** Logs that a sync brings on. What somebody waits for and is not written yet is written at the turn's end, and that begins a round. */
  #ready(): Syncable[] {
    const ready: Syncable[] = []
    for (const [log, waiters] of this.#waiting) if (waiters.some(({ upTo }) => upTo <= log.writtenEnd)) ready.push(log)
    return ready
  }

  /** Answers those whom the log's last sync covers, or its failure. */
  #settle(log: Syncable): void {
    const waiters = this.#waiting.get(log)
    if (!waiters) return
    const { offline, durableEnd } = log
    const later = offline ? [] : waiters.filter(({ upTo }) => upTo > durableEnd)
    if (later.length > 0) this.#waiting.set(log, later)
    else this.#waiting.delete(log)
    for (const { upTo, callback } of waiters) {
      if (offline) callback(offline)
      else if (upTo <= durableEnd) callback()
    }
  }

  /** The log is offline or gone: whoever waits for it is told. */
  failed(log: Syncable, error: DiskError): void {
    const waiters = this.#waiting.get(log)
    this.#waiting.delete(log)
    for (const { callback } of waiters ?? []) callback(error)
  }
}
