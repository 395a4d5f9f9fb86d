/**
 * Transactions in a simulated world: a topic of their own, who writes to it and who reads it, and the ledger that both are held against.
 * Owns: what the seed makes of all that. Never: decides what goes wrong.
 */
import type { TopicPlan } from './clients/admin.ts'
import type { Client, Surroundings } from './clients/client.ts'
import { CommittedReader } from './clients/committed-reader.ts'
import type { TopicReaderTraits } from './clients/topic-reader.ts'
import { Transactor, type TransactorTraits } from './clients/transactor.ts'
import { Ledger } from './checkers/ledger.ts'
import type { SeededRandom } from './platform/random.ts'

export interface TransactionPlan {
  readonly topic: TopicPlan
  readonly transactors: readonly TransactorTraits[]
  readonly readers: readonly TopicReaderTraits[]
  /** Over the broker's defaults. */
  readonly settings: Record<string, string>
}

const topic = 'topicOfTransactions'

/** Undefined: this world knows none. */
export function drawTransactions(random: SeededRandom): TransactionPlan | undefined {
  if (!random.chance(0.5)) return undefined
  const partitions = random.between(1, 3)
  const ids = random.between(1, 2)
  const configs: Record<string, string> = { 'message.timestamp.after.max.ms': '9223372036854775807' }
  if (random.chance(0.5)) configs['internal.segment.bytes'] = `${random.magnitude(2_000, 10_000)}`
  return {
    topic: { name: topic, partitions, configs },
    transactors: Array.from({ length: random.between(1, 3) }, () => drawTransactor(random, partitions, ids)),
    readers: Array.from({ length: random.between(1, 2) }, () => ({
      topic,
      partitions,
      maxBytes: random.pick([200, 2_000, 1_000_000]),
      pauseMillisMax: random.magnitude(5, 200),
      againChance: 0.02,
    })),
    settings: {
      'transaction.state.log.num.partitions': `${random.between(1, 2)}`,
      'transaction.abort.timed.out.transaction.cleanup.interval.ms': `${random.magnitude(20, 1_000)}`,
      'add.partitions.to.txn.retry.backoff.max.ms': `${random.pick([0, 5, 100])}`,
      'producer.id.expiration.ms': '2000000000',
      'offsets.topic.num.partitions': `${random.between(1, 2)}`,
      'offsets.retention.minutes': '2000000000',
    },
  }
}

function drawTransactor(random: SeededRandom, partitions: number, ids: number): TransactorTraits {
  return {
    transactionalId: `id-${random.below(ids)}`,
    topic,
    partitions,
    version: random.pick([1, 2]),
    timeoutMillis: random.magnitude(50, 20_000),
    transactions: random.magnitude(3, 40),
    batchesMax: random.between(1, 3),
    recordsMax: random.pick([1, 5]),
    abortChance: random.pick([0, 0.2, 0.5]),
    vanishChance: random.pick([0, 0.1]),
    dropsChance: random.pick([0, 0.5]),
    offsetsChance: random.pick([0, 0.5, 1]),
    pauseMillisMax: random.magnitude(1, 200),
  }
}

export class Transactions {
  readonly ledger = new Ledger()
  readonly clients: readonly Client[]
  readonly #auditor: CommittedReader

  constructor(plan: TransactionPlan, surroundings: (name: string) => Surroundings) {
    const { name, partitions } = plan.topic
    const auditing: TopicReaderTraits = { topic: name, partitions, maxBytes: 1_000_000, pauseMillisMax: 0, againChance: 0 }
    this.clients = [
      ...plan.transactors.map((traits, index) => new Transactor(surroundings(`transactor ${index}`), traits, this.ledger)),
      ...plan.readers.map((traits, index) => new CommittedReader(surroundings(`committed reader ${index}`), traits, this.ledger)),
    ]
    this.#auditor = new CommittedReader(surroundings('auditor of transactions'), auditing, this.ledger)
  }

  /** When the broker is up for good, and all clients are done. */
  audit(): Promise<void> {
    return this.#auditor.audit()
  }
}
