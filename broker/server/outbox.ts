/**
 * The connections that have something to send, flushed together once the code that is running has come to its end:
 * all answers that one read, or one gathered write to the log, produced for a connection leave in one gathered write.
 */
export interface Sender {
  flush(): void
}

export class Outbox {
  #senders: Sender[] = []

  /** Flushes `sender` soon. It marks itself once per flush. */
  mark(sender: Sender): void {
    this.#senders.push(sender)
    if (this.#senders.length === 1) queueMicrotask(this.#flush)
  }

  readonly #flush = (): void => {
    const senders = this.#senders
    this.#senders = []
    for (const sender of senders) sender.flush()
  }
}
