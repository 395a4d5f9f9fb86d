/**
 * A proxy between a client and a broker that does to what passes what a test says: delays, drops, cuts in the middle, silence, nonsense.
 * Owns: its port, the sockets of both sides, and TLS towards the client where it is given a certificate.
 * Carries Kafka's frames, or bytes of which it knows nothing. Never: reads a message beyond its header, but where a fault edits an answer.
 * A broker that is to be reached through it alone gives the proxy's address as its own (`advertised.listeners`).
 */
import { once } from 'node:events'
import * as net from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import * as tls from 'node:tls'
import { FrameCutter } from '../../client/protocol/frame.ts'
import { type Edit, edited } from './edited-answer.ts'

/** What becomes of one request. The connection ends with each `cut`. */
export type Fault =
  /** It never reaches the broker. */
  | 'cut before'
  | 'cut within the request'
  /** The broker does what it asks, and nobody hears of it. */
  | 'cut after'
  | 'cut within the answer'
  /** It never reaches the broker, nor does what comes after it: the connection is half open. */
  | 'swallowed'
  /** Done, and never answered, nor is what comes after it. */
  | 'silence'
  /** Answered as if another had been asked. */
  | 'another number'
  | 'nonsense'
  /** Whole by its size, and yet not all of it. */
  | 'truncated'
  | { readonly lateMs: number }
  /** So many bytes of the answer come, size included; then the connection is reset, or ended as by a broker that closes. */
  | { readonly bytes: number; readonly by: 'reset' | 'end' }
  /** The size that stands before the answer. */
  | { readonly size: number }
  /** What comes in place of the answer, as it is. */
  | { readonly instead: Uint8Array }
  /** The answer is decoded, changed and encoded again. */
  | { readonly edit: Edit }

/** Says what becomes of a request of this API. */
export type Plan = (apiKey: number) => Fault | undefined

/** What whoever connects meets: the broker, a reset, an end, nobody who says anything, or a greeting of this kind, in answer to the first bytes. */
export type Door = 'open' | 'reset' | 'end' | 'silent' | { readonly says: Uint8Array }

export interface FaultProxyOptions {
  /** The broker; where none is given yet, whoever comes is turned away. */
  readonly target?: number
  readonly carries?: 'frames' | 'bytes'
  /** Taken off: the broker has none. */
  readonly tls?: tls.TlsOptions
}

interface Link {
  readonly near: net.Socket
  readonly far: net.Socket
  /** What waits for an answer. */
  readonly asked: { readonly fault: Fault | undefined; readonly apiKey: number; readonly apiVersion: number }[]
  isDeaf: boolean
  isMute: boolean
}

const frameBytesMax = 2 ** 30
const sizeBytes = 4

export class FaultProxy {
  readonly #server: net.Server
  readonly #carries: 'frames' | 'bytes'
  readonly #near = new Set<net.Socket>()
  readonly #far = new Set<net.Socket>()
  #target: number
  plan: Plan = () => undefined
  door: Door = 'open'
  /** How many have come. */
  connections = 0
  /** How many requests met a fault. */
  faults = 0
  /** Resolves when the first has. */
  readonly met: Promise<void>
  #meet = () => {}

  private constructor(server: net.Server, { target = 0, carries = 'frames' }: FaultProxyOptions) {
    this.#server = server
    this.#target = target
    this.#carries = carries
    this.met = new Promise((resolve) => {
      this.#meet = resolve
    })
  }

  static async start(options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const server = options.tls ? tls.createServer(options.tls) : net.createServer()
    const proxy = new FaultProxy(server, options)
    server.on(options.tls ? 'secureConnection' : 'connection', (near: net.Socket) => proxy.#join(near))
    server.on('tlsClientError', (_, socket) => socket.destroy())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Connections of clients that are open. */
  get open(): number {
    return this.#near.size
  }

  set target(port: number) {
    this.#target = port
  }

  /** The next `count` requests of the API meet the fault. */
  once(apiKey: number, fault: Fault, count = 1): void {
    let left = count
    this.plan = (key) => (key === apiKey && left > 0 && left-- > 0 ? fault : undefined)
  }

  /** Who connects is turned away at once, until `accept`. */
  refuse(): void {
    this.door = 'reset'
    this.cut()
  }

  accept(): void {
    this.door = 'open'
  }

  /** All connections break, with whatever was under way. */
  cut(): void {
    for (const socket of [...this.#near, ...this.#far]) socket.resetAndDestroy()
  }

  close(): void {
    this.#server.close()
    for (const socket of [...this.#near, ...this.#far]) socket.destroy()
  }

  #join(near: net.Socket): void {
    this.connections++
    keep(near, this.#near)
    if (this.#target === 0) return void near.resetAndDestroy()
    if (this.door !== 'open') return receive(near, this.door)
    const far = net.connect(this.#target, '127.0.0.1')
    keep(far, this.#far)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    if (this.#carries === 'bytes') {
      near.pipe(far)
      far.pipe(near)
      return
    }
    const link: Link = { near, far, asked: [], isDeaf: false, isMute: false }
    this.#carry(near, (frame) => this.#request(frame, link))
    this.#carry(far, (frame) => this.#answer(frame, link))
  }

  /** One frame after another. */
  #carry(from: net.Socket, take: (frame: Buffer) => void | Promise<void>): void {
    const cutter = new FrameCutter({ bytesMax: frameBytesMax })
    let turn: Promise<void> = Promise.resolve()
    from.on('data', (bytes: Buffer) =>
      cutter.push(bytes, (frame) => {
        const kept = withSize(frame)
        turn = turn.then(() => take(kept))
      }),
    )
  }

  #request(frame: Buffer, link: Link): void {
    const { near, far } = link
    if (link.isDeaf) return
    const apiKey = frame.readInt16BE(sizeBytes)
    const fault = this.plan(apiKey)
    if (fault !== undefined) {
      this.faults++
      this.#meet()
    }
    if (fault === 'cut before') return void near.resetAndDestroy()
    link.isDeaf = fault === 'swallowed'
    if (link.isDeaf) return
    if (fault === 'cut within the request') {
      far.end(frame.subarray(0, frame.length >> 1))
      return void near.resetAndDestroy()
    }
    link.asked.push({ fault, apiKey, apiVersion: frame.readInt16BE(sizeBytes + 2) })
    far.write(frame)
  }

  async #answer(frame: Buffer, link: Link): Promise<void> {
    const { near, asked } = link
    const { fault, apiKey, apiVersion } = asked.shift() ?? { fault: undefined, apiKey: 0, apiVersion: 0 }
    link.isMute ||= fault === 'silence'
    if (link.isMute) return
    if (fault === undefined) return write(near, frame)
    if (typeof fault === 'object') {
      if ('lateMs' in fault) await after(fault.lateMs)
      else if ('bytes' in fault) {
        link.isMute = true
        return cutAfter(near, frame, fault)
      } else if ('size' in fault) frame.writeInt32BE(fault.size)
      else if ('instead' in fault) return write(near, fault.instead)
      else return write(near, await edited(frame, apiKey, apiVersion, fault.edit))
    }
    if (fault === 'cut after') return void near.resetAndDestroy()
    if (fault === 'cut within the answer') return void near.end(frame.subarray(0, frame.length >> 1))
    if (fault === 'truncated') return write(near, withSize(frame.subarray(sizeBytes, sizeBytes + ((frame.length - sizeBytes) >> 1))))
    if (fault === 'another number') frame.writeInt32BE(frame.readInt32BE(sizeBytes) ^ 0x40, sizeBytes)
    if (fault === 'nonsense') frame.fill(0xff, 2 * sizeBytes)
    write(near, frame)
  }
}

function keep(socket: net.Socket, sockets: Set<net.Socket>): void {
  sockets.add(socket)
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.on('close', () => sockets.delete(socket))
}

function receive(near: net.Socket, door: Exclude<Door, 'open'>): void {
  if (door === 'reset') return void near.resetAndDestroy()
  // What is not read is never seen to end.
  near.resume()
  if (door === 'end') near.end()
  else if (door !== 'silent') near.once('data', () => write(near, door.says))
}

function write(near: net.Socket, bytes: Uint8Array): void {
  if (!near.destroyed) near.write(bytes)
}

function cutAfter(near: net.Socket, frame: Buffer, { bytes, by }: { bytes: number; by: 'reset' | 'end' }): void {
  const part = frame.subarray(0, Math.min(bytes, frame.length - 1))
  if (by === 'end') return void near.end(part)
  near.write(part, () => near.resetAndDestroy())
}

function withSize(frame: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(sizeBytes + frame.length)
  whole.writeInt32BE(frame.length)
  frame.copy(whole, sizeBytes)
  return whole
}
