/**
 * A TCP proxy that knows Kafka's frames and does to them what a test says: delays, drops, cuts in the middle, silence, nonsense.
 * Owns: its port and the sockets of both sides. Never: reads a message beyond its header.
 * A broker that is to be reached through it alone gives the proxy's address as its own (`advertised.listeners`).
 */
import { once } from 'node:events'
import * as net from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { FrameCutter } from '../../client/protocol/frame.ts'

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
  | { readonly lateMs: number }

/** Says what becomes of a request of this API. */
export type Plan = (apiKey: number) => Fault | undefined

interface Link {
  readonly near: net.Socket
  readonly far: net.Socket
  /** What waits for an answer. */
  readonly faults: (Fault | undefined)[]
  isDeaf: boolean
  isMute: boolean
}

const frameBytesMax = 2 ** 30
const sizeBytes = 4

export class FaultProxy {
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()
  #target = 0
  #isRefusing = false
  plan: Plan = () => undefined
  /** How many have come. */
  connections = 0

  private constructor(server: net.Server) {
    this.#server = server
  }

  /** Listens; whoever comes before there is a target is turned away. */
  static async start(): Promise<FaultProxy> {
    const server = net.createServer()
    const proxy = new FaultProxy(server)
    server.on('connection', (near) => proxy.#join(near))
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
    this.#isRefusing = true
    this.cut()
  }

  accept(): void {
    this.#isRefusing = false
  }

  /** All connections break, with whatever was under way. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(near: net.Socket): void {
    this.connections++
    near.on('error', () => undefined)
    if (this.#isRefusing || this.#target === 0) return void near.resetAndDestroy()
    const far = net.connect(this.#target, '127.0.0.1')
    far.on('error', () => undefined)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.setNoDelay(true)
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
    const link: Link = { near, far, faults: [], isDeaf: false, isMute: false }
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
    const { near, far, faults } = link
    if (link.isDeaf) return
    const fault = this.plan(frame.readInt16BE(sizeBytes))
    if (fault === 'cut before') return void near.resetAndDestroy()
    link.isDeaf = fault === 'swallowed'
    if (link.isDeaf) return
    if (fault === 'cut within the request') {
      far.end(frame.subarray(0, frame.length >> 1))
      return void near.resetAndDestroy()
    }
    faults.push(fault)
    far.write(frame)
  }

  async #answer(frame: Buffer, link: Link): Promise<void> {
    const { near, faults } = link
    const fault = faults.shift()
    link.isMute ||= fault === 'silence'
    if (link.isMute) return
    if (fault === 'cut after') return void near.resetAndDestroy()
    if (fault === 'cut within the answer') return void near.end(frame.subarray(0, frame.length >> 1))
    if (fault === 'another number') frame.writeInt32BE(frame.readInt32BE(sizeBytes) ^ 0x40, sizeBytes)
    if (fault === 'nonsense') frame.fill(0xff, 2 * sizeBytes)
    if (typeof fault === 'object') await after(fault.lateMs)
    if (!near.destroyed) near.write(frame)
  }
}

function withSize(frame: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(sizeBytes + frame.length)
  whole.writeInt32BE(frame.length)
  frame.copy(whole, sizeBytes)
  return whole
}
