/**
 * How many bytes of requests the broker holds at once, over all connections (`queued.max.request.bytes`).
 * A request is let in while any room is left, so the largest one always passes; past the bound, sockets are not read.
 */
export class RequestMemory {
  readonly #bytesMax: number
  #bytes = 0
  readonly #waiting = new Set<() => void>()

  /** @param bytesMax below zero: no bound. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax < 0 ? Number.POSITIVE_INFINITY : bytesMax
  }

  get bytesInUse(): number {
    return this.#bytes
  }

  get hasRoom(): boolean {
    return this.#bytes < this.#bytesMax
  }

  get hasWaiters(): boolean {
    return this.#waiting.size > 0
  }

  take(bytes: number): void {
    this.#bytes += bytes
  }

  give(bytes: number): void {
    this.#bytes -= bytes
    if (this.#waiting.size === 0) return
    for (const wake of [...this.#waiting]) {
      if (!this.hasRoom) return
      this.#waiting.delete(wake)
      wake()
    }
  }

  /** Calls `wake` once, when there is room again. */
  whenRoom(wake: () => void): void {
    this.#waiting.add(wake)
  }

  forget(wake: () => void): void {
    this.#waiting.delete(wake)
  }
}
