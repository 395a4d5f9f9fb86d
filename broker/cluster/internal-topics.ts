/** The topics that brokers keep their own state in: their names, how many partitions they get, and which settings. */
import type { Settings } from '../config/settings.ts'
import type { NewTopic } from './topic-creation.ts'

export const offsetsTopic = '__consumer_offsets'
export const transactionsTopic = '__transaction_state'

export type InternalTopic = typeof offsetsTopic | typeof transactionsTopic

/** Those that Kafka names so: a data directory of Kafka's may hold the share coordinator's too. */
const names: ReadonlySet<string> = new Set([offsetsTopic, transactionsTopic, '__share_group_state'])

export function isInternalTopic(name: string): boolean {
  return names.has(name)
}

/** @param brokers how many could hold a replica: a cluster that is smaller than the replication factor gets by with one each. */
export function internalTopic(name: InternalTopic, settings: Settings, brokers: number): NewTopic {
  const of = name === offsetsTopic ? offsets(settings) : transactions(settings)
  const configs = Object.entries({ 'cleanup.policy': 'compact', ...of.configs })
  return {
    name,
    numPartitions: of.partitions,
    replicationFactor: Math.max(1, Math.min(of.replicas, brokers)),
    assignments: [],
    configs: configs.map(([name, value]) => ({ name, value: String(value) })),
  }
}

function offsets(settings: Settings) {
  return {
    partitions: settings.get('offsets.topic.num.partitions'),
    replicas: settings.get('offsets.topic.replication.factor'),
    configs: { 'compression.type': 'producer', 'segment.bytes': settings.get('offsets.topic.segment.bytes') },
  }
}

function transactions(settings: Settings) {
  return {
    partitions: settings.get('transaction.state.log.num.partitions'),
    replicas: settings.get('transaction.state.log.replication.factor'),
    configs: {
      'compression.type': 'uncompressed',
      'segment.bytes': settings.get('transaction.state.log.segment.bytes'),
      'min.insync.replicas': settings.get('transaction.state.log.min.isr'),
    },
  }
}
