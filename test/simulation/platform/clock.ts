/**
 * A machine's clock, and its processes' timers. Monotonic time is the world's; wall time drifts from it and jumps.
 */
import type { Clock, Millis } from '../../../broker/platform/clock.ts'
import type { SimulatedProcess } from './process.ts'

/** 2024-01-01T00:00:00Z: far enough from zero to look like a time. */
const epochMillis: Millis = 1_704_067_200_000

/** What a machine's wall clock shows; it outlives the processes that look at it. */
export class WallClock {
  /** How much faster than true time it runs: 0.0001 is 100 ppm. */
  readonly drift: number
  #offset: Millis = epochMillis

  constructor(drift: number) {
    this.drift = drift
  }

  at(micros: number): Millis {
    return Math.floor(this.#offset + (micros / 1000) * (1 + this.drift))
  }

  /** Somebody set the clock. */
  jump(by: Millis): void {
    this.#offset += by
  }
}

export class SimulatedClock implements Clock {
  readonly #process: SimulatedProcess
  readonly #wall: WallClock

  constructor(process: SimulatedProcess, wall: WallClock) {
    this.#process = process
    this.#wall = wall
  }

  now(): Millis {
    return this.#wall.at(this.#process.now)
  }

  monotonic(): Millis {
    return this.#process.now / 1000
  }

  after(delay: Millis, wake: () => void): { cancel(): void } {
    const micros = Number.isFinite(delay) ? Math.max(delay, 0) * 1000 : 0
    return this.#process.deliver(this.#process.now + Math.ceil(micros), 'timer', wake)
  }

  endOfTurn(run: () => void): void {
    this.#process.deliver(this.#process.now, 'end of turn', run, 1)
  }
}
