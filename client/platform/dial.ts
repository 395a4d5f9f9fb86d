/**
 * The small ports a client needs of the world: a way to dial, and time. Types are structural, so the simulator can hand in its own.
 */

export interface SocketHandler {
  /** Valid only until this returns. */
  bytes(view: Buffer): void
  /** Called once, last; `error` where it broke. */
  closed(error?: Error): void
}

export interface Socket {
  /** Calls `taken`, if given, once the system has taken them all or the connection is gone. */
  write(chunks: readonly Uint8Array[], taken?: () => void): void
  destroy(): void
}

export interface ClientPlatform {
  /** Resolves once connected; rejects with the system's error. */
  dial(host: string, port: number, handler: SocketHandler): Promise<Socket>
  /** Wall time, milliseconds since the Unix epoch. */
  now(): number
  /** Calls `wake` after `delay` milliseconds; gives back how to cancel. */
  after(delay: number, wake: () => void): () => void
}
