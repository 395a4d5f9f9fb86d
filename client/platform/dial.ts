/**
 * The small ports a client needs of the world: a way to dial, time, and chance. Types are structural, so the simulator can hand in its own.
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

/** Texts are PEM. */
export interface TlsOptions {
  /** Whom to trust, instead of those that the system trusts. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** Who the client is, for listeners that ask (mutual TLS): with `key`. */
  readonly cert?: string | Uint8Array
  readonly key?: string | Uint8Array
  readonly passphrase?: string
  /** The name that the broker's certificate must have, and that it is asked for; the host if left out. */
  readonly servername?: string
  /** False takes any certificate: whoever sits between reads all. */
  readonly rejectUnauthorized?: boolean
}

export interface DialOptions {
  readonly tls?: TlsOptions | undefined
  /** Nobody waits for it any more: what has begun ends. */
  readonly signal?: AbortSignal | undefined
}

export interface ClientPlatform {
  /** Resolves once connected, and agreed on TLS where that is asked for; rejects with the system's error. */
  dial(host: string, port: number, handler: SocketHandler, options?: DialOptions): Promise<Socket>
  /** Wall time, milliseconds since the Unix epoch. */
  now(): number
  /** Calls `wake` after `delay` milliseconds; gives back how to cancel. */
  after(delay: number, wake: () => void): () => void
  /** From 0 to below 1; nothing secret rests on it. */
  random(): number
  /** That nobody can guess. */
  randomBytes(count: number): Uint8Array
}
