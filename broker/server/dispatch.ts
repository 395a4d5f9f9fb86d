/**
 * From a frame to its answer: header, table, decode, handle, encode.
 * Owns: the choice of handler. A frame that cannot be read, or asks for what is not served, ends the connection, as in Kafka;
 * only ApiVersions answers an unknown version, so that a newer client can step back.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { decodeRequestHeader, encodeResponse, type RequestHeader } from '../../client/protocol/header.ts'
import { EncodeError } from '../../client/protocol/malformed.ts'
import { ApiVersionsResponse } from '../../client/protocol/messages/api-versions.ts'
import { decode } from '../../client/protocol/compile.ts'
import type { Input, Message } from '../../client/protocol/schema.ts'
import { advertised } from '../api/api-versions.ts'
import type { Answer, Api, RequestContext } from '../api/handler.ts'
import type { Services } from '../api/services.ts'
import type { Clock, Millis } from '../platform/clock.ts'
import type { ClientConnection, Exchange } from './connection.ts'

const produceKey = 0
const apiVersionsKey = 18

/** What the dispatcher counts. */
export interface RequestMetrics {
  request(apiKey: number, seconds: number, errorCode: number): void
}

/** What a peer did that no answer can mend: the connection is closed with this as the reason. */
export class ProtocolViolation extends Error {
  override name = 'ProtocolViolation'
}

class Request implements Exchange, RequestContext {
  answer: readonly Buffer[] | undefined
  readonly sent: (() => void)[] = []
  readonly pipelined: boolean
  readonly apiVersion: number
  readonly clientId: string
  readonly principal = 'User:ANONYMOUS'
  readonly connection: ClientConnection
  readonly header: RequestHeader
  readonly now: Millis
  readonly startedAt: Millis
  readonly ownsBytes: boolean
  disconnects: string | undefined
  #abandon: (() => void) | undefined

  constructor(header: RequestHeader, connection: ClientConnection, clock: Clock, ownsBytes: boolean) {
    this.header = header
    this.pipelined = header.apiKey === produceKey
    this.apiVersion = header.apiVersion
    this.clientId = header.clientId
    this.connection = connection
    this.now = clock.now()
    this.startedAt = clock.monotonic()
    this.ownsBytes = ownsBytes
  }

  get host(): string {
    return this.connection.transport.remote.host
  }

  get listener(): string {
    return this.connection.listener
  }

  get connectionId(): number {
    return this.connection.id
  }

  afterSent(done: () => void): void {
    this.sent.push(done)
  }

  disconnect(reason: string): void {
    this.disconnects = reason
  }

  whenAbandoned(forget: () => void): void {
    this.#abandon = forget
  }

  abandoned(): void {
    this.#abandon?.()
  }
}

export class Dispatcher {
  readonly #apis: ReadonlyMap<number, Api>
  readonly #services: Services
  readonly #metrics: RequestMetrics
  readonly #fatal: (error: unknown) => void

  /** @param fatal told of an error that is ours: a broken invariant, after which the broker must stop. */
  constructor(options: { apis: ReadonlyMap<number, Api>; services: Services; metrics: RequestMetrics; fatal: (error: unknown) => void }) {
    this.#apis = options.apis
    this.#services = options.services
    this.#metrics = options.metrics
    this.#fatal = options.fatal
  }

  isPipelined(frame: Buffer): boolean {
    return frame.length >= 2 && frame.readInt16BE(0) === produceKey
  }

  begin(frame: Buffer, owned: boolean, connection: ClientConnection): Exchange {
    const header = decodeRequestHeader(frame)
    const request = new Request(header, connection, this.#services.clock, owned)
    const api = this.#apis.get(header.apiKey)
    if (!api) throw new ProtocolViolation(`API key ${header.apiKey} is not served`)
    const [first, last] = api.versions
    if (header.apiVersion < first || header.apiVersion > last) return this.#unserved(request, api)
    const body = decode(api.request, header.apiVersion, frame, header.size)
    this.#run(api, request, body)
    return request
  }

  #run(api: Api, request: Request, body: unknown): void {
    let answer: Answer<Message> | Promise<Answer<Message>>
    try {
      answer = api.handle(body as never, request, this.#services)
    } catch (error) {
      return this.#fatal(error)
    }
    if (!(answer instanceof Promise)) return this.#complete(api, request, answer)
    answer.then((value) => {
      this.#complete(api, request, value)
      request.connection.answered(request)
    }, this.#fatal)
  }

  #complete(api: Api, request: Request, answer: Answer<Message>): void {
    const { header } = request
    request.answer = answer === undefined ? [] : this.#encode(api, header, answer, request.connection)
    const seconds = (this.#services.clock.monotonic() - request.startedAt) / 1000
    this.#metrics.request(header.apiKey, seconds, answer === undefined ? ErrorCode.NONE : errorIn(answer))
  }

  /** An answer that its version cannot express is a fault of ours that one client alone has to bear. */
  #encode(api: Api, { apiVersion, correlationId }: RequestHeader, answer: Input<Message>, connection: ClientConnection): Buffer[] {
    try {
      return encodeResponse(api.response, apiVersion, correlationId, answer)
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error
      connection.close(error)
      return []
    }
  }

  #unserved(request: Request, { versions: [first, last] }: Api): Exchange {
    const { header } = request
    if (header.apiKey !== apiVersionsKey) {
      throw new ProtocolViolation(`version ${header.apiVersion} of API key ${header.apiKey} is not served, only ${first} to ${last}`)
    }
    const answer = { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys: advertised(this.#apis) }
    request.answer = encodeResponse(ApiVersionsResponse, 0, header.correlationId, answer)
    return request
  }
}

/** The first error code in an answer, at its top or in its topics and partitions, for counting. */
function errorIn(answer: Input<Message>): number {
  for (const value of Object.values(answer as Record<string, unknown>)) {
    if (!Array.isArray(value)) continue
    for (const item of value) {
      const code = typeof item === 'object' && item !== null ? errorOfItem(item as Record<string, unknown>) : 0
      if (code !== 0) return code
    }
  }
  return errorOfItem(answer)
}

function errorOfItem(item: Record<string, unknown>): number {
  if (typeof item['errorCode'] === 'number') return item['errorCode']
  const partitions = item['partitionResponses'] ?? item['partitions']
  if (!Array.isArray(partitions)) return 0
  for (const partition of partitions) {
    const code = (partition as Record<string, unknown>)['errorCode']
    if (typeof code === 'number' && code !== 0) return code
  }
  return 0
}
