/**
 * Group commit: one round of syncs at a time for a whole directory. Who comes while one is on its way goes with the next,
 * so that many writers share what the device takes anyway.
 * A round of few logs syncs their files; one of many goes through the commit journal, as far as that has room.
 * Owns: who waits, and the round. Never: writes, or retries a sync that failed: its log is offline, and its waiters are told.
 * Invariant: a callback without error means that everything below its offset was written before a sync began that succeeded.
 */
import type { Clock } from '../platform/clock.ts'
import type { DiskError } from '../platform/disk.ts'
import { CommitPacing } from './commit-pacing.ts'
import type { CommitJournal } from './commit-journal.ts'
import type { JournalPart } from './journal-rounds.ts'
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

/** Who waits for one log. It stays when nobody does: what comes and goes with each round makes garbage that only a full collection finds. */
interface Queue {
  readonly log: Syncable
  waiters: Waiter[]
  isListed: boolean
}

export class GroupCommit {
  readonly #clock: Clock
  readonly #onRound: (seconds: number) => void
  readonly #journal: CommitJournal | undefined
  readonly #journaledMin: number
  readonly #pacing: CommitPacing
  readonly #queues = new Map<Syncable, Queue>()
  /** Those with somebody in them, and perhaps some more. */
  #listed: Queue[] = []
  #waiting = 0
  /** By the round on its way. */
  #answered = 0
  #running: Promise<void> | undefined

  /** @param journaledMin rounds of at least so many logs go through the journal, if there is one. */
  constructor(clock: Clock, onRound: (seconds: number) => void, journal?: CommitJournal, journaledMin = 20) {
    this.#clock = clock
    this.#onRound = onRound
    this.#journal = journal
    this.#journaledMin = journaledMin
    this.#pacing = new CommitPacing(clock)
  }

  /** The round on its way, if any. */
  get running(): Promise<void> | undefined {
    return this.#running
  }

  get hasWaiters(): boolean {
    return this.#waiting > 0
  }

  /** Calls back when everything below `upTo` is on the device, at once if it is; the round begins with `start`. */
  wait(log: Syncable, upTo: Offset, callback: (error?: DiskError) => void): void {
    if (log.offline) return callback(log.offline)
    if (log.durableEnd >= upTo) return callback()
    let queue = this.#queues.get(log)
    if (!queue) this.#queues.set(log, (queue = { log, waiters: [], isListed: false }))
    queue.waiters.push({ upTo, callback })
    this.#waiting++
    if (queue.isListed) return
    queue.isListed = true
    this.#listed.push(queue)
  }

  /** Begins a round unless one is on its way. */
  start(): void {
    if (this.#running || this.#ready().length === 0) return
    this.#running = this.#round()
  }

  async #round(): Promise<void> {
    while (this.hasWaiters) {
      await this.#pacing.gather(() => this.#waiting)
      const logs = this.#ready()
      if (logs.length === 0) break
      const began = this.#clock.monotonic()
      this.#answered = 0
      await Promise.all(this.#secure(logs))
      this.#pacing.roundEnded(this.#answered, this.#waiting)
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
    let listed = 0
    for (const queue of this.#listed) {
      const { log, waiters } = queue
      queue.isListed = waiters.length > 0
      if (!queue.isListed) continue
      this.#listed[listed++] = queue
      if (waiters.some(({ upTo }) => upTo <= log.writtenEnd)) ready.push(log)
    }
    this.#listed.length = listed
    return ready
  }

  /** Answers those whom the log's last sync covers, or its failure. */
  #settle(log: Syncable): void {
    const queue = this.#queues.get(log)
    if (!queue) return
    const { waiters } = queue
    const { offline, durableEnd } = log
    queue.waiters = offline ? [] : waiters.filter(({ upTo }) => upTo > durableEnd)
    const answered = waiters.length - queue.waiters.length
    this.#answered += answered
    this.#waiting -= answered
    for (const { upTo, callback } of waiters) {
      if (offline) callback(offline)
      else if (upTo <= durableEnd) callback()
    }
  }

  /** The log is offline or gone: whoever waits for it is told. */
  failed(log: Syncable, error: DiskError): void {
    const queue = this.#queues.get(log)
    if (!queue) return
    const { waiters } = queue
    queue.waiters = []
    this.#waiting -= waiters.length
    this.#queues.delete(log)
    for (const { callback } of waiters) callback(error)
  }
}
