/**
 * A small world of streams from one seed: a broker that is killed, loses its power and starts again, WebSockets that are late and break, pages that
 * write, read, and share a group. The broker's gateway and the browser's client are the real ones; time, chance, disk and sockets are simulated.
 * Owns: the broker's lives, what goes wrong, and who hears what is said. The verdicts are the checkers' (checkers/stream-*.ts) and the pages' own.
 */
import { createTopics } from '../../broker/api/create-topics.ts'
import type { RequestContext } from '../../broker/api/handler.ts'
import { Broker } from '../../broker/broker.ts'
import { Settings } from '../../broker/config/settings.ts'
import { Gateway } from '../../broker/gateway/gateway.ts'
import { silentLogger } from '../../broker/metrics/logger.ts'
import type { ClientMessage } from '../../client/protocol/stream/client-messages.ts'
import { decodeMsgpack } from '../../client/protocol/stream/msgpack.ts'
import type { ServerMessage } from '../../client/protocol/stream/server-messages.ts'
import { StreamCredit } from './checkers/stream-credit.ts'
import { StreamGroup } from './checkers/stream-group.ts'
import { StreamHistory } from './checkers/stream-history.ts'
import { StreamPage } from './clients/stream-page.ts'
import { readAll, readKey, type Shelf, StreamMembers } from './clients/stream-readers.ts'
import { drawSends, write } from './clients/stream-writer.ts'
import { SimulatedClock, WallClock } from './platform/clock.ts'
import { calmDisk, SimulatedDisk } from './platform/disk.ts'
import { calmNetwork, SimulatedNetwork } from './platform/network.ts'
import { SimulatedProcess } from './platform/process.ts'
import { SeededRandom } from './platform/random.ts'
import { Scheduler } from './platform/scheduler.ts'
import { steppedWorkers } from './platform/stepped-workers.ts'
import { Trace } from './platform/trace.ts'
import { SimulatedWebSockets } from './platform/web-socket.ts'
import { Violation } from './violation.ts'

const topic = 'streamed'
/** A world that goes on for longer is stuck. */
const eventsMax = 300_000
const livesMax = 200
/** Its chance is not that of the other worlds of the seed. */
const streamSalt = 1

export interface StreamOutcome {
  readonly hash: string
  readonly events: number
  readonly records: number
  readonly lives: number
  readonly connections: number
  /** Times that a partition came to a member of the group, and offsets that it committed. */
  readonly moves: number
  readonly commits: number
}

export class StreamWorld {
  readonly #random: SeededRandom
  readonly #trace: Trace
  readonly #scheduler: Scheduler
  readonly #network: SimulatedNetwork
  readonly #disk: SimulatedDisk
  readonly #wall = new WallClock(0)
  readonly #sockets: SimulatedWebSockets
  readonly #credit = new StreamCredit()
  readonly #group = new StreamGroup()
  readonly #history = new StreamHistory()
  readonly #partitions: number
  readonly #sessionMillis: number
  #process: SimulatedProcess | undefined
  #lives = 0
  #pages = 0
  #records = 0
  #isTroubled = true

  /** @param print gets a readable line for everything of note. */
  constructor(seed: number, print?: (line: string) => void) {
    this.#random = new SeededRandom(seed, streamSalt)
    this.#trace = new Trace(print)
    this.#scheduler = new Scheduler(this.#random.fork('scheduler'), this.#trace)
    this.#network = new SimulatedNetwork(this.#scheduler, this.#random.fork('network'), calmNetwork)
    this.#disk = new SimulatedDisk(this.#scheduler, this.#random.fork('disk'), calmDisk)
    this.#partitions = this.#random.between(1, 3)
    this.#sessionMillis = this.#random.magnitude(200, 2_000)
    const said = (bytes: Uint8Array) => decodeMsgpack(bytes) as ClientMessage
    const sent = (bytes: Uint8Array) => decodeMsgpack(bytes) as ServerMessage
    this.#sockets = new SimulatedWebSockets(this.#scheduler, this.#random.fork('sockets'), {
      said: (socket, bytes) => this.#group.said(socket, said(bytes)),
      heard: (socket, bytes) => this.#credit.heard(socket, said(bytes)),
      sent: (socket, bytes) => this.#credit.sent(socket, sent(bytes)),
      arrived: (socket, bytes) => this.#group.arrived(socket, sent(bytes)),
      broke: (socket) => this.#group.broke(socket),
    })
  }

  /** The whole story. Throws the first violation. */
  async run(): Promise<StreamOutcome> {
    let isOver = false
    this.#start()
    this.#scheduler.after(0, 'story', () => {
      void this.#story().then(
        () => (isOver = true),
        (error: unknown) => this.#scheduler.fail(error),
      )
    })
    await this.#scheduler.run(
      () => isOver,
      () => {
        if (this.#scheduler.events > eventsMax || this.#lives > livesMax)
          this.#scheduler.fail(new Violation(5, `after ${this.#scheduler.events} events the pages are still not served`))
      },
    )
    if (!isOver) throw new Violation(5, 'nothing happens any more, and the pages still wait')
    return {
      hash: this.#trace.hash,
      events: this.#scheduler.events,
      records: this.#records,
      lives: this.#lives,
      connections: this.#sockets.count,
      moves: this.#group.moves,
      commits: this.#group.commits,
    }
  }

  async #story(): Promise<void> {
    const random = this.#random.fork('story')
    this.#trouble(this.#random.fork('trouble'))
    const writers = Array.from({ length: random.between(1, 2) }, (_, index) => drawSends(random, `w${index}`, this.#partitions))
    const all = writers.flat()
    this.#records = all.length
    const shelf: Shelf = { topic, history: this.#history, newPage: (name) => this.#page(name) }
    const members = new StreamMembers(shelf, this.#group, all.length)
    const keys = [...new Set(all.map(({ key }) => key))]
    const groupSize = random.pick([0, 1, 2, 3, 3])
    const acts = [
      ...writers.map((sends, index) => write(this.#page(`writer ${index}`), topic, sends, this.#history)),
      readAll(shelf, all.length),
      ...keys.filter(() => random.chance(0.3)).map((key) => readKey(shelf, key, all.filter((send) => send.key === key).length)),
    ]
    const sharing = Array.from({ length: groupSize }, (_, index) => members.run(`member ${index}`))
    await Promise.all(acts)
    if (this.#history.acknowledgedCount !== all.length) throw new Violation(1, 'a record was neither acknowledged nor refused')
    this.#isTroubled = false
    await Promise.all(sharing)
  }

  #page(name: string): StreamPage {
    const around = {
      scheduler: this.#scheduler,
      sockets: this.#sockets,
      wall: this.#wall,
      random: this.#random.fork(`page ${++this.#pages}`),
    }
    return new StreamPage(name, around)
  }

  /** Sockets break, and the broker is killed, again and again. */
  #trouble(random: SeededRandom): void {
    this.#scheduler.after(random.magnitude(1_000, 2_000_000), 'trouble', () => {
      if (!this.#isTroubled) return
      if (random.chance(0.3)) this.#kill(random.chance(0.4))
      else this.#sockets.cut(0.6, 3_000_000)
      this.#trouble(random)
    })
  }

  #kill(power: boolean): void {
    if (!this.#process?.alive) return
    this.#process.kill()
    if (power) this.#disk.powerFails()
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
    this.#process = process
    process.atDeath(() => {
      this.#scheduler.after(this.#random.magnitude(1_000, 500_000), 'restart', () => this.#start())
    })
    const settings = {
      listeners: ['PLAINTEXT://127.0.0.1:9092'],
      'stele.http.listener': 'off',
      'log.dirs': ['/data'],
      'offsets.topic.num.partitions': 1,
      'group.consumer.min.session.timeout.ms': 1,
      'group.consumer.min.heartbeat.interval.ms': 1,
      'group.consumer.session.timeout.ms': this.#sessionMillis,
      'group.consumer.heartbeat.interval.ms': Math.floor(this.#sessionMillis / 4),
    }
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
      const topics = [{ name: topic, numPartitions: this.#partitions, replicationFactor: 1, assignments: [], configs: [] }]
      const context = { apiVersion: 5, now: services.clock.now() } as RequestContext
      await createTopics.handle({ topics, timeoutMs: 10_000, validateOnly: false }, context, services)
    }
    if (process.alive) this.#sockets.serve(process, new Gateway({ services, logger: silentLogger }))
  }
}
