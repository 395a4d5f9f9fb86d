/**
 * Time that stands still while this process does: on a machine that is busy with something else, what takes long in the clock's time has
 * had as many turns of the event loop as on an idle one. So limits can be short, and still mean what they say.
 * Owns: its timers, and one of Node's while there are any.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { nodeClientPlatform } from '../../../client/platform/node.ts'
import type { ClientPlatform } from '../../../client/index.ts'

const tickMs = 3
/** However long the loop stood still. */
const tickMsMax = 2 * tickMs

interface Timer {
  readonly dueAt: number
  readonly wake: () => void
}

class SteadyClock {
  readonly #timers = new Set<Timer>()
  #ticking: NodeJS.Timeout | undefined
  #now = Date.now()
  #lastTick = 0
  #isWaking = false

  now(): number {
    return Math.floor(this.#now)
  }

  after(delayMs: number, wake: () => void): () => void {
    const timer = { dueAt: this.#now + delayMs, wake }
    this.#timers.add(timer)
    if (!this.#ticking) {
      this.#lastTick = performance.now()
      this.#ticking = setInterval(() => void this.#tick(), tickMs)
    }
    return () => this.#timers.delete(timer)
  }

  async #tick(): Promise<void> {
    const now = performance.now()
    this.#now += Math.min(now - this.#lastTick, tickMsMax)
    this.#lastTick = now
    if (this.#isWaking) return
    this.#isWaking = true
    const due = [...this.#timers].filter(({ dueAt }) => dueAt <= this.#now).sort((a, b) => a.dueAt - b.dueAt)
    for (const timer of due) {
      if (!this.#timers.delete(timer)) continue
      timer.wake()
      // What follows from one, such as that another is not wanted any more, comes before the next: as with Node's own.
      await turn()
    }
    this.#isWaking = false
    if (this.#timers.size > 0) return
    clearInterval(this.#ticking)
    this.#ticking = undefined
  }
}

const clock = new SteadyClock()

/** The real world, but for time. */
export const steadyPlatform: ClientPlatform = {
  ...nodeClientPlatform,
  now: () => clock.now(),
  after: (delayMs, wake) => clock.after(delayMs, wake),
}

/** Lets so much of its time pass. */
export const steadyPause = (millis: number): Promise<void> => new Promise((resolve) => clock.after(millis, resolve))
