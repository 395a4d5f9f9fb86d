/**
 * Notices that the disk stalls one log's writes, and that it does so no longer.
 * A log that stalls is written off the event loop: one thread waits for its disk then, and not everybody.
 * Never: takes the time itself. Nothing is timed until a turn's writes as a whole took long; that turn makes everybody look, and counts for none.
 */

/** A write into the page cache that takes longer waits for the device: it takes microseconds else. */
export const stallMillis = 20
/** So many such writes within so long, and the log goes over to asynchronous ones; back with the first write after a quiet minute. */
const stallsMin = 3
export const stallsWithinMillis = 10_000
const quietMillis = 60_000

export class StallWatch {
  isStalling = false
  /** When the newest stalls were, oldest first. */
  #stalls: number[] = []

  /** A write took from `began` to `ended`. Whether the log must change over, one way or the other. */
  wrote(began: number, ended: number): boolean {
    if (ended - began > stallMillis) {
      this.#stalls = [...this.#stalls.slice(1 - stallsMin), ended]
      const isMuch = this.#stalls.length === stallsMin && ended - (this.#stalls[0] as number) <= stallsWithinMillis
      return isMuch && !this.isStalling
    }
    return this.isStalling && ended - (this.#stalls.at(-1) as number) >= quietMillis
  }

  change(): void {
    this.isStalling = !this.isStalling
    if (!this.isStalling) this.#stalls = []
  }
}
