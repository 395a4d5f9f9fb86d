/**
 * Connections, as the broker sees them: bytes in, bytes out, bounded.
 */

export interface Address {
  host: string
  port: number
}

export interface ConnectionHandler {
  /**
   * Bytes arrived. `view` is the shared receive buffer: valid only until this returns, so what must outlive the call is copied.
   */
  bytes(view: Buffer): void
  /** All that was buffered has left; writing may go on. */
  drained(): void
  /** The connection is gone, by either side; `error` where it broke. Called once, last. */
  closed(error?: Error): void
}

export interface Connection {
  readonly remote: Address
  readonly local: Address
  /** Bytes given to `write` that the peer's window has not taken yet. */
  readonly bufferedBytes: number
  /**
   * Sends the chunks in order, in one gathered write. False: the peer is slow, `drained` will be called.
   * The chunks must not change until `sent` is called, once, when the system took them all or the connection is gone.
   */
  write(chunks: readonly Uint8Array[], sent?: () => void): boolean
  /** Stops and resumes reading: the way to push back on a peer. */
  pause(): void
  resume(): void
  /** Sends what is buffered, then closes. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

export interface Listener {
  /** Where it really listens: the port is the one given by the system if 0 was asked for. */
  readonly address: Address
  /** Stops accepting; connections stay. */
  close(): Promise<void>
}

export interface Network {
  /** This machine's name, by which others may reach it. */
  readonly hostName: string
  listen(address: Address, accept: (connection: Connection) => ConnectionHandler): Promise<Listener>
}
