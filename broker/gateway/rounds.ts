/**
 * When readers are served: in rounds, so that what comes meanwhile is sent together.
 * Owns: who is ready, and when the next round is. Never: what a round does for a reader.
 * A round that was short is followed at once; after one that took long the next waits as long again. So a few readers hear of a record in the turn
 * that brought it, while a crowd makes each message larger instead of the event loop slower: what a crowd costs is by message, not by record.
 */
import type { Clock, Millis } from '../platform/clock.ts'

export interface Served {
  /** Sends what there is, one message or a few; true if there may be more. */
  serve(): boolean
}

/** The event loop has others to serve. */
const stretchMillisMax: Millis = 10
const restMillisMin: Millis = 2
const restMillisMax: Millis = 40

export class Rounds {
  readonly #clock: Clock
  #ready = new Set<Served>()
  #round: Served[] = []
  #at = 0
  #roundMillis: Millis = 0
  #isScheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(reader: Served): void {
    this.#ready.add(reader)
    this.#schedule(0)
  }

  #schedule(delay: Millis): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    if (delay === 0) this.#clock.endOfTurn(this.#stretch)
    else this.#clock.after(delay, this.#stretch)
  }

  readonly #stretch = (): void => {
    this.#isScheduled = false
    if (this.#at === this.#round.length) this.#begin()
    const started = this.#clock.monotonic()
    let now = started
    while (this.#at < this.#round.length && now - started < stretchMillisMax) {
      const reader = this.#round[this.#at++] as Served
      if (reader.serve()) this.#ready.add(reader)
      now = this.#clock.monotonic()
    }
    this.#roundMillis += now - started
    if (this.#at < this.#round.length) this.#schedule(0)
    else this.#finish()
  }

  #begin(): void {
    this.#round = [...this.#ready]
    this.#ready.clear()
    this.#at = 0
    this.#roundMillis = 0
  }

  #finish(): void {
    this.#round = []
    this.#at = 0
    const rest = this.#roundMillis < restMillisMin ? 0 : Math.min(this.#roundMillis, restMillisMax)
    // The rest is taken even where nobody is ready yet: somebody will be.
    if (rest > 0 || this.#ready.size > 0) this.#schedule(rest)
  }
}
