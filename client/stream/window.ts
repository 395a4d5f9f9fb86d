/**
 * How much the reader of a stream has room for, in bytes: what the broker was granted and has not sent, and what has come and not been read.
 * Owns: the count. Invariant: granted and held together pass the window by one record at most, one that alone is larger.
 */
export class Window {
  readonly #size: number
  #granted = 0
  #held = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Came, at the broker's price. */
  arrived(bytes: number): void {
    this.#granted -= bytes
    this.#held += bytes
  }

  read(bytes: number): void {
    this.#held -= bytes
  }

  /** A connection begins, on which nothing is granted yet. */
  reset(): void {
    this.#granted = 0
  }

  /** What to grant now; 0 while it is not worth a message. */
  grant(): number {
    const room = this.#size - this.#granted - this.#held
    if (room < this.#size / 4) return 0
    this.#granted += room
    return room
  }

  /** A record takes so many: it comes when everything before it has been read. */
  grantFor(bytes: number): number {
    const missing = this.#held === 0 ? bytes - this.#granted : 0
    if (missing <= 0) return 0
    this.#granted += missing
    return missing
  }
}
