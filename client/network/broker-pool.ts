/**
 * Connections to the brokers of one cluster, made when first needed: one per address and lane.
 * Owns: them, which addresses are known, and when one that failed may be tried again. Never: decides which broker to ask for what.
 */
import type { ClientPlatform, TlsOptions } from '../platform/dial.ts'
import { type RetryOptions, retryDelayMs } from './backoff.ts'
import { BrokerConnection } from './broker-connection.ts'
import { ClientError } from './client-error.ts'
import { interruptible, pause, throwIfAborted } from './interruption.ts'
import type { ClientLogger, ClientMetrics } from './observer.ts'
import type { AttemptOptions } from './patience.ts'
import type { SaslOptions } from './sasl.ts'
import { unreachableMember } from './stranger.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface PoolOptions {
  readonly bootstrap: readonly Endpoint[]
  readonly clientId: string
  readonly platform: ClientPlatform
  /** How long one request may take, and one call with its retries. */
  readonly requestTimeoutMs: number
  readonly connectTimeoutMs?: number | undefined
  readonly tls?: TlsOptions | undefined
  readonly sasl?: SaslOptions | undefined
  readonly retry?: RetryOptions | undefined
  /** A connection that nobody uses for so long ends; brokers end theirs after 10 minutes. */
  readonly idleMs?: number | undefined
  readonly logger?: ClientLogger | undefined
  readonly metrics?: ClientMetrics | undefined
  /** Has any broker ever answered? */
  readonly hasMet?: () => boolean
}

export interface ConnectOptions extends AttemptOptions {
  /** Brokers answer a connection's requests one by one: what waits long there (a fetch, a join) has a lane of its own. */
  readonly lane?: string
}

interface Entry {
  readonly opening: Promise<BrokerConnection>
  /** Once it is open. */
  connection: BrokerConnection | undefined
}

interface Failures {
  count: number
  retryAt: number
}

const defaultIdleMs = 9 * 60_000
/** An address that has not answered by then is not given up, but the next one is tried beside it. */
const staggerMs = 500
const defaultCloseLimitMs = 5000

export class BrokerPool {
  readonly options: PoolOptions
  readonly #connections = new Map<string, Entry>()
  readonly #failures = new Map<string, Failures>()
  readonly #closing = new AbortController()
  #known: readonly Endpoint[] = []
  #hasMet = false

  constructor(options: PoolOptions) {
    this.options = { ...options, idleMs: options.idleMs ?? defaultIdleMs, hasMet: () => this.#hasMet }
  }

  /** A connection to this address: the one there is, or a new one; after failures not before some time has passed. Throws ClientError. */
  async at({ host, port }: Endpoint, { lane = '', ...call }: ConnectOptions = {}): Promise<BrokerConnection> {
    const address = `${host}:${port}`
    const key = `${address}#${lane}`
    const { signal } = call
    for (;;) {
      this.#throwIfClosed()
      throwIfAborted(signal)
      const known = this.#connections.get(key)
      if (!known) return this.#opened(this.#begin(key, address, { host, port }), address, call)
      const connection = known.connection ?? (await this.#opened(known.opening, address, call))
      if (!connection.isLost) return connection
      // Of several that find it lost, the first opens another.
      this.#drop(key, known)
    }
  }

  /** Any broker that answers: one that is connected, else those that are known, else those of the bootstrap list (KIP-899). */
  async any(call: AttemptOptions = {}): Promise<BrokerConnection> {
    this.#throwIfClosed()
    for (const [key, { connection }] of this.#connections) if (connection && !connection.isLost && key.endsWith('#')) return connection
    const known = this.#known.filter((endpoint) => !this.#isBootstrap(endpoint))
    if (known.length > 0) {
      try {
        return await this.#firstOf(known, call)
      } catch (error) {
        if (!(error instanceof ClientError) || error.code === 'ABORTED' || error.code === 'CLIENT_CLOSED') throw error
        this.options.logger?.warn({ error: error.code }, `no known broker answers, asking the bootstrap brokers: ${error.message}`)
      }
    }
    return this.#firstOf(this.options.bootstrap, call)
  }

  #isBootstrap({ host, port }: Endpoint): boolean {
    return this.options.bootstrap.some((one) => one.host === host && one.port === port)
  }

  /** Where the cluster's brokers are now. */
  learn(brokers: readonly Endpoint[]): void {
    this.#known = brokers
  }

  /** The bootstrap list is asked next, by connections of its own. */
  rebootstrap(): void {
    this.#known = []
    const opened = [...this.#connections.values()]
    this.#connections.clear()
    for (const { opening } of opened) {
      opening.then(
        (connection) => connection.close(defaultCloseLimitMs),
        () => undefined,
      )
    }
  }

  /** Ends the connections of a lane that nobody needs any more. */
  endLane(lane: string): void {
    for (const [key, entry] of this.#connections) {
      if (!key.endsWith(`#${lane}`)) continue
      this.#drop(key, entry)
      entry.opening.then(
        (connection) => connection.close(),
        () => undefined,
      )
    }
  }

  /** Waits so long for what is under way, then ends all connections; nothing can be asked any more. */
  async close(limitMs = defaultCloseLimitMs): Promise<void> {
    this.#closing.abort()
    const opened = [...this.#connections.values()]
    this.#connections.clear()
    await Promise.all(
      opened.map(async ({ opening }) => {
        const connection = await opening.catch(() => undefined)
        await connection?.close(limitMs)
      }),
    )
  }

  /** What is being opened goes on being opened, for whoever comes next. */
  #opened(opening: Promise<BrokerConnection>, address: string, { signal, deadline }: AttemptOptions): Promise<BrokerConnection> {
    const opened = interruptible(opening, signal)
    const why = `no connection to ${address} could be had in time: what is there answers too slowly, or not at all`
    return deadline?.bound(opened, () => new ClientError('REQUEST_TIMED_OUT', why, { retriable: true, broker: address })) ?? opened
  }

  #throwIfClosed(): void {
    if (this.#closing.signal.aborted) throw new ClientError('CLIENT_CLOSED', 'this client is closed')
  }

  async #open(address: string, endpoint: Endpoint): Promise<BrokerConnection> {
    const { platform } = this.options
    const failures = this.#failures.get(address)
    const wait = (failures?.retryAt ?? 0) - platform.now()
    if (wait > 0) await pause(platform, wait, this.#closing.signal).catch(() => this.#throwIfClosed())
    try {
      const connection = await BrokerConnection.open({ ...this.options, ...endpoint, signal: this.#closing.signal })
      this.#failures.delete(address)
      this.#hasMet = true
      if (!this.#closing.signal.aborted) return connection
      await connection.close()
    } catch (error) {
      const count = (this.#failures.get(address)?.count ?? 0) + 1
      this.#failures.set(address, {
        count,
        retryAt: platform.now() + retryDelayMs(this.options, count),
      })
      const isDialled = error instanceof ClientError && error.code === 'CONNECTION_FAILED'
      throw isDialled && !this.#isBootstrap(endpoint) ? unreachableMember(error) : error
    }
    return this.#throwIfClosed() as never
  }

  #begin(key: string, address: string, endpoint: Endpoint): Promise<BrokerConnection> {
    const opening = this.#open(address, endpoint)
    const entry: Entry = { opening, connection: undefined }
    this.#connections.set(key, entry)
    opening.then(
      (connection) => {
        entry.connection = connection
      },
      () => this.#drop(key, entry),
    )
    return opening
  }

  #drop(key: string, entry: Entry): void {
    if (this.#connections.get(key) === entry) this.#connections.delete(key)
  }

  /** The first that answers, in this order; one that is slow does not hold up the next. */
  async #firstOf(endpoints: readonly Endpoint[], call: AttemptOptions): Promise<BrokerConnection> {
    const { platform } = this.options
    const failures: ClientError[] = []
    const running = new Set<Promise<BrokerConnection | undefined>>()
    const noted = (error: unknown): undefined => {
      if (!(error instanceof ClientError) || isFinal(error)) throw error
      failures.push(error)
    }
    for (const endpoint of endpoints) {
      const attempt: Promise<BrokerConnection | undefined> = this.at(endpoint, call)
        .catch(noted)
        .finally(() => running.delete(attempt))
      attempt.catch(() => undefined)
      running.add(attempt)
      let cancel = () => {}
      const slow = new Promise<undefined>((resolve) => {
        cancel = platform.after(staggerMs, () => resolve(undefined))
      })
      const connection = await Promise.race([attempt, ...running, slow]).finally(() => cancel())
      if (connection) return connection
    }
    while (running.size > 0) {
      const connection = await Promise.race(running)
      if (connection) return connection
    }
    throw noneAnswers(failures)
  }
}

/** Said by one broker, but meant by all. */
function isFinal({ code }: ClientError): boolean {
  return code === 'ABORTED' || code === 'CLIENT_CLOSED' || code === 'SASL_AUTHENTICATION_FAILED'
}

function noneAnswers(failures: readonly ClientError[]): ClientError {
  const [first, ...others] = failures
  if (!first) return new ClientError('CONNECTION_FAILED', 'no bootstrap broker was given')
  if (others.length === 0) return first
  const why = failures.map(({ message }) => message).join('; ')
  const code = failures.every((failure) => failure.code === first.code) ? first.code : 'CONNECTION_FAILED'
  const retriable = failures.some((failure) => failure.retriable)
  return new ClientError(code, `none of ${failures.length} brokers can be talked to: ${why}`, { retriable, cause: first })
}

/** `host:port,host:port`; the port may be left out. */
export function parseBootstrap(text: string | readonly string[], defaultPort = 9092): Endpoint[] {
  const parts = (typeof text === 'string' ? [text] : text).flatMap((part) => part.split(','))
  return parts.map((part) => {
    const [, host, port] = /^\s*(\[[^\]\s]+\]|[^:[\]\s]+)(?::(\d{1,5}))?\s*$/.exec(part) ?? []
    if (host === undefined || Number(port ?? 0) > 65535) throw new ClientError('INVALID_ADDRESS', `'${part}' is not HOST:PORT`)
    return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? defaultPort : Number(port) }
  })
}
