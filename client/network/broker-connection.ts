/**
 * One connection to one broker: dialled, agreed on versions (it asks ApiVersions first), authenticated, and again before its session ends.
 * Owns: the negotiated versions, and the session. Never: retries, or knows topics. What goes over the wire is the channel's.
 */
import type { ClientPlatform, TlsOptions } from '../platform/dial.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../protocol/messages/api-versions.ts'
import type { Input, Message, Of } from '../protocol/schema.ts'
import { Channel, type ExchangeOptions } from './channel.ts'
import { answeredError, ClientError } from './client-error.ts'
import { within } from './interruption.ts'
import { type ClientLogger, type ClientMetrics, silentLogger } from './observer.ts'
import { authenticate, type SaslExchange, type SaslOptions } from './sasl.ts'
import { dialFailure } from './stranger.ts'

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly clientId: string
  readonly platform: ClientPlatform
  readonly requestTimeoutMs: number
  /** Until it is dialled and TLS is agreed on. */
  readonly connectTimeoutMs?: number | undefined
  readonly tls?: TlsOptions | undefined
  readonly sasl?: SaslOptions | undefined
  /** Nothing asked for so long: the connection ends. */
  readonly idleMs?: number | undefined
  readonly logger?: ClientLogger | undefined
  readonly metrics?: ClientMetrics | undefined
  /** Nobody wants it any more: what has begun ends. */
  readonly signal?: AbortSignal | undefined
}

const defaultConnectTimeoutMs = 10_000
const softwareVersion = '0.1.0'
const apiVersionsTried = 3
/** Of an answer to ApiVersions, which has the oldest header: where its error code stands. */
const errorCodeAt = 4
/** A session is renewed after 85 to 95 % of its time, so that many clients do not come at once. */
const renewalFrom = 0.85
const renewalSpread = 0.1

export class BrokerConnection {
  readonly #options: ConnectionOptions
  readonly #channel: Channel
  readonly #served = new Map<number, { first: number; last: number }>()
  readonly #features = new Map<string, number>()
  #cancelRenewal = () => {}
  #cancelIdling = () => {}

  private constructor(options: ConnectionOptions) {
    this.#options = options
    const { clientId, platform, requestTimeoutMs, metrics = {}, tls } = options
    const onLost = () => {
      this.#cancelRenewal()
      this.#cancelIdling()
    }
    this.#channel = new Channel({ broker: this.broker, clientId, platform, requestTimeoutMs, metrics, isSecure: tls !== undefined, onLost })
  }

  static async open(options: ConnectionOptions): Promise<BrokerConnection> {
    const { metrics, logger = silentLogger } = options
    const connection = new BrokerConnection(options)
    const { broker } = connection
    const giveUp = () => connection.#channel.fail(new ClientError('CLIENT_CLOSED', 'this client is closed', { broker }))
    options.signal?.addEventListener('abort', giveUp, { once: true })
    try {
      await connection.#dial()
      metrics?.connection?.(broker, 'opened')
      await connection.#negotiate()
      if (options.sasl) await connection.#authenticate(options.sasl)
    } catch (error) {
      const reason = error instanceof ClientError ? error : new ClientError('CONNECTION_FAILED', String(error), { broker, cause: error })
      connection.#channel.fail(reason)
      metrics?.connection?.(broker, 'failed')
      logger.debug({ broker, error: reason.code }, reason.message)
      throw reason
    } finally {
      options.signal?.removeEventListener('abort', giveUp)
    }
    connection.#watchIdling()
    logger.debug({ broker }, 'connected')
    return connection
  }

  get broker(): string {
    const { host, port } = this.#options
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  }

  get isLost(): boolean {
    return this.#channel.lost !== undefined
  }

  /** The level that the cluster has finalized (KIP-584), such as that of `transaction.version`; 0: none. */
  featureLevel(name: string): number {
    return this.#features.get(name) ?? 0
  }

  /** Sends in the highest version that both sides know, at most `versionMax`; at once, in the order of calls. Throws ClientError. */
  async send<Q extends Message, S extends Message>(
    request: Q,
    response: S,
    body: Input<Q>,
    versionMax = Number.POSITIVE_INFINITY,
    call: Pick<ExchangeOptions, 'signal' | 'timeoutMs' | 'deadline' | 'brokerWaitsMs'> = {},
  ): Promise<Of<S>> {
    return this.#channel.exchange(request, response, this.#versionOf(request, versionMax), body, call)
  }

  /** The same for a request that has no answer (acks=0). Resolves when the system has taken it. */
  async tell<Q extends Message>(request: Q, body: Input<Q>): Promise<void> {
    return this.#channel.tell(request, this.#versionOf(request), body)
  }

  /** Waits so long for what is under way, then ends. */
  async close(limitMs = 0): Promise<void> {
    const { platform } = this.#options
    if (limitMs > 0) await within(this.#channel.drained(), limitMs, platform, () => new Error('enough')).catch(() => undefined)
    this.#channel.fail(new ClientError('CONNECTION_LOST', 'the connection was closed by this client', { broker: this.broker }))
  }

  /** Does the broker serve it, in a version that this client knows, and at least in this one? */
  serves(request: Message, versionMin = request.versions.first): boolean {
    const served = this.#served.get(request.key)
    return served !== undefined && served.last >= versionMin && served.first <= request.versions.last
  }

  /** Gives up after the connect timeout: what answers nothing at all would be waited for minutes. */
  async #dial(): Promise<void> {
    const { host, port, platform, tls, signal, requestTimeoutMs, connectTimeoutMs = defaultConnectTimeoutMs } = this.#options
    const limit = Math.min(requestTimeoutMs, connectTimeoutMs)
    const giveUp = new AbortController()
    const stop = () => giveUp.abort()
    signal?.addEventListener('abort', stop, { once: true })
    const dialling = platform.dial(host, port, this.#channel.handler, { tls, signal: giveUp.signal })
    try {
      this.#channel.begin(await within(dialling, limit, platform, () => new Error(`no answer in ${limit} ms`)))
    } catch (cause) {
      giveUp.abort()
      // Where it cannot be stopped, it may still come.
      dialling.then(
        (late) => late.destroy(),
        () => undefined,
      )
      throw this.#channel.lost ?? dialFailure(this.broker, cause, tls !== undefined)
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  async #negotiate(): Promise<void> {
    const body = { clientSoftwareName: 'stele', clientSoftwareVersion: softwareVersion }
    // A broker that does not know the version asked for says so in version 0 (KIP-511).
    const versionOf = (frame: Buffer) =>
      frame.length > errorCodeAt + 1 && frame.readInt16BE(errorCodeAt) === ErrorCode.UNSUPPORTED_VERSION ? 0 : apiVersionsTried
    let answer = await this.#channel.exchange(ApiVersionsRequest, ApiVersionsResponse, apiVersionsTried, body, { versionOf })
    if (answer.errorCode === ErrorCode.UNSUPPORTED_VERSION)
      answer = await this.#channel.exchange(ApiVersionsRequest, ApiVersionsResponse, 0, body)
    if (answer.errorCode !== ErrorCode.NONE)
      throw answeredError(answer.errorCode, `${this.broker} does not tell what it serves`, { broker: this.broker })
    if (answer.apiKeys.length === 0) {
      const why = `${this.broker} says that it serves nothing: is it a broker, and does what stands before it let everything through?`
      throw new ClientError('UNSUPPORTED_VERSION', why, { broker: this.broker })
    }
    for (const { apiKey, minVersion, maxVersion } of answer.apiKeys) this.#served.set(apiKey, { first: minVersion, last: maxVersion })
    for (const { name, maxVersionLevel } of answer.finalizedFeatures) this.#features.set(name, maxVersionLevel)
  }

  async #authenticate(sasl: SaslOptions): Promise<void> {
    const exchange: SaslExchange = (request, response, body) =>
      this.#channel.exchange(request, response, this.#versionOf(request), body, { isUrgent: true })
    const { platform } = this.#options
    const lifetimeMs = await authenticate(exchange, this.broker, sasl, platform)
    if (lifetimeMs <= 0 || this.isLost) return
    const share = renewalFrom + renewalSpread * platform.random()
    this.#cancelRenewal = platform.after(Math.floor(lifetimeMs * share), () => void this.#renew(sasl))
  }

  /** Nothing else may be said meanwhile (KIP-368). */
  async #renew(sasl: SaslOptions): Promise<void> {
    const { logger = silentLogger } = this.#options
    this.#channel.hold()
    try {
      await this.#authenticate(sasl)
      this.#channel.resume()
    } catch (cause) {
      const reason = cause instanceof ClientError ? cause : new ClientError('SASL_AUTHENTICATION_FAILED', String(cause), { cause })
      logger.warn({ broker: this.broker, error: reason.code }, `the session is not renewed: ${reason.message}`)
      this.#channel.fail(reason)
    }
  }

  #watchIdling(): void {
    const { idleMs, platform } = this.#options
    if (idleMs === undefined) return
    const check = () => {
      if (this.isLost) return
      const left = idleMs - this.#channel.idleMs()
      if (left > 0) this.#cancelIdling = platform.after(left, check)
      else
        this.#channel.fail(
          new ClientError('CONNECTION_LOST', `the connection to ${this.broker} was idle`, { retriable: true, broker: this.broker }),
        )
    }
    this.#cancelIdling = platform.after(idleMs, check)
  }

  #versionOf(request: Message, versionMax = Number.POSITIVE_INFINITY): number {
    const served = this.#served.get(request.key)
    const version = Math.min(request.versions.last, served?.last ?? -1, versionMax)
    if (served && version >= Math.max(served.first, request.versions.first)) return version
    const api = request.name.replace(/Request$/, '')
    const range = served ? `only versions ${served.first} to ${served.last}` : 'no version'
    const why = `the broker at ${this.broker} serves ${range} of ${api}, and this client knows ${request.versions.first} to ${Math.min(request.versions.last, versionMax)}`
    throw new ClientError('UNSUPPORTED_VERSION', why, { broker: this.broker })
  }
}
