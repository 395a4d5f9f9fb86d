/**
 * What kind of world a seed makes: who works in it, on what disk and network, and what goes wrong.
 * Each seed leaves much out (swarm testing: Groce et al., 2012): bugs hide behind one another, and what is always there hides some.
 */
import type { AdminTraits, TopicPlan } from './clients/admin.ts'
import type { ConsumerTraits } from './clients/consumer.ts'
import type { ProducerTraits } from './clients/producer.ts'
import { type CompactionPlan, drawCompaction } from './compaction.ts'
import { type FaultKind, faultKinds, type FaultPlan } from './faults.ts'
import { drawGroups, type GroupsPlan } from './groups.ts'
import type { DiskTraits } from './platform/disk.ts'
import type { NetworkTraits } from './platform/network.ts'
import type { SeededRandom } from './platform/random.ts'
import { drawTransactions, type TransactionPlan } from './transactions.ts'

export interface Plan {
  readonly network: NetworkTraits
  readonly disk: DiskTraits
  readonly clockDrift: number
  /** Over the broker's defaults. */
  readonly settings: Record<string, string>
  readonly admin: AdminTraits
  readonly producers: readonly ProducerTraits[]
  readonly consumers: readonly ConsumerTraits[]
  readonly vandals: number
  readonly transactions: TransactionPlan | undefined
  readonly compaction: CompactionPlan | undefined
  readonly groups: GroupsPlan | undefined
  readonly faults: FaultPlan
  readonly workMillis: number
  /** How the broker ends before all is read a last time. */
  readonly lastEnd: 'clean stop' | 'kill' | 'power failure'
}

export function drawPlan(random: SeededRandom): Plan {
  const producers = Array.from({ length: random.between(1, 3) }, () => drawProducer(random))
  const segmentBytesMin = Math.max(...producers.map(batchBytesMax))
  const topics = drawTopics(random, segmentBytesMin)
  const transactions = drawTransactions(random.fork('transactions'))
  const compaction = drawCompaction(random.fork('compaction'))
  const groups = drawGroups(
    random.fork('groups'),
    topics.map(({ name }) => name),
  )
  return {
    network: drawNetwork(random),
    disk: drawDisk(random),
    clockDrift: random.pick([0, 0, 0.0001, -0.01]),
    settings: { ...drawSettings(random), ...transactions?.settings, ...compaction?.settings, ...groups?.settings },
    admin: {
      topics,
      others: [transactions, compaction].flatMap((plan) => plan?.topic ?? []),
      segmentBytesMin,
      deletesRecords: random.chance(0.4),
      changesConfigs: random.chance(0.3),
      addsPartitions: random.chance(0.2),
      churns: random.chance(0.2),
      pauseMillisMax: random.magnitude(50, 1_500),
    },
    producers,
    consumers: Array.from({ length: random.between(0, 3) }, () => drawConsumer(random)),
    vandals: random.chance(0.25) ? 1 : 0,
    transactions,
    compaction,
    groups,
    faults: { kinds: drawFaultKinds(random), pauseMillisMax: random.magnitude(60, 1_500) },
    workMillis: random.magnitude(1_000, 6_000),
    lastEnd: random.pick(['clean stop', 'kill', 'power failure']),
  }
}

/** No batch is larger: a segment must have room for one. */
function batchBytesMax({ recordsMax, valueBytesMax }: ProducerTraits): number {
  return 100 + recordsMax * (valueBytesMax + 20)
}

function drawTopics(random: SeededRandom, segmentBytesMin: number): TopicPlan[] {
  return Array.from({ length: random.between(1, 2) }, (_, index) => {
    // However the clock jumps, what a producer stamped before is not too far in the future.
    const configs: Record<string, string> = { 'message.timestamp.after.max.ms': '9223372036854775807' }
    const maybe = (name: string, chance: number, value: () => string | number): void => {
      if (random.chance(chance)) configs[name] = `${value()}`
    }
    maybe('internal.segment.bytes', 0.8, () => random.magnitude(segmentBytesMin, segmentBytesMin * 10))
    maybe('index.interval.bytes', 0.6, () => random.magnitude(1, 4_096))
    maybe('segment.index.bytes', 0.1, () => random.magnitude(24, 1_000))
    maybe('segment.ms', 0.1, () => random.magnitude(20, 5_000))
    maybe('retention.bytes', 0.15, () => random.magnitude(1_000, 50_000))
    maybe('retention.ms', 0.1, () => random.magnitude(200, 10_000))
    maybe('flush.messages', 0.15, () => random.magnitude(1, 200))
    maybe('flush.ms', 0.1, () => random.magnitude(10, 2_000))
    maybe('stele.ack.durability', 0.25, () => 'memory')
    maybe('preallocate', 0.1, () => 'true')
    maybe('file.delete.delay.ms', 0.5, () => random.magnitude(1, 2_000))
    return { name: `topic${index}`, partitions: random.between(1, 3), configs }
  })
}

function drawNetwork(random: SeededRandom): NetworkTraits {
  const latencyMin = random.magnitude(20, 500)
  return {
    latencyMin,
    latencyMax: latencyMin * random.magnitude(1, 30),
    windowBytes: random.magnitude(2_000, 256 * 1024),
    writeHighWaterBytes: random.magnitude(4_000, 1024 * 1024),
    lateTakeChance: random.pick([0, 0.05, 0.5]),
    splitChance: random.pick([0, 0.05, 0.4]),
  }
}

function drawDisk(random: SeededRandom): DiskTraits {
  const syncMin = random.magnitude(50, 2_000)
  return {
    journaled: random.chance(0.5),
    keepChance: random.pick([0, 0.1, 0.5, 0.9]),
    tearChance: random.pick([0, 0.3, 1]),
    tearUnit: random.pick([1, 512]),
    zeroFillChance: random.pick([0, 0.3, 1]),
    flipChance: random.pick([0, 0, 0.5]),
    forgetsFailedSync: random.chance(0.5),
    syncMin,
    syncMax: syncMin * random.magnitude(1, 20),
    call: random.pick([1, 3, 30]),
  }
}

function drawSettings(random: SeededRandom): Record<string, string> {
  const settings: Record<string, string> = {}
  const maybe = (name: string, chance: number, value: () => string | number): void => {
    if (random.chance(chance)) settings[name] = `${value()}`
  }
  maybe('log.retention.check.interval.ms', 0.5, () => random.magnitude(50, 2_000))
  maybe('stele.tail.cache.bytes', 0.5, () => random.pick([0, 2_000, 100_000]))
  maybe('stele.write.later.bytes', 0.5, () => random.pick([1, 500, 5_000]))
  maybe('stele.commit.journal.bytes', 0.5, () => random.pick([0, 1_500, 6_000]))
  maybe('stele.commit.journal.partitions.min', 0.7, () => random.pick([1, 2, 3]))
  maybe('log.flush.offset.checkpoint.interval.ms', 0.5, () => random.magnitude(20, 2_000))
  maybe('log.flush.start.offset.checkpoint.interval.ms', 0.5, () => random.magnitude(20, 2_000))
  maybe('log.flush.scheduler.interval.ms', 0.3, () => random.magnitude(20, 2_000))
  maybe('log.index.interval.bytes', 0.3, () => random.magnitude(1, 4_096))
  maybe('max.incremental.fetch.session.cache.slots', 0.2, () => random.between(0, 2))
  maybe('queued.max.requests', 0.2, () => random.between(1, 5))
  maybe('connections.max.idle.ms', 0.2, () => random.magnitude(200, 5_000))
  return settings
}

function drawProducer(random: SeededRandom): ProducerTraits {
  const idempotent = random.chance(0.6)
  const acks = idempotent ? -1 : random.pick([0, 1, 1, -1, -1] as const)
  return {
    acks,
    idempotent,
    version: random.between(3, 13),
    inFlightMax: random.pick([1, 2, 5]),
    recordsMax: random.pick([1, 5, 20]),
    valueBytesMax: random.pick([30, 200, 800]),
    compressedChance: random.pick([0, 0, 0.3]),
    pauseMillisMax: random.magnitude(1, 100),
    batches: random.magnitude(10, 160),
  }
}

function drawConsumer(random: SeededRandom): ConsumerTraits {
  return {
    version: random.between(4, 18),
    committedOnly: random.chance(0.4),
    withSession: random.chance(0.5),
    maxWaitMillis: random.pick([0, 5, 50, 500]),
    minBytes: random.pick([0, 1, 1, 5_000]),
    partitionMaxBytes: random.pick([1, 500, 10_000, 1_000_000]),
    maxBytes: random.pick([1, 2_000, 1_000_000, 50_000_000]),
    seekChance: random.pick([0, 0.02, 0.2]),
    pauseMillisMax: random.magnitude(5, 200),
    dozeChance: random.pick([0, 0, 0.02]),
  }
}

function drawFaultKinds(random: SeededRandom): FaultKind[] {
  const share = random.pick([0.2, 0.4, 0.8])
  const kinds = faultKinds.filter(() => random.chance(share))
  return kinds.length > 0 ? kinds : [random.pick(faultKinds)]
}
