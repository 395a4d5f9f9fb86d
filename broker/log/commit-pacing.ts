/**
 * When a round of syncs begins. Writers that wait for their answer before they write again come in step with the rounds: those whom a round
 * answered are back a moment after it, too late for one that began at once, so that each round would carry half of them and each of them wait
 * for two. A round that waits that moment carries them all.
 * Owns: how many are to be expected, and whether waiting for them has paid. Never: waits longer than some turns of an idle event loop.
 */
import type { Clock, Millis } from '../platform/clock.ts'

/** Of an idle event loop, together some 150 µs: about what a device takes to flush. */
const turnsMax = 100
/** Whoever was not back by then does something else. */
const freshMillis: Millis = 2
/** Of those expected, for a round to begin before its time: one straggler holds up nobody. */
const enoughShare = 7 / 8
const roundsSkippedMax = 64

export class CommitPacing {
  readonly #clock: Clock
  #expected = 0
  #endedAt: Millis = -Infinity
  /** Where writers don't wait for answers, nobody comes back for them: then rounds begin at once, for longer each time. */
  #misses = 0
  #skipping = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A round is over: so many were answered, so many came while it was on its way. */
  roundEnded(answered: number, waiting: number): void {
    this.#expected = answered + waiting
    this.#endedAt = this.#clock.monotonic()
  }

  /** Settles when a round had better begin. */
  async gather(waiting: () => number): Promise<void> {
    const enough = this.#expected * enoughShare
    if (waiting() >= enough || this.#clock.monotonic() - this.#endedAt > freshMillis) return
    if (this.#skipping > 0) {
      this.#skipping--
      return
    }
    for (let turn = 0; turn < turnsMax; turn++) {
      await new Promise<void>((resolve) => this.#clock.endOfTurn(resolve))
      if (waiting() < enough) continue
      this.#misses = 0
      return
    }
    this.#misses++
    this.#skipping = Math.min(2 ** this.#misses, roundsSkippedMax)
  }
}
