/**
 * One connection to one broker: requests out, answers back, matched by correlation id.
 * Owns: the negotiated versions (it asks ApiVersions first), and who waits for what. Never: retries, or knows topics.
 */
import { decode } from '../protocol/compile.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { FrameCutter } from '../protocol/frame.ts'
import { decodeResponseHeader, encodeRequest } from '../protocol/header.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../protocol/messages/api-versions.ts'
import type { Input, Message, Of } from '../protocol/schema.ts'
import type { ClientPlatform, Socket } from '../platform/dial.ts'
import { ClientError } from './client-error.ts'

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly clientId: string
  readonly platform: ClientPlatform
  readonly requestTimeoutMs: number
}

interface Waiting {
  readonly response: Message
  readonly version: number
  readonly resolve: (answer: never) => void
  readonly reject: (error: ClientError) => void
  readonly cancel: () => void
}

/** Above what any answer here can be; and HTTP or TLS, read as a size, passes it. */
const responseBytesMax = 256 * 1024 * 1024
const connectMillisMax = 10_000
const softwareVersion = '0.1.0'

export class BrokerConnection {
  readonly #options: ConnectionOptions
  readonly #cutter = new FrameCutter({ bytesMax: responseBytesMax })
  readonly #waiting = new Map<number, Waiting>()
  readonly #served = new Map<number, { first: number; last: number }>()
  #socket: Socket | undefined
  #lastCorrelationId = 0
  #lost: ClientError | undefined

  private constructor(options: ConnectionOptions) {
    this.#options = options
  }

  static async open(options: ConnectionOptions): Promise<BrokerConnection> {
    const connection = new BrokerConnection(options)
    try {
      await connection.#dial()
    } catch (cause) {
      const why = reasonOf(cause)
      throw new ClientError('CONNECTION_FAILED', `cannot connect to ${connection.broker}: ${why}`, {
        retriable: true,
        broker: connection.broker,
        cause,
      })
    }
    try {
      await connection.#negotiate()
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  /** Gives up after `connectMillisMax`: what answers nothing at all would be waited for minutes. */
  async #dial(): Promise<void> {
    const { host, port, platform, requestTimeoutMs } = this.#options
    const limit = Math.min(requestTimeoutMs, connectMillisMax)
    const dialling = platform.dial(host, port, {
      bytes: (view) => this.#received(view),
      closed: (error) => this.#closed(error),
    })
    const { promise: expired, reject } = Promise.withResolvers<never>()
    const cancel = platform.after(limit, () => reject(new Error(`no answer in ${limit} ms`)))
    try {
      this.#socket = await Promise.race([dialling, expired])
    } catch (error) {
      dialling.then(
        (late) => late.destroy(),
        () => undefined,
      )
      throw error
    } finally {
      cancel()
    }
  }

  get broker(): string {
    return `${this.#options.host}:${this.#options.port}`
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /** Sends in the highest version that both sides know, at most `versionMax`. */
  async send<Q extends Message, S extends Message>(
    request: Q,
    response: S,
    body: Input<Q>,
    versionMax = Number.POSITIVE_INFINITY,
  ): Promise<Of<S>> {
    return this.#exchange(request, response, this.#versionOf(request, versionMax), body)
  }

  /** The same for a request that has no answer (acks=0). Resolves when the system has taken it. */
  async tell<Q extends Message>(request: Q, body: Input<Q>): Promise<void> {
    if (this.#lost) throw this.#lost
    const chunks = encodeRequest(request, this.#versionOf(request), this.#nextHeader(), body)
    await new Promise<void>((taken) => this.#socket?.write(chunks, taken))
  }

  close(): void {
    this.#fail(new ClientError('CONNECTION_LOST', 'the connection was closed by this client', { broker: this.broker }))
    this.#socket?.destroy()
  }

  async #negotiate(): Promise<void> {
    const body = { clientSoftwareName: 'stele', clientSoftwareVersion: softwareVersion }
    const versionTried = 3
    let answer = await this.#exchange(ApiVersionsRequest, ApiVersionsResponse, versionTried, body)
    if (answer.errorCode === ErrorCode.UNSUPPORTED_VERSION) answer = await this.#exchange(ApiVersionsRequest, ApiVersionsResponse, 0, body)
    for (const { apiKey, minVersion, maxVersion } of answer.apiKeys) this.#served.set(apiKey, { first: minVersion, last: maxVersion })
  }

  /** Does the broker serve it, in a version that this client knows? */
  serves(request: Message): boolean {
    const served = this.#served.get(request.key)
    return served !== undefined && served.last >= request.versions.first && served.first <= request.versions.last
  }

  #versionOf(request: Message, versionMax = Number.POSITIVE_INFINITY): number {
    const served = this.#served.get(request.key)
    const version = Math.min(request.versions.last, served?.last ?? -1, versionMax)
    if (served && version >= Math.max(served.first, request.versions.first)) return version
    const why = `the broker at ${this.broker} serves no version of ${request.name} that this client knows`
    throw new ClientError('UNSUPPORTED_VERSION', why, { broker: this.broker })
  }

  #nextHeader(): { correlationId: number; clientId: string } {
    this.#lastCorrelationId = (this.#lastCorrelationId + 1) & 0x7fffffff
    return { correlationId: this.#lastCorrelationId, clientId: this.#options.clientId }
  }

  #exchange<Q extends Message, S extends Message>(request: Q, response: S, version: number, body: Input<Q>): Promise<Of<S>> {
    if (this.#lost) return Promise.reject(this.#lost)
    const { platform, requestTimeoutMs } = this.#options
    const header = this.#nextHeader()
    const chunks = encodeRequest(request, version, header, body)
    return new Promise((resolve, reject) => {
      const cancel = platform.after(requestTimeoutMs, () => {
        const why = `${request.name} got no answer from ${this.broker} in ${requestTimeoutMs} ms`
        this.#fail(new ClientError('REQUEST_TIMED_OUT', why, { retriable: true, broker: this.broker }))
        this.#socket?.destroy()
      })
      this.#waiting.set(header.correlationId, { response, version, resolve, reject, cancel })
      this.#socket?.write(chunks)
    })
  }

  #received(view: Buffer): void {
    try {
      this.#cutter.push(view, this.#answered)
    } catch (cause) {
      this.#fail(this.#malformed(cause))
      this.#socket?.destroy()
    }
  }

  #malformed(cause: unknown): ClientError {
    return new ClientError('MALFORMED_RESPONSE', `${this.broker} answered what is not Kafka's protocol`, { broker: this.broker, cause })
  }

  readonly #answered = (frame: Buffer): void => {
    const correlationId = frame.readInt32BE(0)
    const waiting = this.#waiting.get(correlationId)
    if (!waiting) return
    this.#waiting.delete(correlationId)
    waiting.cancel()
    // Answers hold views of the frame, and outlive the receive buffer.
    const kept = Buffer.from(frame)
    try {
      const { size } = decodeResponseHeader(kept, waiting.response.key, waiting.version)
      waiting.resolve(decode(waiting.response, waiting.version, kept, size) as never)
    } catch (cause) {
      waiting.reject(this.#malformed(cause))
      throw cause
    }
  }

  #closed(cause: Error | undefined): void {
    const why = cause ? `: ${cause.message}` : ''
    this.#fail(
      new ClientError('CONNECTION_LOST', `the connection to ${this.broker} is lost${why}`, { retriable: true, broker: this.broker, cause }),
    )
  }

  #fail(error: ClientError): void {
    this.#lost ??= error
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { cancel, reject } of waiting) {
      cancel()
      reject(this.#lost)
    }
  }
}

/** Where a name has several addresses, Node's error has no message, and holds one for each. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(', ')
  return cause instanceof Error ? cause.message : String(cause)
}
