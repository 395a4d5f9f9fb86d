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

const responseBytesMax = 0x7fffffff
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
    const { host, port, platform } = options
    try {
      connection.#socket = await platform.dial(host, port, {
        bytes: (view) => connection.#received(view),
        closed: (error) => connection.#closed(error),
      })
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new ClientError('CONNECTION_FAILED', `cannot connect to ${host}:${port}: ${why}`, {
        retriable: true,
        broker: `${host}:${port}`,
        cause,
      })
    }
    await connection.#negotiate()
    return connection
  }

  get broker(): string {
    return `${this.#options.host}:${this.#options.port}`
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /** Sends in the highest version that both sides know, at most `versionMax`. */
  send<Q extends Message, S extends Message>(
    request: Q,
    response: S,
    body: Input<Q>,
    versionMax = Number.POSITIVE_INFINITY,
  ): Promise<Of<S>> {
    const served = this.#served.get(request.key)
    const version = Math.min(request.versions.last, served?.last ?? -1, versionMax)
    if (!served || version < Math.max(served.first, request.versions.first)) {
      const why = `the broker at ${this.broker} serves no version of ${request.name} that this client knows`
      return Promise.reject(new ClientError('UNSUPPORTED_VERSION', why, { broker: this.broker }))
    }
    return this.#exchange(request, response, version, body)
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

  #exchange<Q extends Message, S extends Message>(request: Q, response: S, version: number, body: Input<Q>): Promise<Of<S>> {
    if (this.#lost) return Promise.reject(this.#lost)
    const correlationId = (this.#lastCorrelationId = (this.#lastCorrelationId + 1) & 0x7fffffff)
    const { clientId, platform, requestTimeoutMs } = this.#options
    const chunks = encodeRequest(request, version, { correlationId, clientId }, body)
    return new Promise((resolve, reject) => {
      const cancel = platform.after(requestTimeoutMs, () => {
        const why = `${request.name} got no answer from ${this.broker} in ${requestTimeoutMs} ms`
        this.#fail(new ClientError('REQUEST_TIMED_OUT', why, { retriable: true, broker: this.broker }))
        this.#socket?.destroy()
      })
      this.#waiting.set(correlationId, { response, version, resolve, reject, cancel })
      this.#socket?.write(chunks)
    })
  }

  #received(view: Buffer): void {
    try {
      this.#cutter.push(view, this.#answered)
    } catch (cause) {
      this.#fail(
        new ClientError('MALFORMED_RESPONSE', `${this.broker} answered what is not Kafka's protocol`, { broker: this.broker, cause }),
      )
      this.#socket?.destroy()
    }
  }

  readonly #answered = (frame: Buffer, owned: boolean): void => {
    const correlationId = frame.readInt32BE(0)
    const waiting = this.#waiting.get(correlationId)
    if (!waiting) return
    this.#waiting.delete(correlationId)
    waiting.cancel()
    // Answers hold views of the frame, and outlive the receive buffer.
    const kept = owned ? frame : Buffer.from(frame)
    const { size } = decodeResponseHeader(kept, waiting.response.key, waiting.version)
    waiting.resolve(decode(waiting.response, waiting.version, kept, size) as never)
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
