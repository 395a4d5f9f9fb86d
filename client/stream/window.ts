/**
 * How much the reader of a stream has room for, in bytes: what the broker was granted and has not sent, and what has come and not been read.
 * Owns: the count. Invariant: granted and held together pass the window by one record at most, one that alone is larger; and whoever has read
 * everything has granted what the next record takes.
 */
export class Window {
  readonly #size: number
  #granted = 0
  #held = 0
  /** What the record takes that the broker could not send; it says so once. */
  #wanted = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Came, at the broker's price. */
  arrived(bytes: number): void {
    this.#granted -= bytes
    this.#held += bytes
    if (bytes >= this.#wanted) this.#wanted = 0
  }

  read(bytes: number): void {
    this.#held -= bytes
  }

  /** A connection begins, on which nothing is granted yet. */
  reset(): void {
    this.#granted = 0
    this.#wanted = 0
  }

  /** What to grant now; 0 while it is not worth a message. */
  grant(): number {
    const room = this.#size - this.#granted - this.#held
    const missing = this.#held === 0 ? this.#wanted - this.#granted : 0
    const worth = Math.max(missing, room < this.#size / 4 ? 0 : room)
    this.#granted += worth
    return worth
  }

  /** As `grant`, now that a record is known to take so many: it comes when everything before it has been read. */
  grantFor(bytes: number): number {
    this.#wanted = bytes
    return this.grant()
  }
}
