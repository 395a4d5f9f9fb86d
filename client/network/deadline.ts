/**
 * When a call's time is over, told to whoever waits for something inside of it: each says what it waited for.
 * Owns: who waits. Never: a timer; whoever has that says when.
 */
export class Deadline {
  readonly #waiting = new Set<() => void>()

  /** The promise's outcome, or the error that `late` makes if the time is over first. */
  async bound<T>(promise: Promise<T>, late: () => Error): Promise<T> {
    const { promise: expired, reject } = Promise.withResolvers<never>()
    const expire = () => reject(late())
    this.#waiting.add(expire)
    try {
      return await Promise.race([promise, expired])
    } finally {
      this.#waiting.delete(expire)
    }
  }

  expire(): void {
    for (const expire of this.#waiting) expire()
  }
}
