/**
 * TCP as a broker and its clients meet it: bytes in order or not at all, cut anywhere, late, stuck, cut off, or gone without a word.
 * Owns: every connection of the world, both ends. Never: reorders the bytes of one connection (between connections it does).
 * It is as strict as the real one allows: what is given to `write` is read only when the window has room, so a chunk changed too soon goes
 * out changed; and received bytes are overwritten as soon as the handler returns.
 */
import type { Address, Connection, ConnectionHandler, Listener, Network } from '../../../broker/platform/network.ts'
import { ConnectionError, Endpoint } from './endpoint.ts'
import type { SimulatedProcess } from './process.ts'
import type { SeededRandom } from './random.ts'
import { Crashed, type Micros, type Scheduler } from './scheduler.ts'

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
    // Code of a process that died in this turn goes on to its end, and would hold the port for ever.
    if (!process.alive) return Promise.reject(new Crashed(process.name))
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
