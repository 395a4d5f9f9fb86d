/**
 * The listeners of a broker and the connections they took.
 * Owns: who is connected, `max.connections`, idle timeouts, and the orderly end. Never: reads a request.
 */
import { BufferPool } from '../../client/protocol/buffer-pool.ts'
import type { Clock, Millis, Timer } from '../platform/clock.ts'
import type { Address, Connection, Listener, Network } from '../platform/network.ts'
import { ClientConnection, graceMillis, type Host, peerClosed } from './connection.ts'
import type { Dispatcher, RequestMetrics } from './dispatch.ts'
import { Outbox } from './outbox.ts'
import { RequestMemory } from './request-memory.ts'

export interface ServerSettings {
  readonly frameBytesMax: number
  readonly requestMemoryBytesMax: number
  readonly connectionsMax: number
  readonly connectionsPerHostMax: number
  /** By address, instead of the number for all. */
  readonly connectionsOfHostMax: ReadonlyMap<string, number>
  readonly idleMillisMax: Millis
}

/** What the server counts, bytes beside requests. */
export interface TrafficMetrics extends RequestMetrics {
  received(bytes: number): void
  sent(bytes: number): void
}

export interface ServerOptions {
  readonly network: Network
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  readonly metrics: TrafficMetrics
  /** As they stand when asked: limits on connections may change while it runs. */
  settings(): ServerSettings
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** Memory in which frames are gathered, kept for the next ones, all connections together. */
const frameBufferBytesKept = 16 * 1024 * 1024
const idleSweepsPerTimeout = 4
const idleSweepMillisMin = 100
/** How long a closing broker waits for answers to leave. */
const drainMillisMax: Millis = 5_000
/** How often, at most, the log says that connections are turned away. */
const refusalLogMillis: Millis = 10_000

export class Server implements Host {
  readonly outbox = new Outbox()
  readonly memory: RequestMemory
  readonly frameBytesMax: number
  readonly frameBuffers = new BufferPool(frameBufferBytesKept)
  readonly #options: ServerOptions
  readonly #connections = new Map<number, ClientConnection>()
  readonly #perHost = new Map<string, number>()
  readonly #listeners: Listener[] = []
  #lastId = 0
  #sweep: Timer | undefined
  #hoardCheck: Timer | undefined
  #refusalLoggedAt = Number.NEGATIVE_INFINITY
  #draining: (() => void) | undefined
  #closing = false

  constructor(options: ServerOptions) {
    this.#options = options
    const { requestMemoryBytesMax, frameBytesMax } = options.settings()
    this.memory = new RequestMemory(requestMemoryBytesMax)
    this.frameBytesMax = frameBytesMax
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  get metrics(): TrafficMetrics {
    return this.#options.metrics
  }

  now(): Millis {
    return this.#options.clock.monotonic()
  }

  /** Listens; the address it really has. */
  async listen(name: string, address: Address): Promise<Address> {
    const listener = await this.#options.network.listen(address, (transport) => this.#accept(transport, name))
    this.#listeners.push(listener)
    if (!this.#sweep) this.#scheduleSweep()
    return listener.address
  }

  isPipelined(frame: Buffer): boolean {
    return this.#options.dispatcher.isPipelined(frame)
  }

  begin(frame: Buffer, owned: boolean, connection: ClientConnection) {
    return this.#options.dispatcher.begin(frame, owned, connection)
  }

  /** Who announces a large request and does not send it would keep everyone else from sending theirs. */
  starved(): void {
    this.#hoardCheck ??= this.#options.clock.after(graceMillis, () => {
      this.#hoardCheck = undefined
      if (!this.memory.hasWaiters) return
      for (const connection of this.#connections.values()) {
        if (connection.isHoarding) connection.close('it held request memory that others waited for, and sent too slowly')
      }
      this.starved()
    })
  }

  gone(connection: ClientConnection, error: Error | undefined): void {
    if (!this.#connections.delete(connection.id)) return
    const host = hostOf(connection.transport)
    const left = (this.#perHost.get(host) ?? 1) - 1
    if (left === 0) this.#perHost.delete(host)
    else this.#perHost.set(host, left)
    const { closingReason } = connection
    if (closingReason !== undefined && closingReason !== peerClosed) {
      this.#options.logger.warn({ peer: connection.transport.remote, reason: closingReason, error: error?.message }, 'connection closed')
    }
    if (this.#connections.size === 0) this.#draining?.()
  }

  /** No new connections, no new requests; what was asked is answered, within a bound. */
  async close(): Promise<void> {
    this.#closing = true
    this.#sweep?.cancel()
    this.#hoardCheck?.cancel()
    const closed = this.#listeners.map((listener) => listener.close())
    for (const connection of this.#connections.values()) connection.drain()
    await this.#drained()
    for (const connection of this.#connections.values()) connection.transport.destroy()
    await Promise.all(closed)
  }

  #drained(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(drainMillisMax, resolve)
      this.#draining = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  #accept(transport: Connection, listener: string) {
    const connection = new ClientConnection(++this.#lastId, transport, listener, this)
    const host = hostOf(transport)
    const fromHost = (this.#perHost.get(host) ?? 0) + 1
    const { connectionsMax, connectionsPerHostMax, connectionsOfHostMax } = this.#options.settings()
    const fromHostMax = connectionsOfHostMax.get(host) ?? connectionsPerHostMax
    if (this.#closing || this.#connections.size >= connectionsMax || fromHost > fromHostMax) {
      this.#logRefusal(host)
      transport.destroy()
      return connection
    }
    this.#connections.set(connection.id, connection)
    this.#perHost.set(host, fromHost)
    return connection
  }

  #logRefusal(host: string): void {
    if (this.now() - this.#refusalLoggedAt < refusalLogMillis) return
    this.#refusalLoggedAt = this.now()
    this.#options.logger.warn(
      { host, connections: this.#connections.size },
      'connection refused: max.connections or max.connections.per.ip reached',
    )
  }

  #scheduleSweep(): void {
    const { idleMillisMax } = this.#options.settings()
    if (idleMillisMax < 0 || this.#closing) return
    this.#sweep = this.#options.clock.after(Math.max(idleSweepMillisMin, idleMillisMax / idleSweepsPerTimeout), () => {
      const oldest = this.now() - idleMillisMax
      for (const connection of this.#connections.values()) {
        if (connection.lastActive < oldest) connection.close('idle longer than connections.max.idle.ms')
      }
      this.#scheduleSweep()
    })
  }
}

/** A socket that takes both families names an IPv4 peer in the clothes of IPv6. */
function hostOf({ remote: { host } }: Connection): string {
  return host.startsWith('::ffff:') && host.includes('.') ? host.slice('::ffff:'.length) : host
}
