/**
 * The simulated machine that runs the broker: its disk and clock last, the broker's processes come and go.
 * Owns: the broker's lives, one after another, and what is checked between two of them. Never: decides when one ends.
 */
import { Broker } from '../../broker/broker.ts'
import { Settings } from '../../broker/config/settings.ts'
import { CoordinatorError } from '../../broker/coordinator/coordinator-error.ts'
import type { Group } from '../../broker/groups/group.ts'
import { replayJournal } from '../../broker/log/commit-journal.ts'
import type { Logger } from '../../broker/metrics/logger.ts'
import { DiskError } from '../../broker/platform/disk.ts'
import type { Platform } from '../../broker/platform/platform.ts'
import { checkRecovered, type Repeated, type Survey, survey } from './checkers/recovery.ts'
import { type ProbedLog, Watermarks } from './checkers/watermarks.ts'
import type { History } from './history.ts'
import { SimulatedClock, type WallClock } from './platform/clock.ts'
import type { SimulatedDisk } from './platform/disk.ts'
import type { SimulatedNetwork } from './platform/network.ts'
import { SimulatedProcess } from './platform/process.ts'
import type { SeededRandom } from './platform/random.ts'
import { Crashed, type Scheduler } from './platform/scheduler.ts'
import { steppedWorkers } from './platform/stepped-workers.ts'
import { Violation } from './violation.ts'

export const brokerPort = 9092
const host = 'broker'
const dataDirectory = '/data'
const startPatienceMillis = 60_000
const stopPatienceMillis = 60_000

export interface BrokerNodeOptions {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly network: SimulatedNetwork
  readonly disk: SimulatedDisk
  readonly wall: WallClock
  readonly history: History
  readonly settings: Record<string, string>
}

export class BrokerNode {
  readonly #options: BrokerNodeOptions
  readonly #watermarks = new Watermarks()
  readonly #lives = new Map<SimulatedProcess, number>()
  readonly #topicNames = new Map<string, string>()
  #surveys = new Map<string, Survey>()
  #life = 0
  #compactions = 0
  #process: SimulatedProcess | undefined
  #broker: Broker | undefined
  #failsWithPower = false
  #isUp: PromiseWithResolvers<void> = Promise.withResolvers()
  /** A disk fault was planted in this life: the broker may give up. */
  #excused = false
  /** The broker stays down until told to start. */
  #holding = false
  #stopping = false

  constructor(options: BrokerNodeOptions) {
    this.#options = options
  }

  get host(): string {
    return host
  }

  get life(): number {
    return this.#life
  }

  /** Passes over a log that were done, in all lives. */
  get compactions(): number {
    return this.#compactions
  }

  get isUp(): boolean {
    return this.#broker !== undefined
  }

  lifeOf(process: SimulatedProcess): number {
    return this.#lives.get(process) ?? 0
  }

  /** Resolves when a broker is up and answers. */
  up(): Promise<void> {
    return this.#isUp.promise
  }

  start(): void {
    const { scheduler, network, disk, wall, random } = this.#options
    this.#life++
    this.#excused = disk.isTroubled
    this.#stopping = false
    const life = new SimulatedProcess(scheduler, `broker ${this.#life}`, host)
    this.#process = life
    this.#lives.set(life, this.#life)
    life.atDeath(() => {
      this.#compactions += this.#broker?.directory.cleanerStatistics.passes ?? 0
      this.#broker = undefined
      scheduler.after(0, 'aftermath', () => this.#aftermath())
    })
    const clock = new SimulatedClock(life, wall)
    const own = disk.for(life)
    const platform: Platform = {
      clock,
      random: random.fork(`life ${this.#life}`),
      disk: own,
      workers: steppedWorkers(own, clock),
      network: network.for(life, () => this.#process === life && this.#broker !== undefined),
    }
    const impatience = scheduler.after(startPatienceMillis * 1000, 'start patience', () => {
      if (life.alive && !this.#broker) scheduler.fail(new Violation(6, `the broker did not start within ${startPatienceMillis} ms`))
    })
    scheduler.trace.line(() => `${life.name} starts`)
    life.deliver(scheduler.now, 'boot', () => {
      void Broker.start({
        platform,
        settings: Settings.from(Object.entries(this.#settings()).map(([name, text]) => ({ name, text, where: 'the plan' }))),
        logger: this.#logger(life),
        metrics: { request() {}, received() {}, sent() {}, flushed() {} },
        onFatal: (error) => this.#gaveUp(life, error),
      }).then(
        (broker) => {
          scheduler.cancel(impatience)
          if (life.alive) this.#started(broker)
        },
        (error: unknown) => this.#gaveUp(life, error),
      )
    })
  }

  #settings(): Record<string, string> {
    return {
      listeners: `PLAINTEXT://127.0.0.1:${brokerPort}`,
      'stele.http.listener': 'off',
      'log.dirs': dataDirectory,
      'auto.create.topics.enable': 'false',
      'stele.tail.cache.bytes': '1000000',
      'stele.commit.journal.bytes': '20000',
      ...this.#options.settings,
    }
  }

  #logger(life: SimulatedProcess): Logger {
    const { trace } = this.#options.scheduler
    const tell = (level: string) => (fields: object, message: string) =>
      trace.line(() => `${life.name} ${level}: ${message} ${inShort(fields)}`)
    const logger: Logger = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error'), child: () => logger }
    return logger
  }

  #started(broker: Broker): void {
    const { scheduler, history } = this.#options
    this.#broker = broker
    scheduler.trace.line(() => `${this.#process?.name} is up`)
    for (const log of this.#logs()) {
      const found = this.#surveys.get(`${log.topic}-${log.partition}`)
      if (found && !log.offline) checkRecovered(history.partition(log.topic, log.partition), found, log)
    }
    this.#isUp.resolve()
  }

  /** An assertion of the broker's own, or an error it cannot live with: only a failing disk excuses it. */
  #gaveUp(life: SimulatedProcess, error: unknown): void {
    if (!life.alive || error instanceof Crashed) return
    const { scheduler } = this.#options
    scheduler.trace.line(() => `${life.name} gives up: ${String(error)}`)
    if (!this.#excused || !(error instanceof DiskError)) {
      const violation = new Violation(5, `the broker gave up: ${error instanceof Error ? error.message : String(error)}`)
      violation.cause = error
      return scheduler.fail(violation)
    }
    life.kill()
  }

  #logs(): ProbedLog[] {
    const logs: ProbedLog[] = []
    for (const { log } of this.#broker?.replicas.all() ?? []) {
      this.#topicNames.set(log.topicId, log.topic)
      logs.push(log)
    }
    return logs
  }

  /** After every step. */
  check(): void {
    const { history } = this.#options
    if (!this.#broker) return
    this.#watermarks.check(this.#logs(), ({ topic, partition, startOffset }) => {
      const seen = history.known(topic, partition)
      if (seen) seen.startSeen = Math.max(seen.startSeen, startOffset)
    })
  }

  /** As its coordinator has it: null where there is none of that id, undefined where no coordinator answers. */
  group(groupId: string): Group | null | undefined {
    try {
      const shard = this.#broker?.groups.shards.of(groupId)
      return shard?.stage === 'active' ? (shard.machine.groups.get(groupId) ?? null) : undefined
    } catch (error) {
      if (error instanceof CoordinatorError) return undefined
      throw error
    }
  }

  partitionCount(topic: string): number {
    return this.#broker?.replicas.partitionCount(topic) ?? 0
  }

  /** SIGKILL, or with `power` the machine's power. */
  kill(power: boolean): void {
    if (!this.#process?.alive) return
    this.#failsWithPower = power
    this.#process.kill()
  }

  killAtDiskOperation(operations: number, power: boolean): void {
    this.#failsWithPower = power
    this.#process?.dieAtDiskOperation(operations)
  }

  /** The disk is about to misbehave. */
  excuse(): void {
    this.#excused = true
  }

  /** SIGTERM: an orderly stop. The broker may die in it. */
  async stop(): Promise<void> {
    const broker = this.#broker
    const life = this.#process
    if (!broker || !life?.alive || this.#stopping) return
    const { scheduler } = this.#options
    this.#stopping = true
    scheduler.trace.line(() => `${life.name} is told to stop`)
    const closed = Promise.withResolvers<void>()
    life.deliver(scheduler.now, 'SIGTERM', () => void broker.close().then(closed.resolve, (error: unknown) => this.#gaveUp(life, error)))
    life.atDeath(closed.resolve)
    const impatience = scheduler.after(stopPatienceMillis * 1000, 'stop patience', () => {
      if (life.alive) scheduler.fail(new Violation(5, `the broker did not stop within ${stopPatienceMillis} ms`))
    })
    await closed.promise
    scheduler.cancel(impatience)
    this.#failsWithPower = false
    life.kill()
  }

  /** From its next death on the broker stays down, until `release`. */
  hold(): void {
    this.#holding = true
  }

  release(): void {
    this.#holding = false
    if (!this.#process?.alive) this.start()
  }

  /** What the commit journal repeats, by partition. */
  #journal(): Map<string, Repeated[]> {
    const { scheduler, disk } = this.#options
    const reader = new SimulatedProcess(scheduler, 'survey', host)
    const byPartition = new Map<string, Repeated[]>()
    for (const entry of disk.withoutFaults(() => replayJournal(disk.for(reader), dataDirectory)).entries) {
      const topic = this.#topicNames.get(entry.topicId)
      if (topic === undefined) continue
      const name = `${topic}-${entry.partition}`
      const repeated = byPartition.get(name) ?? []
      repeated.push({ ...entry, bytes: Buffer.from(entry.bytes) })
      byPartition.set(name, repeated)
    }
    return byPartition
  }

  /** The broker is dead: what does its disk hold, and what has been lost? */
  #aftermath(): void {
    const { scheduler, disk, history, random } = this.#options
    const power = this.#failsWithPower
    this.#failsWithPower = false
    if (power) disk.powerFails()
    this.#watermarks.forgetAll()
    this.#isUp = Promise.withResolvers()
    this.#surveys = new Map()
    const journal = this.#journal()
    const noted = disk.peek(`${dataDirectory}/log-start-offset-checkpoint`)?.toString() ?? ''
    for (const partition of history.all()) {
      partition.startNoted(Number(new RegExp(`^${partition.topic} ${partition.index} (\\d+)$`, 'm').exec(noted)?.[1] ?? 0))
      const found = survey(disk, dataDirectory, partition, journal.get(partition.name) ?? [])
      this.#surveys.set(partition.name, found)
      scheduler.trace.line(() => `${partition.name} holds ${found.start} to ${found.end} on the disk`)
      partition.recovered(found, this.#life + 1, power)
    }
    if (this.#holding) return
    scheduler.after(random.magnitude(1_000, 300_000), 'restart', () => {
      if (!this.#holding && !this.#process?.alive) this.start()
    })
  }
}

function inShort(fields: object): string {
  return JSON.stringify(fields, (_key, value: unknown) => (value instanceof Error ? value.message : value)).slice(0, 300)
}
