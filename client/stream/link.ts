/**
 * One logical stream over as many connections as it takes.
 * Owns: the connection, its greeting and heartbeat, and when the next is tried; which requests wait for an answer. Never: what is said again on a new
 * connection (whoever said it does, when told that it is open).
 * Invariant: nothing that an earlier connection brought is heard once it is lost.
 */
import { ClientError } from '../network/client-error.ts'
import type { StreamPlatform, StreamSocket } from '../platform/stream-socket.ts'
import type { ClientMessage } from '../protocol/stream/client-messages.ts'
import { CloseCode } from '../protocol/stream/close-codes.ts'
import { streamPath, subprotocols } from '../protocol/stream/endpoint.ts'
import { decodeMsgpack, encodeMsgpack } from '../protocol/stream/msgpack.ts'
import type { ServerMessage, StreamLimits } from '../protocol/stream/server-messages.ts'
import { decodedCodecs } from './stored-batches.ts'

export interface LinkOptions {
  readonly url: string
  readonly clientId: string
  readonly token: string | undefined
  readonly connectTimeoutMs: number
  readonly retry: { readonly initialMs: number; readonly maxMs: number }
  readonly platform: StreamPlatform
}

/** Who speaks on the link. */
export interface Speaker {
  /** A connection is open, and knows nothing of what was said on the one before. */
  opened(): void
  lost(): void
  /** There will be no other. */
  failed(error: ClientError): void
  /** For its subscription. */
  heard?(message: ServerMessage): void
  readonly subscription?: number
}

type Request = Extract<ClientMessage, { request: number }>
type Unnumbered<R> = R extends unknown ? Omit<R, 'request'> : never

interface Waiting {
  resolve(message: ServerMessage): void
  reject(error: ClientError): void
}

/** After these another connection would end the same way. */
const finalCodes: ReadonlySet<number> = new Set([
  CloseCode.UNSUPPORTED_DATA,
  CloseCode.FRAME_TOO_LARGE,
  CloseCode.BAD_MESSAGE,
  CloseCode.UNAUTHORIZED,
  CloseCode.TOO_MANY_SUBSCRIPTIONS,
  CloseCode.TOO_MANY_PARTITIONS,
  CloseCode.TOO_MUCH_CREDIT,
])
const brokenCode = 1006
const jitter = 0.2

export class Link {
  readonly options: LinkOptions
  readonly #speakers = new Set<Speaker>()
  readonly #waiting = new Map<number, Waiting>()
  #socket: StreamSocket | undefined
  #limits: StreamLimits | undefined
  #requests = 0
  #subscriptions = 0
  #attempts = 0
  #cancelTimer: (() => void) | undefined
  #heardAt = 0
  #failure: ClientError | undefined

  constructor(options: LinkOptions) {
    this.options = options
  }

  /** Undefined while there is no connection. */
  get limits(): StreamLimits | undefined {
    return this.#limits
  }

  nextSubscription(): number {
    return ++this.#subscriptions
  }

  /** It is told of connections from now on: of the one that is open, in this turn. */
  attach(speaker: Speaker): void {
    if (this.#failure) return speaker.failed(this.#failure)
    this.#speakers.add(speaker)
    if (this.#limits) return speaker.opened()
    if (!this.#socket && !this.#cancelTimer) this.#connect()
  }

  detach(speaker: Speaker): void {
    this.#speakers.delete(speaker)
  }

  /** Into nothing while there is no connection. */
  say(message: ClientMessage): void {
    if (this.#limits) this.#socket?.send(encodeMsgpack(message))
  }

  /** The answer. Rejects with a ClientError: what the broker says, or CONNECTION_LOST, and then nobody knows. */
  ask(request: Unnumbered<Request>): Promise<ServerMessage> {
    if (!this.#limits) return Promise.reject(this.#failure ?? lost('there is no connection'))
    const number = ++this.#requests
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      this.say({ ...request, request: number })
    })
  }

  close(): void {
    this.#fail(new ClientError('CLIENT_CLOSED', 'this client is closed'))
  }

  #fail(error: ClientError): void {
    if (this.#failure) return
    this.#failure = error
    this.#cancelTimer?.()
    const socket = this.#socket
    this.#socket = undefined
    this.#abandon(error)
    for (const speaker of this.#speakers) speaker.failed(error)
    this.#speakers.clear()
    socket?.close()
  }

  /** What waits for an answer on the connection that was, gets none. */
  #abandon(error: ClientError): void {
    this.#limits = undefined
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of waiting) reject(error)
  }

  #connect(): void {
    const { platform, url, connectTimeoutMs } = this.options
    this.#cancelTimer = platform.after(connectTimeoutMs, () => this.#ended(socket, brokenCode, `no welcome within ${connectTimeoutMs} ms`))
    const socket: StreamSocket = platform.connect(endpointOf(url), subprotocols.msgpack, {
      opened: () => this.#greet(socket),
      message: (bytes) => {
        if (socket === this.#socket) this.#heard(decodeMsgpack(bytes) as ServerMessage)
      },
      closed: (code, reason) => this.#ended(socket, code, reason),
    })
    this.#socket = socket
  }

  #greet(socket: StreamSocket): void {
    if (socket !== this.#socket) return
    const { clientId, token } = this.options
    socket.send(encodeMsgpack({ type: 'hello', client: clientId, decodes: decodedCodecs, ...(token !== undefined && { token }) }))
  }

  #ended(socket: StreamSocket, code: number, reason: string): void {
    if (socket !== this.#socket) return
    const { retry, platform } = this.options
    this.#socket = undefined
    this.#cancelTimer?.()
    socket.close()
    if (finalCodes.has(code)) return this.#fail(refused(code, reason))
    const wasOpen = this.#limits !== undefined
    this.#abandon(lost(reason === '' ? `code ${code}` : reason))
    const delay =
      Math.min(retry.maxMs, retry.initialMs * 2 ** Math.min(this.#attempts++, 16)) * (1 + jitter * (2 * platform.fraction() - 1))
    this.#cancelTimer = platform.after(delay, () => this.#connect())
    if (wasOpen) for (const speaker of [...this.#speakers]) speaker.lost()
  }

  #heard(message: ServerMessage): void {
    this.#heardAt = this.options.platform.now()
    switch (message.type) {
      case 'welcome':
        return this.#welcomed(message.limits)
      case 'ping':
        return this.say({ type: 'pong' })
      case 'pong':
        return
      default:
        if ('request' in message && message.request !== undefined) this.#answered(message.request, message)
        else if ('subscription' in message) this.#toSubscription(message)
    }
  }

  #toSubscription(message: ServerMessage & { subscription?: number }): void {
    for (const speaker of this.#speakers) if (speaker.subscription === message.subscription) speaker.heard?.(message)
  }

  #welcomed(limits: StreamLimits): void {
    this.#cancelTimer?.()
    this.#limits = limits
    this.#attempts = 0
    this.#beat(limits.idleMs / 3)
    for (const speaker of [...this.#speakers]) speaker.opened()
  }

  /** Asks the broker whether it is there, and gives the connection up where it is not. */
  #beat(everyMs: number): void {
    const { platform } = this.options
    const socket = this.#socket as StreamSocket
    this.#cancelTimer = platform.after(everyMs, () => {
      if (platform.now() - this.#heardAt > 2 * everyMs) return this.#ended(socket, brokenCode, 'nothing is heard of the broker')
      this.say({ type: 'ping' })
      return this.#beat(everyMs)
    })
  }

  #answered(request: number, message: ServerMessage): void {
    const waiting = this.#waiting.get(request)
    this.#waiting.delete(request)
    if (message.type === 'error') waiting?.reject(errorOfMessage(message))
    else waiting?.resolve(message)
  }
}

export function errorOfMessage({ code, message, retriable, topic, partition }: Extract<ServerMessage, { type: 'error' }>): ClientError {
  return new ClientError(code, message, { retriable, ...(topic !== undefined && { topic }), ...(partition !== undefined && { partition }) })
}

function lost(why: string): ClientError {
  return new ClientError('CONNECTION_LOST', `the stream's connection is lost: ${why}`, { retriable: true })
}

function refused(code: number, reason: string): ClientError {
  const name = code === CloseCode.UNAUTHORIZED ? 'UNAUTHORIZED' : 'STREAM_REFUSED'
  return new ClientError(name, `the broker closed the stream (${code}): ${reason}`)
}

/** `ws://host:port`, or with a path where a proxy puts it elsewhere. */
function endpointOf(url: string): string {
  const parsed = new URL(url)
  if (parsed.pathname === '/') parsed.pathname = streamPath
  return parsed.href
}
