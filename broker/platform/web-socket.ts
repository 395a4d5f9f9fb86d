/**
 * WebSocket connections, as the broker sees them: messages in, frames out, and how much of them has not left yet.
 * The handshake, masks, fragments and control frames are the platform's affair.
 */

/** A handshake, before it is answered. */
export interface UpgradeRequest {
  /** Without the query. */
  readonly path: string
  /** Absent where the peer is no browser. */
  readonly origin: string | undefined
  /** What the peer believes to talk to: `host:port`. */
  readonly host: string | undefined
  /** In the peer's order of preference. */
  readonly subprotocols: readonly string[]
  /** The peer's address. */
  readonly peer: string
}

export interface WebSocketPeer {
  /** A message: text where it is a string, else binary. */
  send(message: Uint8Array | string): void
  /** A whole frame, header included, as `framed` made it: the same bytes may go to many. */
  sendFrame(frame: Uint8Array): void
  /** Bytes that were sent and have not left the process. */
  readonly unsentBytes: number
  /** Says why, and lets what was sent leave. */
  close(code: number, reason: string): void
}

export interface WebSocketHandler {
  /** A message. Valid only until this returns. */
  message(message: Uint8Array | string): void
  /** A ping or a pong came. */
  heard(): void
  /** All that was sent has left. */
  drained(): void
  /** Called once, last. */
  closed(): void
}

export interface WebSocketService {
  readonly messageBytesMax: number
  /** An HTTP status that refuses, or whom to talk to, and in which subprotocol. */
  admit(request: UpgradeRequest): number | { subprotocol: string; open(peer: WebSocketPeer): WebSocketHandler }
  /** No more: those that are open are told to go. Resolves when they are gone. */
  close(): Promise<void>
}
