/**
 * TCP as a broker and its clients meet it: bytes in order or not at all, cut anywhere, late, stuck, cut off, or gone without a word.
 * Owns: every connection of the world, both ends. Never: reorders the bytes of one connection (between connections it does).
 * It is as strict as the real one allows: what is given to `write` is read only when the window has room, so a chunk changed too soon goes
 * out changed; and received bytes are overwritten as soon as the handler returns.
 */
import type { Address, Connection, ConnectionHandler, Listener, Network } from '../../../broker/platform/network.ts'
import type { SimulatedProcess } from './process.ts'
import type { SeededRandom } from './random.ts'
import type { Micros, Scheduler } from './scheduler.ts'

/** How this world's network behaves: drawn once per seed. */
export interface NetworkTraits {
  latencyMin: Micros
  latencyMax: Micros
  /** What a connection's receiver takes before the sender must wait. */
  windowBytes: number
  /** Past this much unsent, `write` says false. */
  writeHighWaterBytes: number
  /** That a write waits in the sender before the system takes it. */
  lateTakeChance: number
  /** That what arrived is handed over in two parts. */
  splitChance: number
}

export const calmNetwork: NetworkTraits = {
  latencyMin: 50,
  latencyMax: 200,
  windowBytes: 256 * 1024,
  writeHighWaterBytes: 1024 * 1024,
  lateTakeChance: 0,
  splitChance: 0,
}

/** Deliveries fall on this grid, so that several reach a process in one turn of its loop. */
const gridMicros: Micros = 20

export class ConnectionError extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.name = 'ConnectionError'
    this.code = code
  }
}

/** What a dialling process gets told, besides what any connection's owner does. */
export interface DialHandler extends ConnectionHandler {
  opened(): void
}

interface SimulatedListener {
  process: SimulatedProcess
  isReady: () => boolean
  accept: (connection: Connection) => ConnectionHandler
}

export class SimulatedNetwork {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly traits: NetworkTraits
  readonly #listeners = new Map<number, SimulatedListener>()
  readonly #cut = new Set<string>()
  readonly #waitingForHeal: (() => void)[] = []
  readonly #open = new Set<Endpoint>()
  readonly #receiveBuffer = Buffer.alloc(256 * 1024)
  #portNext = 40_000

  constructor(scheduler: Scheduler, random: SeededRandom, traits: NetworkTraits) {
    this.scheduler = scheduler
    this.random = random
    this.traits = traits
  }

  /** The port through which `process` sees this network. Connections are refused while it is not `ready`. */
  for(process: SimulatedProcess, isReady: () => boolean = () => true): Network {
    return { hostName: process.host, listen: (address, accept) => this.#listen({ process, isReady, accept }, address) }
  }

  #listen(listener: SimulatedListener, address: Address): Promise<Listener> {
    const { process } = listener
    const port = address.port === 0 ? this.#portNext++ : address.port
    if (this.#listeners.has(port)) return Promise.reject(new ConnectionError('EADDRINUSE'))
    this.#listeners.set(port, listener)
    const stop = (): void => void this.#listeners.delete(port)
    const forget = process.atDeath(stop)
    return Promise.resolve({
      address: { host: address.host, port },
      close: () => {
        forget()
        stop()
        return Promise.resolve()
      },
    })
  }

  /** A connection from `process`; the handler is told `opened`, or `closed` where nobody listens. */
  dial(process: SimulatedProcess, port: number, handler: DialHandler): Connection {
    const near: Address = { host: process.host, port: this.#portNext++ }
    const far: Address = { host: '127.0.0.1', port }
    const client = new Endpoint(this, process, near, far, true)
    client.attach(handler)
    this.#afterDelay(() => this.#connect(client, handler, near, far))
    return client
  }

  #connect(client: Endpoint, handler: DialHandler, near: Address, far: Address): void {
    const listener = this.#listeners.get(far.port)
    if (client.isClosed || !client.process.alive) return
    if (!listener?.isReady()) return client.break(new ConnectionError('ECONNREFUSED'))
    if (this.isCut(client.process, listener.process)) {
      const patience = 1_000_000
      this.scheduler.after(patience, 'connect times out', () => client.break(new ConnectionError('ETIMEDOUT')))
      return
    }
    listener.process.deliver(this.scheduler.now, 'accept', () => {
      if (client.isClosed) return
      const server = new Endpoint(this, listener.process, far, near, false)
      server.peer = client
      client.peer = server
      this.#open.add(server)
      this.#open.add(client)
      server.attach(listener.accept(server))
      client.process.deliver(this.arrivalTime(0), 'opened', () => {
        if (!client.isClosed) handler.opened()
      })
    })
  }

  #afterDelay(run: () => void): void {
    this.scheduler.at(this.arrivalTime(0), 'network', run)
  }

  /** When something sent now arrives, no sooner than `earliest`. */
  arrivalTime(earliest: Micros): Micros {
    const { latencyMin, latencyMax } = this.traits
    const at = Math.max(earliest, this.scheduler.now + latencyMin + this.random.fraction() ** 3 * (latencyMax - latencyMin))
    return Math.ceil(at / gridMicros) * gridMicros
  }

  /** Nothing passes between the two hosts until `heal`; nobody is told. */
  partition(hostA: string, hostB: string): void {
    this.#cut.add(`${hostA} ${hostB}`).add(`${hostB} ${hostA}`)
  }

  heal(): void {
    this.#cut.clear()
    for (const resume of this.#waitingForHeal.splice(0)) resume()
  }

  isCut(one: SimulatedProcess, other: SimulatedProcess): boolean {
    return this.#cut.size > 0 && this.#cut.has(`${one.host} ${other.host}`)
  }

  whenHealed(resume: () => void): void {
    this.#waitingForHeal.push(resume)
  }

  /** Breaks one open connection, chosen by chance: both ends learn of it in their own time, or the server's never (half open). */
  breakOne(halfOpen: boolean): void {
    const candidates = [...this.#open].filter((endpoint) => endpoint.isDialler)
    if (candidates.length === 0) return
    const client = this.random.pick(candidates)
    const server = client.peer
    client.break(new ConnectionError('ECONNRESET'))
    if (!halfOpen) this.scheduler.at(this.arrivalTime(0), 'reset', () => server?.break(new ConnectionError('ECONNRESET')))
  }

  /** The process at the other end. */
  peerOf(connection: Connection): SimulatedProcess | undefined {
    return connection instanceof Endpoint ? connection.peer?.process : undefined
  }

  forget(endpoint: Endpoint): void {
    this.#open.delete(endpoint)
  }

  /** Hands `bytes` over in the one receive buffer, and spoils it when the handler has returned. */
  hand(handler: ConnectionHandler, bytes: Buffer): void {
    const view = this.#receiveBuffer.subarray(0, bytes.copy(this.#receiveBuffer))
    try {
      handler.bytes(view)
    } finally {
      view.fill(0xdb)
    }
  }

  get receiveBytesMax(): number {
    return this.#receiveBuffer.length
  }
}

interface Outgoing {
  bytes: Uint8Array
  /** How much of it the system took. */
  taken: number
  sent: (() => void) | undefined
}

/** One end of a connection. */
class Endpoint implements Connection {
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
