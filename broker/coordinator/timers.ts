/**
 * The timers of one state machine, by key. To put one off, as every heartbeat does, costs no system timer: the one that is set comes early,
 * sees that it is not time yet, and is set for the rest.
 */
import type { Clock, Millis, Timer } from '../platform/clock.ts'

/** A longer delay is gone in steps of this: Node's timers know no longer one. */
const stepMillisMax: Millis = 2 ** 31 - 1

interface Entry {
  /** Monotonic. */
  deadline: Millis
  expired: () => void
  firesAt: Millis
  timer: Timer
}

export class Timers {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#entries.size
  }

  /** Calls `expired` once, after `delay`. What the key stood for before is forgotten. */
  schedule(key: string, delay: Millis, expired: () => void): void {
    const deadline = this.#clock.monotonic() + Math.max(0, delay)
    const entry = this.#entries.get(key)
    if (entry && entry.firesAt <= deadline) {
      entry.deadline = deadline
      entry.expired = expired
      return
    }
    entry?.timer.cancel()
    this.#arm(key, deadline, expired)
  }

  cancel(key: string): void {
    this.#entries.get(key)?.timer.cancel()
    this.#entries.delete(key)
  }

  clear(): void {
    for (const { timer } of this.#entries.values()) timer.cancel()
    this.#entries.clear()
  }

  #arm(key: string, deadline: Millis, expired: () => void): void {
    const now = this.#clock.monotonic()
    const delay = Math.min(Math.max(0, deadline - now), stepMillisMax)
    this.#entries.set(key, { deadline, expired, firesAt: now + delay, timer: this.#clock.after(delay, () => this.#fire(key)) })
  }

  #fire(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    if (entry.deadline > this.#clock.monotonic()) return this.#arm(key, entry.deadline, entry.expired)
    this.#entries.delete(key)
    entry.expired()
  }
}
