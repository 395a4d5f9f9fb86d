/**
 * One end of a connection: what waits to be taken, what is under way to it, and what has arrived and was not read.
 * Never: knows of other connections.
 */
import type { Address, Connection, ConnectionHandler } from '../../../broker/platform/network.ts'
import type { SimulatedNetwork } from './network.ts'
import type { SimulatedProcess } from './process.ts'
import type { Micros } from './scheduler.ts'

export class ConnectionError extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.name = 'ConnectionError'
    this.code = code
  }
}

interface Outgoing {
  bytes: Uint8Array
  /** How much of it the system took. */
  taken: number
  sent: (() => void) | undefined
}

/** One end of a connection. */
export class Endpoint implements Connection {
  readonly remote: Address
  readonly local: Address
  readonly process: SimulatedProcess
  peer: Endpoint | undefined
  readonly #network: SimulatedNetwork
  #handler: ConnectionHandler | undefined
  readonly isDialler: boolean
  // What this end sends.
  #queue: Outgoing[] = []
  #buffered = 0
  #needsDrain = false
  #takeIsDue = false
  #ending = false
  #finSent = false
  #lastArrival: Micros = 0
  /** Segments on their way to this end, in order; null is the end of the stream. */
  readonly #inFlight: (Buffer | null)[] = []
  #inFlightBytes = 0
  // What has reached this end.
  #arrived: Buffer[] = []
  #arrivedBytes = 0
  #finArrived = false
  #paused = false
  #handOverIsDue = false
  #closed = false
  readonly #forgetDeath: () => void

  constructor(network: SimulatedNetwork, process: SimulatedProcess, local: Address, remote: Address, isDialler: boolean) {
    this.#network = network
    this.process = process
    this.local = local
    this.remote = remote
    this.isDialler = isDialler
    this.#forgetDeath = process.atDeath(() => this.#die())
  }

  attach(handler: ConnectionHandler): void {
    this.#handler = handler
    this.#handOver()
  }

  get isClosed(): boolean {
    return this.#closed
  }

  get bufferedBytes(): number {
    return this.#buffered
  }

  write(chunks: readonly Uint8Array[], sent?: () => void): boolean {
    if (this.#closed || this.#ending || !this.process.alive) {
      sent?.()
      return true
    }
    for (let index = 0; index < chunks.length; index++) {
      const bytes = chunks[index] as Uint8Array
      this.#queue.push({ bytes, taken: 0, sent: index === chunks.length - 1 ? sent : undefined })
      this.#buffered += bytes.length
    }
    const { traits, random } = this.#network
    if (!this.#takeIsDue) {
      if (random.chance(traits.lateTakeChance)) this.#takeLater(random.magnitude(10, 2000))
      else this.#take()
    }
    const hasRoom = this.#buffered < traits.writeHighWaterBytes
    if (!hasRoom) this.#needsDrain = true
    return hasRoom
  }

  #takeLater(delay: Micros): void {
    if (this.#takeIsDue) return
    this.#takeIsDue = true
    this.#network.scheduler.after(delay, 'take', () => {
      this.#takeIsDue = false
      if (!this.#closed && this.process.alive) this.#take()
    })
  }

  /** The system copies what the window has room for; only now are the chunks read. */
  #take(): void {
    const peer = this.peer
    if (!peer) return this.#takeLater(1000)
    let room = this.#network.traits.windowBytes - peer.#inFlightBytes - peer.#arrivedBytes
    const segment: Uint8Array[] = []
    const finished: (() => void)[] = []
    let size = 0
    while (this.#queue.length > 0) {
      const head = this.#queue[0] as Outgoing
      const part = head.bytes.subarray(head.taken, head.taken + room)
      if (part.length === 0 && head.bytes.length > head.taken) break
      segment.push(part)
      room -= part.length
      size += part.length
      head.taken += part.length
      if (head.taken < head.bytes.length) break
      this.#queue.shift()
      if (head.sent) finished.push(head.sent)
    }
    this.#buffered -= size
    if (size > 0) this.#send(Buffer.concat(segment, size))
    if (finished.length > 0) {
      this.#tell('sent', () => {
        for (const sent of finished) sent()
      })
    }
    if (this.#queue.length > 0) return
    if (this.#needsDrain) {
      this.#needsDrain = false
      this.#tell('drained', () => {
        if (!this.#closed) this.#handler?.drained()
      })
    }
    if (this.#ending && !this.#finSent) {
      this.#finSent = true
      this.#send(null)
      if (this.#finArrived) this.#close()
    }
  }

  #tell(label: string, act: () => void): void {
    this.process.deliver(this.process.now, label, act)
  }

  #send(segment: Buffer | null): void {
    const peer = this.peer as Endpoint
    const network = this.#network
    if (segment) {
      network.scheduler.trace.bytes(segment)
      peer.#inFlightBytes += segment.length
    }
    peer.#inFlight.push(segment)
    this.#lastArrival = network.arrivalTime(this.#lastArrival)
    network.scheduler.at(this.#lastArrival, 'segment', () => peer.#arrive())
  }

  #arrive(): void {
    if (this.peer && this.#network.isCut(this.process, this.peer.process)) return this.#network.whenHealed(() => this.#arrive())
    const segment = this.#inFlight.shift()
    if (segment === undefined || this.#closed) return
    if (segment === null) this.#finArrived = true
    else {
      this.#inFlightBytes -= segment.length
      this.#arrived.push(segment)
      this.#arrivedBytes += segment.length
    }
    this.#handOver()
  }

  /** Tells the process, once, that something is there to read. */
  #handOver(delay: Micros = 0): void {
    if (this.#handOverIsDue || this.#paused || this.#closed || !this.#handler) return
    if (this.#arrived.length === 0 && !this.#finArrived) return
    this.#handOverIsDue = true
    this.process.deliver(this.#network.scheduler.now + delay, 'bytes', () => {
      this.#handOverIsDue = false
      this.#read()
    })
  }

  #read(): void {
    if (this.#closed || this.#paused || !this.#handler) return
    const { random, traits, receiveBytesMax } = this.#network
    if (this.#arrivedBytes > 0) {
      const bytes = this.#arrived.length === 1 ? (this.#arrived[0] as Buffer) : Buffer.concat(this.#arrived)
      let count = Math.min(bytes.length, receiveBytesMax)
      if (count > 1 && random.chance(traits.splitChance))
        count = random.chance(0.5) ? random.between(1, Math.min(16, count - 1)) : random.between(1, count - 1)
      this.#arrived = count < bytes.length ? [bytes.subarray(count)] : []
      this.#arrivedBytes -= count
      if (this.peer && this.peer.#queue.length > 0) this.peer.#takeLater(random.between(10, 200))
      this.#network.hand(this.#handler, bytes.subarray(0, count))
    }
    if (this.#arrivedBytes > 0) return this.#handOver(random.between(0, 300))
    if (!this.#finArrived || this.#closed) return
    if (this.#finSent) this.#close()
    else this.end()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#handOver()
  }

  end(): void {
    if (this.#closed || this.#ending) return
    this.#ending = true
    this.#take()
  }

  destroy(): void {
    if (this.#closed) return
    const peer = this.peer
    this.#close()
    if (peer) this.#resetLater(peer)
  }

  #resetLater(peer: Endpoint): void {
    const network = this.#network
    const reset = (): void => {
      if (network.isCut(this.process, peer.process)) network.whenHealed(reset)
      else peer.break(new ConnectionError('ECONNRESET'))
    }
    network.scheduler.at(network.arrivalTime(this.#lastArrival), 'reset', reset)
  }

  /** The connection is gone, and this end learns it now. What had not been read is lost. */
  break(error: ConnectionError): void {
    if (!this.#closed) this.#close(error)
  }

  #close(error?: ConnectionError): void {
    this.#closed = true
    this.#forgetDeath()
    this.#network.forget(this)
    const unsent = this.#queue
    this.#queue = []
    this.#buffered = 0
    this.#arrived = []
    this.#arrivedBytes = 0
    this.#tell('closed', () => {
      for (const outgoing of unsent) outgoing.sent?.()
      this.#handler?.closed(error)
    })
  }

  /** The process died: the system resets the connection. */
  #die(): void {
    if (this.#closed) return
    this.#closed = true
    this.#network.forget(this)
    if (this.peer) this.#resetLater(this.peer)
  }
}
