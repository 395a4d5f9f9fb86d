/**
 * Group commit: one round of syncs at a time for a whole directory. Who comes while one is on its way goes with the next,
 * so that many writers share what the device takes anyway.
 * Owns: who waits, and the round. Never: writes, or retries a sync that failed: its log is offline, and its waiters are told.
 * Invariant: a callback without error means that everything below its offset was written before a sync began that succeeded.
 */
import type { Clock } from '../platform/clock.ts'
import type { DiskError } from '../platform/disk.ts'
import type { Offset } from './offset.ts'

/** A log, as far as its syncing goes. */
export interface Syncable {
  readonly writtenEnd: Offset
  readonly durableEnd: Offset
  readonly offline: DiskError | undefined
  /** Puts what is written on the device; never throws: a failure takes the log offline. */
  sync(): Promise<void>
}

interface Waiter {
  readonly upTo: Offset
  readonly callback: (error?: DiskError) => void
}

export class GroupCommit {
  readonly #clock: Clock
  readonly #onRound: (seconds: number) => void
  readonly #waiting = new Map<Syncable, Waiter[]>()
  #running: Promise<void> | undefined

  constructor(clock: Clock, onRound: (seconds: number) => void) {
    this.#clock = clock
    this.#onRound = onRound
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
      await Promise.all(logs.map((log) => log.sync().then(() => this.#settle(log))))
      this.#onRound((this.#clock.monotonic() - began) / 1000)
    }
    this.#running = undefined
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
