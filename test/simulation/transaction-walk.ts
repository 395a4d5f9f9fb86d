/**
 * A few transactions in an undisturbed world, but for one thing: the broker dies in the middle of its n-th disk operation from the first
 * request on. Walking all n walks every point between two steps of the protocol, from InitProducerId over records and offsets to the last marker.
 */
import { Admin } from './clients/admin.ts'
import type { Surroundings } from './clients/client.ts'
import type { TransactorTraits } from './clients/transactor.ts'
import { BrokerNode, brokerPort } from './broker-node.ts'
import { History } from './history.ts'
import { WallClock } from './platform/clock.ts'
import { SimulatedDisk } from './platform/disk.ts'
import { SimulatedNetwork } from './platform/network.ts'
import { SimulatedProcess } from './platform/process.ts'
import { SeededRandom } from './platform/random.ts'
import { Scheduler } from './platform/scheduler.ts'
import { Trace } from './platform/trace.ts'
import { Transactions } from './transactions.ts'
import { Violation } from './violation.ts'

export interface Walk {
  readonly operation: number
  /** The machine dies with it, and what was not synced is lost. */
  readonly power: boolean
  readonly version: 1 | 2
  readonly commits: boolean
  /** The producer vanishes where its commit is not answered. */
  readonly drops: boolean
  readonly transactions: number
}

export interface Walked {
  /** More than 1: it died. */
  readonly lives: number
  readonly committed: number
}

const eventsMax = 100_000
const partitions = 2
const topic = 'topicOfTransactions'

/** Throws a Violation where readers of committed records see a part of a transaction, or can't get to the end. */
export async function walk(steps: Walk, print?: (line: string) => void): Promise<Walked> {
  const random = new SeededRandom(steps.operation)
  const scheduler = new Scheduler(random.fork('scheduler'), new Trace(print))
  const wall = new WallClock(0)
  const history = new History()
  const network = new SimulatedNetwork(scheduler, random.fork('network'), {
    latencyMin: 50,
    latencyMax: 100,
    windowBytes: 100_000,
    writeHighWaterBytes: 100_000,
    lateTakeChance: 0,
    splitChance: 0,
  })
  const disk = new SimulatedDisk(scheduler, random.fork('disk'), {
    journaled: true,
    keepChance: 0.5,
    tearChance: 0.5,
    tearUnit: 1,
    zeroFillChance: 0,
    flipChance: 0,
    forgetsFailedSync: true,
    syncMin: 100,
    syncMax: 200,
    call: 1,
  })
  const settings = {
    'transaction.state.log.num.partitions': '1',
    'offsets.topic.num.partitions': '1',
    'stele.commit.journal.bytes': '0',
  }
  const node = new BrokerNode({ scheduler, random: random.fork('broker'), network, disk, wall, history, settings })
  const surroundings = (name: string): Surroundings => ({
    network,
    process: new SimulatedProcess(scheduler, name, name),
    random: random.fork(name),
    wall,
    history,
    port: brokerPort,
    lifeOf: (process) => node.lifeOf(process),
  })
  const transactions = new Transactions(
    { topic: { name: topic, partitions, configs: {} }, transactors: [transactor(steps)], readers: [reader], settings },
    surroundings,
  )
  const story = async (): Promise<void> => {
    node.start()
    const admin = new Admin(surroundings('admin'), { ...quietAdmin, others: [{ name: topic, partitions, configs: {} }] })
    admin.start()
    await admin.created
    node.killAtDiskOperation(steps.operation, steps.power)
    for (const client of transactions.clients) client.start()
    const [first, ...readers] = transactions.clients
    await first?.finished
    node.killAtDiskOperation(Number.POSITIVE_INFINITY, false)
    await node.up()
    await transactions.audit()
    for (const client of readers) client.stop()
    await Promise.all(readers.map(({ finished }) => finished))
  }
  let isOver = false
  scheduler.after(0, 'story', () => void story().then(() => (isOver = true), scheduler.fail.bind(scheduler)))
  await scheduler.run(
    () => isOver,
    () => {
      node.check()
      if (scheduler.events > eventsMax) throw new Violation(8, 'a transaction is never ended')
    },
  )
  if (!isOver) throw new Violation(5, 'nothing happens any more, and the clients still wait')
  return { lives: node.life, committed: transactions.ledger.committedCount }
}

const reader = { topic, partitions, maxBytes: 1_000_000, pauseMillisMax: 20, againChance: 0.02 }

const quietAdmin = {
  topics: [],
  segmentBytesMin: 0,
  deletesRecords: false,
  changesConfigs: false,
  addsPartitions: false,
  churns: false,
  pauseMillisMax: 1,
}

function transactor({ version, commits, drops, transactions }: Walk): TransactorTraits {
  return {
    transactionalId: 'walked',
    topic,
    partitions,
    version,
    timeoutMillis: 600_000,
    transactions,
    batchesMax: 2,
    recordsMax: 2,
    abortChance: commits ? 0 : 1,
    vanishChance: 0,
    dropsChance: drops ? 1 : 0,
    offsetsChance: 1,
    pauseMillisMax: 1,
  }
}
