/**
 * A whole world from one seed: a broker on a simulated machine, its clients, and everything that goes wrong between them.
 *
 * Nothing in it is real but Node's microtasks. Time is a queue of events (platform/scheduler.ts); disk, network, clocks and chance are
 * simulated (platform/); a plan drawn from the seed says who works and what fails (plan.ts, faults.ts); clients keep a history of what
 * they were told (history.ts), and checkers hold the broker against it after every step, between two of its lives, and at the end:
 *
 * - checkers/watermarks.ts: the marks of every log stay in order, and none but a new life moves them back (invariant 3);
 * - history.ts: an offset has one batch for ever, byte for byte as sent, readers get them all in order (1), and none above the high
 *   watermark or the last stable offset (3);
 * - checkers/recovery.ts: after a crash a log is the longest valid prefix of its files (6), and what was promised is in it (1);
 * - checkers/auditor.ts: at the end everything acknowledged is there, once, in order (1);
 * - checkers/newest-values.ts: of a compacted topic the newest value of every key stays, where it was (9);
 * - checkers/coordinator-view.ts, checkers/assignments.ts: a partition belongs to one member of a group at most, as the broker has it and as
 *   members were told (10);
 * - checkers/committed-offsets.ts: what a group committed counts until the next commit, and none counts that was refused (11);
 * - checkers/settling.ts: a group comes to rest when nothing fails any more (12);
 * - streams.ts, a world of its own: pages over WebSockets, held against checkers/stream-*.ts (1, 10, 11), and never sent more than they granted (13);
 * - broker-node.ts, clients/vandal.ts: no input, and no fault but a failing disk, makes the broker give up or stop answering (5);
 * - run.ts: the same seed gives the same hash of all that happened (7).
 *
 * A story: the broker starts, the admin makes topics, clients work while faults strike; then all heals, the clients finish, the broker
 * ends once more as the plan has it, starts, and is asked for everything.
 */
import { Auditor } from './checkers/auditor.ts'
import { BrokerNode, brokerPort } from './broker-node.ts'
import { Admin } from './clients/admin.ts'
import type { Client, Surroundings } from './clients/client.ts'
import { Consumer } from './clients/consumer.ts'
import { Producer, type Target } from './clients/producer.ts'
import { Vandal } from './clients/vandal.ts'
import { Compaction } from './compaction.ts'
import { drawFault, type Fault } from './faults.ts'
import { Groups } from './groups.ts'
import { History, type PartitionHistory } from './history.ts'
import { drawPlan, type Plan } from './plan.ts'
import { WallClock } from './platform/clock.ts'
import { roomy, SimulatedDisk } from './platform/disk.ts'
import { SimulatedNetwork } from './platform/network.ts'
import { SimulatedProcess } from './platform/process.ts'
import { SeededRandom } from './platform/random.ts'
import { Scheduler } from './platform/scheduler.ts'
import { Trace } from './platform/trace.ts'
import { Transactions } from './transactions.ts'
import { Violation } from './violation.ts'

/** A world that goes on for longer is stuck. */
const eventsMax = 400_000
const finishPatienceMillis = 120_000

export interface Outcome {
  /** Of everything that happened: equal for equal seeds. */
  hash: string
  events: number
  lives: number
  batchesSent: number
  batchesAcknowledged: number
  recordsAudited: number
  transactions: number
  transactionsCommitted: number
  keyedRecords: number
  compactions: number
  /** Times that a partition came to a member of a group, and offsets committed there. */
  groupMoves: number
  groupCommits: number
}

export class World {
  readonly plan: Plan
  readonly #random: SeededRandom
  readonly #scheduler: Scheduler
  readonly #trace: Trace
  readonly #network: SimulatedNetwork
  readonly #disk: SimulatedDisk
  readonly #wall: WallClock
  readonly #history: History
  readonly #node: BrokerNode
  readonly #director: SimulatedProcess
  readonly #clients: Client[] = []
  readonly #faultRandom: SeededRandom
  #faulting = false
  #faultsOver: Promise<void> = Promise.resolve()
  #auditor: Auditor | undefined
  #transactions: Transactions | undefined
  #compaction: Compaction | undefined
  #groups: Groups | undefined

  /** @param print gets a readable line for everything of note. */
  constructor(seed: number, print?: (line: string) => void) {
    this.#random = new SeededRandom(seed)
    this.plan = drawPlan(this.#random.fork('plan'))
    const expiring = this.plan.admin.topics.filter(({ configs }) => 'retention.ms' in configs || 'retention.bytes' in configs)
    this.#history = new History((topic) => expiring.some(({ name }) => name === topic))
    this.#trace = new Trace(print)
    this.#scheduler = new Scheduler(this.#random.fork('scheduler'), this.#trace)
    this.#network = new SimulatedNetwork(this.#scheduler, this.#random.fork('network'), this.plan.network)
    this.#disk = new SimulatedDisk(this.#scheduler, this.#random.fork('disk'), this.plan.disk)
    this.#wall = new WallClock(this.plan.clockDrift)
    this.#faultRandom = this.#random.fork('faults')
    this.#director = new SimulatedProcess(this.#scheduler, 'director', 'nowhere')
    this.#node = new BrokerNode({
      scheduler: this.#scheduler,
      random: this.#random.fork('broker'),
      network: this.#network,
      disk: this.#disk,
      wall: this.#wall,
      history: this.#history,
      settings: this.plan.settings,
    })
  }

  /** The whole story. Throws the first violation, with the time it came to light. */
  async run(): Promise<Outcome> {
    let isOver = false
    this.#director.deliver(0, 'story', () => {
      void this.#story().then(
        () => {
          isOver = true
        },
        (error: unknown) => this.#scheduler.fail(error),
      )
    })
    await this.#scheduler.run(
      () => isOver,
      () => this.#check(),
    )
    if (!isOver) throw new Violation(5, 'nothing happens any more, and the clients still wait')
    const partitions = this.#history.all()
    return {
      hash: this.#trace.hash,
      events: this.#scheduler.events,
      lives: this.#node.life,
      batchesSent: partitions.reduce((sum, { sentCount }) => sum + sentCount, 0),
      batchesAcknowledged: partitions.reduce((sum, { acknowledgedCount }) => sum + acknowledgedCount, 0),
      recordsAudited: this.#auditor?.records ?? 0,
      transactions: this.#transactions?.ledger.count ?? 0,
      transactionsCommitted: this.#transactions?.ledger.committedCount ?? 0,
      keyedRecords: this.#compaction?.newest.confirmedCount ?? 0,
      compactions: this.#node.compactions,
      groupMoves: this.#groups?.assignments.moves ?? 0,
      groupCommits: this.#groups?.offsets.acknowledgedCount ?? 0,
    }
  }

  #check(): void {
    this.#node.check()
    this.#groups?.check()
    if (this.#scheduler.events > eventsMax) throw new Violation(5, `after ${eventsMax} events the clients are still not served`)
  }

  async #story(): Promise<void> {
    this.#node.start()
    const admin = new Admin(this.#surroundings('admin'), this.plan.admin)
    this.#enlist(admin)
    const faultsEarly = this.#faultRandom.chance(0.3)
    if (faultsEarly) this.#startFaults()
    await admin.created
    const partitions = this.#partitions()
    this.#startClients(partitions)
    if (!faultsEarly) this.#startFaults()
    await this.#sleep(this.plan.workMillis)
    this.#faulting = false
    await this.#faultsOver
    this.#heal()
    await this.#finish()
    await this.#lastEnd()
    await this.#node.up()
    await this.#audit()
  }

  #surroundings(name: string): Surroundings {
    return {
      network: this.#network,
      process: new SimulatedProcess(this.#scheduler, name, name),
      random: this.#random.fork(name),
      wall: this.#wall,
      history: this.#history,
      port: brokerPort,
      lifeOf: (process) => this.#node.lifeOf(process),
    }
  }

  #enlist(client: Client): void {
    this.#clients.push(client)
    client.start()
  }

  #partitions(): Target[] {
    return this.plan.admin.topics.flatMap(({ name, partitions, configs }) => {
      const durable = configs['stele.ack.durability'] !== 'memory'
      return Array.from({ length: partitions }, (_, index) => ({ history: this.#history.partition(name, index), durable }))
    })
  }

  #startClients(targets: readonly Target[]): void {
    const some = <T>(items: readonly T[]): T[] => {
      const chosen = items.filter(() => this.#random.chance(0.6))
      return chosen.length > 0 ? chosen : [this.#random.pick(items)]
    }
    this.plan.producers.forEach((traits, index) =>
      this.#enlist(new Producer(this.#surroundings(`producer ${index}`), traits, some(targets))),
    )
    const histories = targets.map(({ history }) => history)
    this.plan.consumers.forEach((traits, index) =>
      this.#enlist(new Consumer(this.#surroundings(`consumer ${index}`), traits, some(histories))),
    )
    const { name } = this.plan.admin.topics[0] as { name: string }
    const { transactions, compaction, groups } = this.plan
    if (transactions) this.#transactions = new Transactions(transactions, (client) => this.#surroundings(client))
    if (compaction) this.#compaction = new Compaction(compaction, (client) => this.#surroundings(client))
    if (groups) this.#groups = new Groups(groups, (client) => this.#surroundings(client), this.#node)
    for (const workload of [this.#transactions, this.#compaction, this.#groups]) workload?.clients.forEach((client) => this.#enlist(client))
    for (let index = 0; index < this.plan.vandals; index++) this.#enlist(new Vandal(this.#surroundings(`vandal ${index}`), name, 200))
  }

  #sleep(millis: number): Promise<void> {
    return new Promise((resolve) => this.#director.deliver(this.#scheduler.now + millis * 1000, 'sleep', resolve))
  }

  #startFaults(): void {
    this.#faulting = true
    this.#faultsOver = this.#playFaults()
    this.#faultsOver.catch((error: unknown) => this.#scheduler.fail(error))
  }

  async #playFaults(): Promise<void> {
    while (this.#faulting) {
      const { fault, afterMillis } = drawFault(this.plan.faults, this.#faultRandom)
      await this.#sleep(afterMillis)
      if (!this.#faulting) return
      this.#trace.line(() => `fault: ${JSON.stringify(fault)}`)
      await this.#strike(fault)
    }
  }

  async #strike(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill':
        return this.#node.kill(false)
      case 'power failure':
        return this.#node.kill(true)
      case 'clean restart':
        return this.#node.stop()
      case 'death at disk operation':
        return this.#node.killAtDiskOperation(fault.operations, fault.power)
      case 'disk error':
        return this.#failDisk(fault.operation, fault.times)
      case 'disk full':
        return this.#fillDisk(fault.roomBytes, fault.forMillis)
      case 'slow disk':
        this.#disk.stallMicros = fault.stallMillis * 1000
        await this.#sleep(fault.forMillis)
        this.#disk.stallMicros = 0
        return
      case 'network partition':
        this.#network.partition(this.#node.host, this.#faultRandom.pick(this.#clients).name)
        await this.#sleep(fault.forMillis)
        return this.#network.heal()
      case 'broken connection':
        return this.#network.breakOne(fault.halfOpen)
      case 'clock jump':
        return this.#wall.jump(fault.byMillis)
      default:
        return fault satisfies never
    }
  }

  /** The disk errs, and as its partitions are offline then, somebody starts the broker again. */
  async #failDisk(operation: 'write' | 'sync' | 'read', times: number): Promise<void> {
    const anywhere = this.#faultRandom.chance(0.3)
    this.#node.excuse()
    this.#disk.fault({ operation, matches: (path) => anywhere || path.includes('/topic'), code: 'EIO', times })
    await this.#sleep(this.#faultRandom.magnitude(10, 1_000))
    this.#disk.clearFaults()
    await this.#restart()
  }

  async #fillDisk(roomBytes: number, forMillis: number): Promise<void> {
    this.#node.excuse()
    this.#disk.capacityBytes = this.#disk.usedBytes + roomBytes
    await this.#sleep(forMillis)
    this.#disk.capacityBytes = roomy
    await this.#restart()
  }

  async #restart(): Promise<void> {
    // One that is still starting takes no orders, and would stay as it is.
    if (this.#faultRandom.chance(0.5) || !this.#node.isUp) this.#node.kill(this.#faultRandom.chance(0.3))
    else await this.#node.stop()
  }

  #heal(): void {
    this.#trace.line(() => 'all heals')
    this.#network.heal()
    this.#disk.clearFaults()
    this.#disk.capacityBytes = roomy
    this.#node.killAtDiskOperation(Number.POSITIVE_INFINITY, false)
  }

  /** The clients finish what they began; a broker that lives and an undisturbed network leave them no excuse. */
  async #finish(): Promise<void> {
    const impatience = this.#scheduler.after(finishPatienceMillis * 1000, 'finish patience', () => {
      this.#scheduler.fail(new Violation(5, 'the clients were not served though all was well again'))
    })
    for (const client of this.#clients) client.stop()
    await this.#groups?.settle((millis) => this.#sleep(millis))
    await Promise.all(this.#clients.map(({ finished }) => finished))
    this.#scheduler.cancel(impatience)
  }

  async #lastEnd(): Promise<void> {
    await this.#node.up()
    this.#node.hold()
    if (this.plan.lastEnd === 'clean stop') await this.#node.stop()
    else this.#node.kill(this.plan.lastEnd === 'power failure')
    await this.#sleep(1)
    this.#node.release()
  }

  async #audit(): Promise<void> {
    const partitions: PartitionHistory[] = this.#history
      .all()
      .filter(({ topic }) => this.plan.admin.topics.some(({ name }) => name === topic))
    this.#auditor = new Auditor(this.#surroundings('auditor'), partitions)
    this.#auditor.start()
    await this.#auditor.finished
    await this.#transactions?.audit()
    await this.#compaction?.audit()
    await this.#groups?.audit()
  }
}
