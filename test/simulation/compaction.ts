/**
 * A compacted topic in a simulated world: who writes values to its keys and who reads them, and the ledger that both are held against.
 * Owns: what the seed makes of all that. Never: decides what goes wrong.
 */
import { NewestValues } from './checkers/newest-values.ts'
import type { TopicPlan } from './clients/admin.ts'
import type { Client, Surroundings } from './clients/client.ts'
import { KeyedReader } from './clients/keyed-reader.ts'
import { KeyedWriter, type KeyedWriterTraits } from './clients/keyed-writer.ts'
import type { TopicReaderTraits } from './clients/topic-reader.ts'
import type { SeededRandom } from './platform/random.ts'

export interface CompactionPlan {
  readonly topic: TopicPlan
  readonly writers: readonly KeyedWriterTraits[]
  readonly readers: readonly TopicReaderTraits[]
  /** Over the broker's defaults. */
  readonly settings: Record<string, string>
}

const topic = 'topicOfKeys'
/** Longer than any reading of the whole topic at the end takes: a reader that is slower may miss a tombstone, and keep what it deleted. */
const deleteRetentionMillisMin = 3_000

/** Undefined: this world knows none. */
export function drawCompaction(random: SeededRandom): CompactionPlan | undefined {
  if (!random.chance(0.5)) return undefined
  const partitions = random.between(1, 2)
  const writers = Array.from({ length: random.between(1, 2) }, (_, index) => drawWriter(random, partitions, index))
  const segmentBytesMin = Math.max(...writers.map(({ recordsMax, valueBytesMax }) => 100 + recordsMax * (valueBytesMax + 40)))
  const configs: Record<string, string> = {
    'message.timestamp.after.max.ms': '9223372036854775807',
    'cleanup.policy': 'compact',
    'internal.segment.bytes': `${random.magnitude(segmentBytesMin, segmentBytesMin * 6)}`,
    'min.cleanable.dirty.ratio': `${random.pick([0, 0.1, 0.5])}`,
    'delete.retention.ms': `${random.magnitude(deleteRetentionMillisMin, 10_000)}`,
    'file.delete.delay.ms': `${random.pick([0, 5, 1_000])}`,
  }
  if (random.chance(0.3)) configs['min.compaction.lag.ms'] = `${random.magnitude(1, 1_000)}`
  if (random.chance(0.5)) configs['index.interval.bytes'] = `${random.magnitude(1, 4_096)}`
  return {
    topic: { name: topic, partitions, configs },
    writers,
    readers: Array.from({ length: random.between(0, 2) }, () => ({
      topic,
      partitions,
      maxBytes: random.pick([100, 2_000, 1_000_000]),
      pauseMillisMax: random.magnitude(5, 200),
      againChance: random.pick([0.01, 0.2]),
    })),
    settings: {
      'log.cleaner.backoff.ms': `${random.magnitude(5, 1_000)}`,
      'log.cleaner.threads': `${random.between(1, 2)}`,
      'log.cleaner.dedupe.buffer.size': `${random.pick([200, 1_000, 100_000])}`,
      'log.cleaner.io.buffer.size': `${random.pick([2_000, 100_000])}`,
    },
  }
}

function drawWriter(random: SeededRandom, partitions: number, index: number): KeyedWriterTraits {
  return {
    topic,
    partitions,
    keyPrefix: `${index}.`,
    keys: random.magnitude(2, 30),
    idempotent: random.chance(0.5),
    recordsMax: random.pick([1, 5, 20]),
    valueBytesMax: random.pick([20, 300]),
    tombstoneChance: random.pick([0, 0.1, 0.4]),
    compressedChance: random.pick([0, 0.3]),
    batches: random.magnitude(20, 200),
    pauseMillisMax: random.magnitude(1, 60),
  }
}

export class Compaction {
  readonly newest = new NewestValues()
  readonly clients: readonly Client[]
  readonly #auditor: KeyedReader

  constructor(plan: CompactionPlan, surroundings: (name: string) => Surroundings) {
    const { name, partitions } = plan.topic
    const auditing: TopicReaderTraits = { topic: name, partitions, maxBytes: 1_000_000, pauseMillisMax: 0, againChance: 0 }
    this.clients = [
      ...plan.writers.map((traits, index) => new KeyedWriter(surroundings(`keyed writer ${index}`), traits, this.newest)),
      ...plan.readers.map((traits, index) => new KeyedReader(surroundings(`keyed reader ${index}`), traits, this.newest)),
    ]
    this.#auditor = new KeyedReader(surroundings('auditor of keys'), auditing, this.newest)
  }

  /** When the broker is up for good, and all clients are done. */
  audit(): Promise<void> {
    return this.#auditor.audit()
  }
}
