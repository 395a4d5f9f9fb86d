/** The small ports that streams need of the world: a WebSocket, and time. Types are structural, so that tests can hand in their own. */

export interface StreamSocketHandler {
  opened(): void
  /** Binary. */
  message(bytes: Uint8Array): void
  /** Called once, last. Code 1006: it broke, or never opened. */
  closed(code: number, reason: string): void
}

export interface StreamSocket {
  send(message: Uint8Array): void
  close(): void
}

export interface StreamPlatform {
  connect(url: string, subprotocol: string, handler: StreamSocketHandler): StreamSocket
  /** Wall time, milliseconds since the Unix epoch. */
  now(): number
  /** Calls `wake` after `delay` milliseconds; gives back how to cancel. */
  after(delay: number, wake: () => void): () => void
  /** In [0, 1). */
  fraction(): number
}
