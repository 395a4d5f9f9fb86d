/**
 * Time, as the broker sees it.
 * A core never asks for the time: its shell reads it here and passes it in.
 */

/** Milliseconds, as a duration or since the Unix epoch; the name that carries it says which. */
export type Millis = number

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall time, milliseconds since the Unix epoch. It may jump. */
  now(): Millis
  /** Milliseconds with fraction from an arbitrary start; never goes back. For durations and deadlines. */
  monotonic(): Millis
  /** Calls `wake` once, no sooner than `delay` from now. Does not keep the process alive. */
  after(delay: Millis, wake: () => void): Timer
  /** Calls `run` when this turn of the event loop has handed out all that arrived in it. */
  endOfTurn(run: () => void): void
}
