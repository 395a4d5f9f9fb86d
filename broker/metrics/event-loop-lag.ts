/**
 * How late the event loop comes to what is due: a timer is set, and the time it comes too late is what everything else had to wait too.
 * Owns: its timer.
 */
import type { Clock, Millis, Timer } from '../platform/clock.ts'

const everyMillis: Millis = 200

export class EventLoopLag {
  readonly #clock: Clock
  readonly #observe: (seconds: number) => void
  #timer: Timer | undefined

  constructor(clock: Clock, observe: (seconds: number) => void) {
    this.#clock = clock
    this.#observe = observe
  }

  start(): void {
    const due = this.#clock.monotonic() + everyMillis
    this.#timer = this.#clock.after(everyMillis, () => {
      this.#observe(Math.max(0, this.#clock.monotonic() - due) / 1000)
      this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
