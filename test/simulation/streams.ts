/**
 * A small world of streams from one seed: a broker that is killed and starts again, WebSockets that are late and break, a page that writes and one
 * that reads. The broker's gateway and the browser's client are the real ones; time, chance, disk and sockets are simulated.
 * Owns: the broker's lives, the sockets between, and the verdict: each record once, in order, and none told written that isn't.
 */
import { createTopics } from '../../broker/api/create-topics.ts'
import type { RequestContext } from '../../broker/api/handler.ts'
import { Broker } from '../../broker/broker.ts'
import { Settings } from '../../broker/config/settings.ts'
import { Gateway } from '../../broker/gateway/gateway.ts'
import { silentLogger } from '../../broker/metrics/logger.ts'
import type { WebSocketHandler, WebSocketPeer } from '../../broker/platform/web-socket.ts'
import type { StreamPlatform, StreamSocketHandler } from '../../client/platform/stream-socket.ts'
import { text } from '../../client/serde/serde.ts'
import { StreamClient } from '../../client/stream/stream-client.ts'
import { SimulatedClock, WallClock } from './platform/clock.ts'
import { calmDisk, SimulatedDisk } from './platform/disk.ts'
import { calmNetwork, SimulatedNetwork } from './platform/network.ts'
import { SimulatedProcess } from './platform/process.ts'
import { SeededRandom } from './platform/random.ts'
import { Scheduler } from './platform/scheduler.ts'
import { steppedWorkers } from './platform/stepped-workers.ts'
import { Trace } from './platform/trace.ts'
import { Violation } from './violation.ts'

const topic = 'streamed'
const eventsMax = 300_000
const brokenCode = 1006

interface Life {
  readonly process: SimulatedProcess
  readonly gateway: Gateway
}

export interface StreamOutcome {
  readonly hash: string
  readonly records: number
  readonly lives: number
  readonly connections: number
}

export class StreamWorld {
  readonly #random: SeededRandom
  readonly #trace: Trace
  readonly #scheduler: Scheduler
  readonly #network: SimulatedNetwork
  readonly #disk: SimulatedDisk
  readonly #wall = new WallClock(0)
  readonly #sockets = new Set<() => void>()
  #life: Life | undefined
  #lives = 0
  #connections = 0
  #isTroubled = true

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#trace = new Trace()
    this.#scheduler = new Scheduler(this.#random.fork('scheduler'), this.#trace)
    this.#network = new SimulatedNetwork(this.#scheduler, this.#random.fork('network'), calmNetwork)
    this.#disk = new SimulatedDisk(this.#scheduler, this.#random.fork('disk'), calmDisk)
  }

  /** The whole story. Throws the first violation. */
  async run(): Promise<StreamOutcome> {
    const count = this.#random.between(20, 200)
    let isOver = false
    this.#start()
    this.#scheduler.after(0, 'story', () => {
      void this.#story(count).then(
        () => (isOver = true),
        (error: unknown) => this.#scheduler.fail(error),
      )
    })
    await this.#scheduler.run(
      () => isOver,
      () => {
        if (this.#scheduler.events > eventsMax)
          this.#scheduler.fail(new Violation(5, `after ${eventsMax} events the pages are still not served`))
      },
    )
    if (!isOver) throw new Violation(5, 'nothing happens any more, and the pages still wait')
    return { hash: this.#trace.hash, records: count, lives: this.#lives, connections: this.#connections }
  }

  async #story(count: number): Promise<void> {
    this.#trouble()
    const [writer, reader] = [this.#page('writer'), this.#page('reader')]
    const writing = this.#write(writer, count)
    await this.#read(reader, count)
    await writing
    this.#isTroubled = false
  }

  async #write(client: StreamClient, count: number): Promise<void> {
    const producer = client.producer({ value: text, deliveryTimeoutMs: 3_600_000 })
    const offsets: Promise<{ offset: number }>[] = []
    for (let n = 0; n < count; n++) {
      offsets.push(producer.send(topic, { value: `v${n}` }))
      if (this.#random.chance(0.3)) await this.#sleep(this.#random.magnitude(10, 300_000))
    }
    for (const [n, sent] of offsets.entries()) {
      const { offset } = await sent
      if (offset !== n && offset !== -1) throw new Violation(1, `record ${n} was told written at ${offset}`)
    }
  }

  async #read(client: StreamClient, count: number): Promise<void> {
    const consumer = client.consumer({ topics: [topic], from: 'beginning', value: text, maxBytes: 600 })
    let next = 0
    for await (const { offset, value } of consumer) {
      if (offset !== next || value !== `v${next}`)
        throw new Violation(1, `the reader was given ${value} at ${offset} where v${next} comes next`)
      if (++next === count) return
      if (this.#random.chance(0.05)) await this.#sleep(this.#random.magnitude(10, 1_000_000))
    }
  }

  #sleep(micros: number): Promise<void> {
    return new Promise((resolve) => void this.#scheduler.after(micros, 'sleep', resolve))
  }

  /** Sockets break, and the broker is killed, again and again. */
  #trouble(): void {
    this.#scheduler.after(this.#random.magnitude(1_000, 2_000_000), 'trouble', () => {
      if (!this.#isTroubled) return
      if (this.#random.chance(0.3)) this.#life?.process.kill()
      else for (const cut of [...this.#sockets]) if (this.#random.chance(0.6)) cut()
      this.#trouble()
    })
  }

  #start(): void {
    const process = new SimulatedProcess(this.#scheduler, `broker ${++this.#lives}`, 'broker')
    const clock = new SimulatedClock(process, this.#wall)
    const disk = this.#disk.for(process)
    const platform = {
      clock,
      random: this.#random.fork(`life ${this.#lives}`),
      disk,
      workers: steppedWorkers(disk, clock),
      network: this.#network.for(process),
    }
    process.atDeath(() => {
      this.#life = undefined
      this.#scheduler.after(this.#random.magnitude(1_000, 500_000), 'restart', () => this.#start())
    })
    const settings = { listeners: ['PLAINTEXT://127.0.0.1:9092'], 'stele.http.listener': 'off', 'log.dirs': ['/data'] }
    process.deliver(this.#scheduler.now, 'boot', () => {
      void this.#boot(process, {
        platform,
        settings: Settings.defaults.with(settings),
        logger: silentLogger,
        metrics: { request() {}, received() {}, sent() {}, flushed() {} },
        onFatal: (error) => this.#failed(process, error),
      }).catch((error: unknown) => this.#failed(process, error))
    })
  }

  #failed(process: SimulatedProcess, error: unknown): void {
    if (process.alive) this.#scheduler.fail(error)
  }

  async #boot(process: SimulatedProcess, options: Parameters<typeof Broker.start>[0]): Promise<void> {
    const { services } = await Broker.start(options)
    if (!services.cluster.image.topics.has(topic)) {
      const topics = [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
      const context = { apiVersion: 5, now: services.clock.now() } as RequestContext
      await createTopics.handle({ topics, timeoutMs: 10_000, validateOnly: false }, context, services)
    }
    if (process.alive) this.#life = { process, gateway: new Gateway({ services, logger: silentLogger }) }
  }

  #page(name: string): StreamClient {
    const process = new SimulatedProcess(this.#scheduler, name, name)
    const clock = new SimulatedClock(process, this.#wall)
    const random = this.#random.fork(name)
    const platform: StreamPlatform = {
      now: () => clock.now(),
      after: (delay, wake) => {
        const timer = clock.after(delay, wake)
        return () => timer.cancel()
      },
      fraction: () => random.fraction(),
      connect: (_url, subprotocol, handler) => this.#connect(process, subprotocol, handler),
    }
    return new StreamClient({ url: 'ws://broker', retry: { initialMs: 10, maxMs: 500 } }, platform)
  }

  #connect(page: SimulatedProcess, subprotocol: string, handler: StreamSocketHandler) {
    const random = this.#random.fork(`socket ${++this.#connections}`)
    const wire = new Wire(page, handler, random)
    const cut = () => {
      this.#sockets.delete(cut)
      wire.break(brokenCode)
    }
    this.#sockets.add(cut)
    this.#scheduler.after(random.magnitude(50, 20_000), 'connect', () => {
      const life = this.#life
      const admitted = life?.gateway.admit({
        path: '/v1/stream',
        origin: undefined,
        host: 'broker',
        subprotocols: [subprotocol],
        peer: page.host,
      })
      if (!life || typeof admitted !== 'object') return cut()
      life.process.atDeath(cut)
      return life.process.deliver(this.#scheduler.now, 'open', () => wire.open(life.process, admitted.open.bind(admitted)))
    })
    return { send: (message: Uint8Array) => wire.toBroker(message), close: cut }
  }
}

/** One simulated WebSocket: both directions in order, each message late by chance; broken, nothing more arrives anywhere. */
class Wire {
  readonly #page: SimulatedProcess
  readonly #handler: StreamSocketHandler
  readonly #random: SeededRandom
  #broker: SimulatedProcess | undefined
  #server: WebSocketHandler | undefined
  #unsentBytes = 0
  #pageHearsAt = 0
  #brokerHearsAt = 0
  #isBroken = false

  constructor(page: SimulatedProcess, handler: StreamSocketHandler, random: SeededRandom) {
    this.#page = page
    this.#handler = handler
    this.#random = random
  }

  open(broker: SimulatedProcess, open: (peer: WebSocketPeer) => WebSocketHandler): void {
    if (this.#isBroken) return
    this.#broker = broker
    const unsent = () => this.#unsentBytes
    this.#server = open({
      send: (message) => this.#toPage(message as Uint8Array),
      sendFrame: (frame) => this.#toPage(payloadOf(frame)),
      get unsentBytes() {
        return unsent()
      },
      close: (code, reason) => this.break(code, reason),
    })
    this.#page.deliver(this.#later('page'), 'opened', () => {
      if (!this.#isBroken) this.#handler.opened()
    })
  }

  toBroker(message: Uint8Array): void {
    const copy = message.slice()
    this.#broker?.deliver(this.#later('broker'), 'to broker', () => {
      if (!this.#isBroken) this.#server?.message(copy)
    })
  }

  break(code: number, reason = ''): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#page.deliver(this.#page.now, 'broken', () => this.#handler.closed(code, reason))
    this.#broker?.deliver(this.#broker.now, 'gone', () => this.#server?.closed())
  }

  #toPage(message: Uint8Array): void {
    const copy = message.slice()
    this.#unsentBytes += copy.length
    this.#page.deliver(this.#later('page'), 'to page', () => {
      this.#unsentBytes -= copy.length
      if (this.#isBroken) return
      this.#handler.message(copy)
      this.#broker?.deliver(this.#broker.now, 'drained', () => this.#server?.drained())
    })
  }

  #later(side: 'page' | 'broker'): number {
    const delay = this.#random.magnitude(20, 50_000)
    if (side === 'page') return (this.#pageHearsAt = Math.max(this.#pageHearsAt + 1, this.#page.scheduler.now + delay))
    return (this.#brokerHearsAt = Math.max(this.#brokerHearsAt + 1, this.#page.scheduler.now + delay))
  }
}

function payloadOf(frame: Uint8Array): Uint8Array {
  const length = (frame[1] as number) & 0x7f
  return frame.subarray(length < 126 ? 2 : length === 126 ? 4 : 10)
}
