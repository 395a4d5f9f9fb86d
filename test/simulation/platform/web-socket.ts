/**
 * The world's WebSockets: pages on one side, whoever serves them on the other.
 * Owns: the sockets, how late each message is, and how they break. Both directions keep their order; of one that broke nothing more arrives anywhere,
 * but one of its ends may learn of it late.
 */
import type { WebSocketHandler, WebSocketPeer, WebSocketService } from '../../../broker/platform/web-socket.ts'
import type { StreamSocket, StreamSocketHandler } from '../../../client/platform/stream-socket.ts'
import type { SimulatedProcess } from './process.ts'
import type { SeededRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** Is told of everything that is said, at the moment given. */
export interface Overhearer {
  /** What a page says, when it says it, and again when the broker hears it. */
  said(socket: number, message: Uint8Array): void
  heard(socket: number, message: Uint8Array): void
  /** What the broker says, when it says it, and again when the page hears it. */
  sent(socket: number, message: Uint8Array): void
  arrived(socket: number, message: Uint8Array): void
  /** One end is told, first of the two. */
  broke(socket: number): void
}

interface Service {
  readonly process: SimulatedProcess
  readonly gateway: Pick<WebSocketService, 'admit'>
}

const brokenCode = 1006

export class SimulatedWebSockets {
  readonly #scheduler: Scheduler
  readonly #random: SeededRandom
  readonly #overhearer: Overhearer
  readonly #open = new Set<Wire>()
  #service: Service | undefined
  #count = 0

  constructor(scheduler: Scheduler, random: SeededRandom, overhearer: Overhearer) {
    this.#scheduler = scheduler
    this.#random = random
    this.#overhearer = overhearer
  }

  /** Sockets there have been. */
  get count(): number {
    return this.#count
  }

  /** Newcomers go there, until the process dies. */
  serve(process: SimulatedProcess, gateway: Service['gateway']): void {
    this.#service = { process, gateway }
    process.atDeath(() => {
      this.#service = undefined
    })
  }

  connect(page: SimulatedProcess, subprotocol: string, handler: StreamSocketHandler): StreamSocket {
    const number = ++this.#count
    const random = this.#random.fork(`socket ${number}`)
    const wire = new Wire(number, { page, handler, random, overhearer: this.#overhearer })
    this.#open.add(wire)
    const unlisten = page.atDeath(() => wire.break(brokenCode))
    wire.whenBroken(() => {
      this.#open.delete(wire)
      unlisten()
    })
    this.#scheduler.after(random.magnitude(50, 20_000), 'connect', () => this.#admit(wire, page, subprotocol))
    return { send: (message) => wire.say(message), close: () => wire.break(brokenCode) }
  }

  #admit(wire: Wire, page: SimulatedProcess, subprotocol: string): void {
    const service = this.#service
    const request = { path: '/v1/stream', origin: undefined, host: 'broker', subprotocols: [subprotocol], peer: page.host }
    const admitted = service?.gateway.admit(request)
    if (!service || typeof admitted !== 'object') return wire.break(brokenCode)
    const unlisten = service.process.atDeath(() => wire.break(brokenCode))
    wire.whenBroken(unlisten)
    service.process.deliver(this.#scheduler.now, 'open', () => wire.open(service.process, (peer) => admitted.open(peer)))
  }

  /** Some that are open break, each with this probability. */
  cut(chance: number, lateMicrosMax: number): void {
    for (const wire of [...this.#open]) {
      if (!this.#random.chance(chance)) continue
      const late = this.#random.chance(0.3) ? this.#random.magnitude(1_000, lateMicrosMax) : 0
      wire.break(brokenCode, '', this.#random.chance(0.5) ? { page: late, broker: 0 } : { page: 0, broker: late })
    }
  }
}

interface WireOptions {
  readonly page: SimulatedProcess
  readonly handler: StreamSocketHandler
  readonly random: SeededRandom
  readonly overhearer: Overhearer
}

class Wire {
  readonly #number: number
  readonly #options: WireOptions
  #broker: SimulatedProcess | undefined
  #server: WebSocketHandler | undefined
  /** Said and not heard. Who is busy hears later, and still in this order. */
  readonly #toBroker: Uint8Array[] = []
  readonly #toPage: Uint8Array[] = []
  #unsentBytes = 0
  #pageHearsAt = 0
  #brokerHearsAt = 0
  #isBroken = false
  readonly #whenBroken: (() => void)[] = []

  constructor(number: number, options: WireOptions) {
    this.#number = number
    this.#options = options
  }

  whenBroken(act: () => void): void {
    if (this.#isBroken) act()
    else this.#whenBroken.push(act)
  }

  open(broker: SimulatedProcess, open: (peer: WebSocketPeer) => WebSocketHandler): void {
    if (this.#isBroken) return
    const { page, handler } = this.#options
    this.#broker = broker
    const unsent = () => this.#unsentBytes
    this.#server = open({
      send: (message) => this.#send(message as Uint8Array),
      sendFrame: (frame) => this.#send(payloadOf(frame)),
      get unsentBytes() {
        return unsent()
      },
      close: (code, reason) => this.break(code, reason),
    })
    page.deliver(this.#later('page'), 'opened', () => {
      if (!this.#isBroken) handler.opened()
    })
  }

  say(message: Uint8Array): void {
    if (this.#isBroken) return
    const { overhearer } = this.#options
    this.#toBroker.push(message.slice())
    overhearer.said(this.#number, message)
    this.#broker?.deliver(this.#later('broker'), 'to broker', () => {
      const next = this.#toBroker.shift()
      if (this.#isBroken || !next) return
      overhearer.heard(this.#number, next)
      this.#server?.message(next)
    })
  }

  /** @param late how long after, in microseconds, its ends learn of it. */
  break(code: number, reason = '', late = { page: 0, broker: 0 }): void {
    if (this.#isBroken) return
    this.#isBroken = true
    const { page, handler, overhearer } = this.#options
    overhearer.broke(this.#number)
    for (const act of this.#whenBroken.splice(0)) act()
    page.deliver(page.now + late.page, 'broken', () => handler.closed(code, reason))
    this.#broker?.deliver(this.#broker.now + late.broker, 'gone', () => this.#server?.closed())
  }

  #send(message: Uint8Array): void {
    const { page, handler, overhearer } = this.#options
    if (!this.#isBroken) overhearer.sent(this.#number, message)
    this.#toPage.push(message.slice())
    this.#unsentBytes += message.length
    page.deliver(this.#later('page'), 'to page', () => {
      const next = this.#toPage.shift() as Uint8Array
      this.#unsentBytes -= next.length
      if (this.#isBroken) return
      overhearer.arrived(this.#number, next)
      handler.message(next)
      this.#broker?.deliver(this.#broker.now, 'drained', () => this.#server?.drained())
    })
  }

  #later(side: 'page' | 'broker'): number {
    const { page, random } = this.#options
    const at = page.scheduler.now + random.magnitude(20, 50_000)
    if (side === 'page') return (this.#pageHearsAt = Math.max(this.#pageHearsAt + 1, at))
    return (this.#brokerHearsAt = Math.max(this.#brokerHearsAt + 1, at))
  }
}

function payloadOf(frame: Uint8Array): Uint8Array {
  const length = (frame[1] as number) & 0x7f
  return frame.subarray(length < 126 ? 2 : length === 126 ? 4 : 10)
}
