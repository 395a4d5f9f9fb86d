/**
 * Requests out and answers back over one socket, in the order in which they were asked for.
 * Owns: the socket, who waits for which answer, and what waits to be sent. Never: retries, or knows versions, brokers or topics.
 * Invariants: what is asked for first is sent first and answered first; an answer out of turn, a malformed one or one that comes too
 * late ends the channel, and everyone who waits hears the same ClientError.
 */
import type { ClientPlatform, Socket } from '../platform/dial.ts'
import { decode } from '../protocol/compile.ts'
import { FrameCutter } from '../protocol/frame.ts'
import { decodeResponseHeader, encodeRequest } from '../protocol/header.ts'
import { EncodeError, LostFieldError } from '../protocol/malformed.ts'
import type { Input, Message, Of } from '../protocol/schema.ts'
import { ClientError } from './client-error.ts'
import { interruptible, throwIfAborted, within } from './interruption.ts'
import type { ClientMetrics } from './observer.ts'
import type { AttemptOptions } from './patience.ts'
import { notKafka } from './stranger.ts'

export interface ChannelOptions {
  /** `host:port`. */
  readonly broker: string
  readonly clientId: string
  readonly platform: ClientPlatform
  /** An answer that takes longer ends the channel: those behind it would not come either. */
  readonly requestTimeoutMs: number
  readonly metrics: ClientMetrics
  readonly isSecure: boolean
  /** Called once, when it has ended. */
  readonly onLost: () => void
}

interface Waiting {
  readonly correlationId: number
  readonly response: Message
  /** By the answer's frame: most are of the version that was asked for. */
  readonly versionOf: (frame: Buffer) => number
  readonly chunks: readonly Uint8Array[]
  readonly since: number
  readonly resolve: (answer: never) => void
  readonly reject: (error: ClientError) => void
  readonly cancel: () => void
}

interface Queued {
  readonly chunks: readonly Uint8Array[]
  readonly waiting: Waiting | undefined
  readonly taken: (() => void) | undefined
}

export interface ExchangeOptions extends AttemptOptions {
  /** The broker may take so much longer: it waits by itself, for records or for other members. */
  readonly brokerWaitsMs?: number
  /** Goes out though the channel is held. */
  readonly isUrgent?: boolean
  readonly versionOf?: (frame: Buffer) => number
}

/** Above what any answer here can be; and HTTP or TLS, read as a size, passes it. */
const responseBytesMax = 256 * 1024 * 1024
/** Brokers read one request at a time; more than this on the way is no use, and waits here. */
const inFlightMax = 100
const correlationBytes = 4

export class Channel {
  readonly #options: ChannelOptions
  readonly #cutter = new FrameCutter({ bytesMax: responseBytesMax })
  readonly #waiting: Waiting[] = []
  #queued: Queued[] = []
  #socket: Socket | undefined
  #lastCorrelationId = 0
  #lost: ClientError | undefined
  #isHeld = false
  #answers = 0
  #drained: (() => void) | undefined
  #lastUsedAt: number

  constructor(options: ChannelOptions) {
    this.#options = options
    this.#lastUsedAt = options.platform.now()
  }

  /** What the socket is dialled with. */
  readonly handler = {
    bytes: (view: Buffer): void => this.#received(view),
    closed: (error?: Error): void => this.#closed(error),
  }

  begin(socket: Socket): void {
    this.#socket = socket
    if (this.#lost) socket.destroy()
  }

  get lost(): ClientError | undefined {
    return this.#lost
  }

  /** Milliseconds since something was last asked for or answered; 0 while something is. */
  idleMs(): number {
    return this.#waiting.length + this.#queued.length > 0 ? 0 : this.#options.platform.now() - this.#lastUsedAt
  }

  /** How many answers have come. */
  get answers(): number {
    return this.#answers
  }

  /** Throws ClientError; leaves, or is put behind what waits to leave, before this returns. */
  exchange<Q extends Message, S extends Message>(
    request: Q,
    response: S,
    version: number,
    body: Input<Q>,
    { signal, timeoutMs, deadline, brokerWaitsMs = 0, isUrgent = false, versionOf = () => version }: ExchangeOptions = {},
  ): Promise<Of<S>> {
    const { platform, broker } = this.#options
    const requestTimeoutMs = this.#options.requestTimeoutMs + brokerWaitsMs
    try {
      throwIfAborted(signal)
      if (this.#lost) throw this.#lost
      const { correlationId, chunks } = this.#encode(request, version, body)
      const answered = new Promise<Of<S>>((resolve, reject) => {
        const cancel = platform.after(requestTimeoutMs, () => this.fail(this.#silence(request, requestTimeoutMs)))
        const since = platform.now()
        const waiting = { correlationId, response, versionOf, chunks, since, resolve, reject, cancel }
        this.#send({ chunks, waiting, taken: undefined }, isUrgent)
      })
      const heard = signal ? interruptible(answered, signal) : answered
      const began = platform.now()
      const late = () => {
        const why = `${request.name} got no answer from ${broker} in ${platform.now() - began} ms`
        return new ClientError('REQUEST_TIMED_OUT', why, { retriable: true, broker })
      }
      if (deadline) return deadline.bound(heard, late)
      return timeoutMs === undefined || timeoutMs >= requestTimeoutMs ? heard : within(heard, timeoutMs, platform, late)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** A request that has no answer. Resolves when the system has taken it, or the channel is lost. */
  tell<Q extends Message>(request: Q, version: number, body: Input<Q>): Promise<void> {
    if (this.#lost) return Promise.reject(this.#lost)
    const { chunks } = this.#encode(request, version, body)
    return new Promise((resolve, reject) => {
      const taken = () => (this.#lost ? reject(this.#lost) : resolve())
      this.#send({ chunks, waiting: undefined, taken }, false)
    })
  }

  /** Nothing but what is urgent leaves until `resume`. */
  hold(): void {
    this.#isHeld = true
  }

  resume(): void {
    this.#isHeld = false
    this.#flush()
  }

  /** Everyone who waits hears `error`, and so does whoever asks for something from now on. */
  fail(error: ClientError): void {
    if (this.#lost) return
    this.#lost = error
    const { metrics, broker } = this.#options
    if (this.#socket) metrics.connection?.(broker, 'closed')
    const orphans = [...this.#waiting.splice(0), ...this.#queued.flatMap(({ waiting }) => waiting ?? [])]
    const untold = this.#queued.flatMap(({ taken }) => taken ?? [])
    this.#queued = []
    for (const waiting of orphans) this.#giveUp(waiting, error)
    for (const taken of untold) taken()
    this.#drained?.()
    this.#socket?.destroy()
    this.#options.onLost()
  }

  /** Resolves when nothing is under way any more. */
  async drained(): Promise<void> {
    if (this.#lost || this.#waiting.length + this.#queued.length === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#drained = resolve
    await promise
  }

  #encode<Q extends Message>(request: Q, version: number, body: Input<Q>): { correlationId: number; chunks: readonly Uint8Array[] } {
    const correlationId = (this.#lastCorrelationId + 1) & 0x7fffffff
    try {
      const chunks = encodeRequest(request, version, { correlationId, clientId: this.#options.clientId }, body)
      this.#lastCorrelationId = correlationId
      return { correlationId, chunks }
    } catch (cause) {
      if (!(cause instanceof EncodeError)) throw cause
      const why = `${request.name} cannot be asked of ${this.#options.broker}: ${cause.message}`
      // Either the broker is too old for what is asked, or the caller gave what no version can say.
      const code = cause instanceof LostFieldError ? 'UNSUPPORTED_VERSION' : 'INVALID_REQUEST'
      throw new ClientError(code, why, { broker: this.#options.broker, cause })
    }
  }

  #send(queued: Queued, isUrgent: boolean): void {
    if (isUrgent || (!this.#isHeld && this.#queued.length === 0 && this.#waiting.length < inFlightMax)) this.#write(queued)
    else this.#queued.push(queued)
  }

  #flush(): void {
    while (!this.#isHeld && this.#waiting.length < inFlightMax) {
      const next = this.#queued.shift()
      if (!next) return
      this.#write(next)
    }
  }

  #write({ chunks, waiting, taken }: Queued): void {
    const { metrics, broker, platform } = this.#options
    this.#lastUsedAt = platform.now()
    if (waiting) this.#waiting.push(waiting)
    if (metrics.sent)
      metrics.sent(
        broker,
        chunks.reduce((bytes, chunk) => bytes + chunk.length, 0),
      )
    this.#socket?.write(chunks, taken)
  }

  #received(view: Buffer): void {
    this.#options.metrics.received?.(this.#options.broker, view.length)
    const first = this.#answers === 0 ? Buffer.from(view.subarray(0, 64)) : undefined
    try {
      this.#cutter.push(view, this.#answered)
    } catch (cause) {
      this.fail(this.#malformed(cause, this.#answers === 0 ? first : undefined))
    }
    this.#flush()
  }

  readonly #answered = (frame: Buffer, isOwned: boolean): void => {
    if (this.#lost) return
    if (frame.length < correlationBytes) throw new Error(`an answer of ${frame.length} bytes`)
    const correlationId = frame.readInt32BE(0)
    const [waiting] = this.#waiting
    if (waiting?.correlationId !== correlationId)
      throw new Error(`answer ${correlationId} came for request ${waiting?.correlationId ?? 'none'}`)
    // Answers hold views of the frame, and outlive the receive buffer.
    const kept = isOwned ? frame : Buffer.from(frame)
    const { response } = waiting
    const version = waiting.versionOf(kept)
    const { size } = decodeResponseHeader(kept, response.key, version)
    const answer = decode(response, version, kept, size)
    this.#waiting.shift()
    this.#answers++
    const { metrics, broker, platform } = this.#options
    this.#lastUsedAt = platform.now()
    metrics.request?.(nameOf(response), broker, this.#lastUsedAt - waiting.since, undefined)
    waiting.cancel()
    waiting.resolve(answer as never)
    if (this.#drained && this.#waiting.length + this.#queued.length === 0) this.#drained()
  }

  #giveUp({ response, since, cancel, reject }: Waiting, error: ClientError): void {
    const { metrics, broker, platform } = this.#options
    metrics.request?.(nameOf(response), broker, platform.now() - since, error.code)
    cancel()
    reject(error)
  }

  #malformed(cause: unknown, first: Buffer | undefined): ClientError {
    const { broker, isSecure } = this.#options
    const why = first ? notKafka(first, isSecure) : cause instanceof Error ? cause.message : String(cause)
    return new ClientError('MALFORMED_RESPONSE', `${broker} answered what is not Kafka's protocol: ${why}`, { broker, cause })
  }

  #silence({ name }: Message, waitedMs: number): ClientError {
    const { broker, isSecure } = this.#options
    const hint =
      this.#answers > 0 ? '' : `. It takes connections and says nothing: is it Kafka's port${isSecure ? '' : ', and without TLS'}?`
    const why = `${name} got no answer from ${broker} in ${waitedMs} ms${hint}`
    return new ClientError('REQUEST_TIMED_OUT', why, { retriable: true, broker })
  }

  /** What is served is told to everyone; then a broker ends what it does not like. */
  #listenerHint(isSecure: boolean): string {
    if (this.#answers > 1) return ''
    if (this.#answers === 1) return ' after its first answer: does this listener want SASL?'
    return ` before it answered anything: does this listener want ${isSecure ? '' : 'TLS or '}SASL?`
  }

  #closed(cause: Error | undefined): void {
    const { broker, isSecure } = this.#options
    const reason = cause ? `: ${cause.message}` : ''
    const isTls = cause !== undefined && 'code' in cause && String(cause.code).startsWith('ERR_SSL')
    if (isTls) return this.fail(new ClientError('TLS_FAILED', `${broker} ends TLS${reason}`, { broker, cause }))
    const why = `the connection to ${broker} is lost${reason}${this.#listenerHint(isSecure)}`
    this.fail(new ClientError('CONNECTION_LOST', why, { retriable: true, broker, cause }))
  }
}

function nameOf({ name }: Message): string {
  return name.replace(/Response$/, '')
}
