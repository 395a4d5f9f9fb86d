/**
 * One client connection: bytes to frames to requests, answers back in the order asked.
 * Owns: the frames that wait, the requests under way, and what is to be sent. Never: knows an API.
 * Bounds: it is not read while a request must wait its turn, while the peer does not take its answers, or while the broker's
 * request memory is used up; so a slow or hostile peer holds one receive buffer's worth of frames, one request and its answer.
 */
import type { BufferPool } from '../../client/protocol/buffer-pool.ts'
import { FrameCutter } from '../../client/protocol/frame.ts'
import type { Millis } from '../platform/clock.ts'
import type { Connection, ConnectionHandler } from '../platform/network.ts'
import type { Outbox, Sender } from './outbox.ts'
import type { RequestMemory } from './request-memory.ts'

/** The closing reason of a connection that the other side ended: nothing to report. */
export const peerClosed = 'the peer closed it'

/** How many requests of one connection may be under way at once. */
const underWayMax = 256

/** While others wait for request memory, who holds some has so long, and then must have sent so much a millisecond. */
export const graceMillis: Millis = 10_000
const bytesPerMilliMin = 1024

/** With so much to send, no request is begun before it is known whether the peer takes it. */
const outBytesMax = 1024 * 1024

/** A request under way; its answer keeps its place in the order. */
export interface Exchange {
  /** The answer's chunks; empty: none is sent; undefined: not yet. */
  answer: readonly Buffer[] | undefined
  /** What to call once the answer has left, or never can. */
  readonly sent: readonly (() => void)[]
  /** Requests of the same kind behind it may start before it is answered. */
  readonly pipelined: boolean
  /** Why the connection ends here instead of an answer, if it does. */
  readonly disconnects?: string | undefined
  /** The peer is gone: nobody waits for the answer any more. */
  abandoned?(): void
}

/** What a connection asks of the server it belongs to. */
export interface Host {
  readonly outbox: Outbox
  readonly memory: RequestMemory
  readonly frameBytesMax: number
  readonly frameBuffers: BufferPool
  readonly metrics: { received(bytes: number): void; sent(bytes: number): void }
  now(): Millis
  /** May this frame's request start behind pipelined ones? */
  isPipelined(frame: Buffer): boolean
  /** Starts a frame's request. Throws what makes the connection unusable. `owned`: the frame's bytes may be kept. */
  begin(frame: Buffer, owned: boolean, connection: ClientConnection): Exchange
  /** A connection waits for request memory that others hold. */
  starved(): void
  gone(connection: ClientConnection, error: Error | undefined): void
}

export class ClientConnection implements ConnectionHandler, Sender {
  readonly id: number
  readonly transport: Connection
  readonly listener: string
  readonly #host: Host
  readonly #cutter: FrameCutter
  readonly #underWay: Exchange[] = []
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #out: Buffer[] = []
  #outBytes = 0
  #sent: (() => void)[] = []
  #marked = false
  /** The peer does not take its answers. */
  #choked = false
  /** A large frame waits for room in the request memory. */
  #starved = false
  #reservedBytes = 0
  #reservedAt: Millis = 0
  #closing: string | undefined
  #closed = false
  #draining = false
  /** The clock when a request last came or an answer last left. */
  lastActive: Millis

  constructor(id: number, transport: Connection, listener: string, host: Host) {
    this.id = id
    this.transport = transport
    this.listener = listener
    this.#host = host
    this.#cutter = new FrameCutter({ bytesMax: host.frameBytesMax, buffers: host.frameBuffers })
    this.lastActive = host.now()
  }

  /** Does it hold request memory for a frame that hardly comes? Not where the frame is left unread because of requests before it. */
  get isHoarding(): boolean {
    if (this.#reservedBytes === 0 || (this.#waiting.length > 0 && !this.#choked)) return false
    const heldMillis = this.#host.now() - this.#reservedAt
    return heldMillis >= graceMillis && this.#cutter.gatheredBytes < heldMillis * bytesPerMilliMin
  }

  /** Why this side closed it, if it did. */
  get closingReason(): string | undefined {
    return this.#closing
  }

  bytes(view: Buffer): void {
    if (this.#closing !== undefined || this.#draining) return
    this.lastActive = this.#host.now()
    this.#host.metrics.received(view.length)
    try {
      this.#cutter.push(view, this.#frame)
    } catch (error) {
      return this.close(error)
    }
    this.#reserve()
  }

  drained(): void {
    this.lastActive = this.#host.now()
    this.#choked = false
    this.#proceed()
  }

  closed(error?: Error): void {
    this.#closed = true
    this.#closing ??= peerClosed
    this.#host.memory.forget(this.#roomAgain)
    this.#host.memory.give(this.#reservedBytes + this.#waitingBytes)
    this.#reservedBytes = this.#waitingBytes = 0
    this.#waiting = []
    this.#cutter.abandon()
    this.#settle()
    this.#host.gone(this, error)
  }

  /** An exchange has its answer: what is answered at the head of the line goes out. */
  answered(exchange: Exchange): void {
    if (this.#closed) {
      for (const done of exchange.sent) done()
      return
    }
    const underWay = this.#underWay
    let count = 0
    for (const next of underWay) {
      if (next.answer === undefined) break
      this.#queue(next)
      count++
    }
    if (count === 0) return
    if (count === underWay.length) underWay.length = 0
    else underWay.splice(0, count)
    if (this.#waiting.length > 0) this.#proceed()
  }

  flush(): void {
    this.#marked = false
    if (this.#closed || this.#closing !== undefined) return this.#settle()
    const sent = this.#sent
    const chunks = this.#out
    const bytes = this.#outBytes
    this.#out = []
    this.#outBytes = 0
    this.#sent = []
    if (chunks.length === 0) {
      for (const done of sent) done()
      return
    }
    this.lastActive = this.#host.now()
    this.#host.metrics.sent(bytes)
    const room = this.transport.write(chunks, sent.length === 0 ? undefined : () => sent.forEach((done) => done()))
    if (!room) {
      this.#choked = true
      this.transport.pause()
    } else if (this.#waiting.length > 0) this.#proceed()
    if (this.#draining && this.#isDone) this.#end()
  }

  /** Closes at once; `reason` is an error or a word for the log. */
  close(reason: unknown): void {
    if (this.#closing !== undefined) return
    this.#closing = reason instanceof Error ? reason.message : String(reason)
    this.transport.destroy()
  }

  /** No more requests are read; what is under way is answered, then the connection ends. */
  drain(): void {
    this.#draining = true
    this.transport.pause()
    if (this.#isDone) this.#end()
  }

  /** What the peer still sends is dropped; reading goes on, to see it close. */
  #end(): void {
    this.transport.end()
    this.transport.resume()
  }

  get #isDone(): boolean {
    return this.#underWay.length === 0 && this.#waiting.length === 0 && this.#out.length === 0
  }

  readonly #frame = (frame: Buffer): void => {
    if (this.#closing !== undefined) return
    if (this.#waiting.length === 0 && this.#mayBegin(frame)) return this.#begin(frame, false)
    this.#waiting.push(Buffer.from(frame))
    this.#waitingBytes += frame.length
    this.#host.memory.take(frame.length)
    this.transport.pause()
  }

  #mayBegin(frame: Buffer): boolean {
    if (this.#choked || this.#outBytes >= outBytesMax) return false
    const underWay = this.#underWay
    if (underWay.length === 0) return true
    if (underWay.length >= underWayMax) return false
    return (underWay[underWay.length - 1] as Exchange).pipelined && this.#host.isPipelined(frame)
  }

  #begin(frame: Buffer, owned: boolean): void {
    let exchange: Exchange
    try {
      exchange = this.#host.begin(frame, owned, this)
    } catch (error) {
      return this.close(error)
    }
    if (exchange.answer !== undefined && this.#underWay.length === 0) this.#queue(exchange)
    else this.#underWay.push(exchange)
  }

  /** Starts what waited, as far as it may. */
  #proceed(): void {
    let begun = 0
    for (const frame of this.#waiting) {
      if (this.#closing !== undefined || !this.#mayBegin(frame)) break
      begun++
      this.#waitingBytes -= frame.length
      this.#host.memory.give(frame.length)
      this.#begin(frame, true)
    }
    if (begun > 0) this.#waiting = this.#waiting.slice(begun)
    this.#resume()
  }

  #resume(): void {
    if (this.#waiting.length === 0 && !this.#choked && !this.#starved && !this.#draining && this.#closing === undefined)
      this.transport.resume()
  }

  #queue(exchange: Exchange): void {
    if (exchange.disconnects !== undefined) {
      this.#waiting = []
      this.flush()
      return this.close(exchange.disconnects)
    }
    for (const chunk of exchange.answer as readonly Buffer[]) {
      this.#out.push(chunk)
      this.#outBytes += chunk.length
    }
    for (const done of exchange.sent) this.#sent.push(done)
    if (this.#marked) return
    this.#marked = true
    this.#host.outbox.mark(this)
  }

  /** A large frame takes its room in the broker's request memory before it is read on. */
  #reserve(): void {
    const { memory } = this.#host
    const expected = this.#cutter.expectedBytes
    if (expected === this.#reservedBytes) return
    memory.give(this.#reservedBytes)
    this.#reservedBytes = 0
    if (expected === 0) return
    if (memory.hasRoom) {
      this.#reservedBytes = expected
      this.#reservedAt = this.#host.now()
      memory.take(expected)
      return
    }
    this.#starved = true
    this.transport.pause()
    memory.whenRoom(this.#roomAgain)
    this.#host.starved()
  }

  readonly #roomAgain = (): void => {
    this.#starved = false
    this.#reserve()
    this.#resume()
  }

  #settle(): void {
    const sent = this.#sent
    this.#sent = []
    this.#out = []
    this.#outBytes = 0
    for (const done of sent) done()
    if (!this.#closed) return
    for (const exchange of this.#underWay.splice(0)) {
      if (exchange.answer === undefined) exchange.abandoned?.()
      else for (const done of exchange.sent) done()
    }
  }
}
