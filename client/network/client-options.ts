/** What a client is told when it is made: where the cluster is, how to be let in, how long to wait, and who watches. */
import type { ClientPlatform, TlsOptions } from '../platform/dial.ts'
import type { RetryOptions } from './backoff.ts'
import { defaultRetry } from './backoff.ts'
import { type PoolOptions, parseBootstrap } from './broker-pool.ts'
import { ClientError } from './client-error.ts'
import type { ClientLogger, ClientMetrics } from './observer.ts'
import type { SaslOptions } from './sasl.ts'

export interface ClientOptions {
  /**
   * `host:port`, several with commas or as a list: any of them that answers leads to all the others. Where none has ever answered, calls
   * fail after a few attempts: the address may be wrong.
   */
  readonly bootstrap: string | readonly string[]
  /** What the client is called in the brokers' logs, metrics and quotas. */
  readonly clientId?: string
  /** How long a request may take, and a call with all its retries. 30 s if left out. */
  readonly requestTimeoutMs?: number
  /** How long connecting may take, TLS included. 10 s if left out. */
  readonly connectTimeoutMs?: number
  /** True: certificates as the system trusts them. */
  readonly tls?: boolean | TlsOptions
  readonly sasl?: SaslOptions
  /** Where this client is: consumers read from a replica nearby, where brokers know of one (KIP-392). */
  readonly rack?: string
  /** What may pass is tried again after so long, twice as long each time up to the most: 100 ms to 1 s if left out. */
  readonly retry?: Partial<RetryOptions>
  /** A connection that nobody uses for so long ends. 9 minutes if left out. */
  readonly connectionsIdleMs?: number
  readonly logger?: ClientLogger
  readonly metrics?: ClientMetrics
  readonly platform?: ClientPlatform
}

/** Throws a ClientError (INVALID_ADDRESS, INVALID_OPTION). */
export function poolOptionsOf(options: ClientOptions, defaultPlatform: ClientPlatform): PoolOptions {
  const { bootstrap, clientId = 'stele', requestTimeoutMs = 30_000, connectTimeoutMs = 10_000, tls = false, sasl, retry } = options
  const delays = { ...defaultRetry, ...retry }
  const limits = { requestTimeoutMs, connectTimeoutMs, 'retry.initialMs': delays.initialMs, 'retry.maxMs': delays.maxMs }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isFinite(value) || value <= 0)
      throw new ClientError('INVALID_OPTION', `${name} is ${value}, not a number of milliseconds above 0`)
  }
  return {
    bootstrap: parseBootstrap(bootstrap),
    clientId,
    requestTimeoutMs,
    connectTimeoutMs,
    retry: delays,
    idleMs: options.connectionsIdleMs,
    tls: tls === true ? {} : tls === false ? undefined : tls,
    sasl,
    logger: options.logger,
    metrics: options.metrics,
    platform: options.platform ?? defaultPlatform,
  }
}
