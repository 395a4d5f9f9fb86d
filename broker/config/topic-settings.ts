/**
 * Every setting of a topic, once, each with the broker settings that give its default, first one first.
 * All that Kafka 4 knows is here; what Stele cannot do is refused by name when it is asked for, never ignored.
 */
import { brokerSettings } from './broker-settings.ts'
import { boolean, int, type Kind, list, long } from './kind.ts'

export interface TopicSetting<V> extends Kind<V> {
  readonly doc: string
  /** The broker's settings that stand behind it. */
  readonly broker: readonly (keyof typeof brokerSettings)[]
  /** Not shown to clients. */
  readonly internal: boolean
}

type BrokerName = keyof typeof brokerSettings

function topic<V>(kind: Kind<V>, doc: string, ...broker: BrokerName[]): TopicSetting<V> {
  const { type, default: initially, allowed, parse, format } = kind
  return { type, default: initially, allowed, parse, format, doc, broker, internal: false }
}

const throttled = list([], {
  allowed: 'the single entry *, or a list of partition:broker',
  check(parts) {
    if (parts.length === 1 && parts[0] === '*') return undefined
    return parts.every((part) => /^\d+:\d+$/.test(part))
      ? undefined
      : "must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],..."
  },
})

const hourMillis = 3_600_000

export const topicSettings = {
  'cleanup.policy': topic(
    brokerSettings['log.cleanup.policy'],
    'What happens to old records: delete drops old segments, compact keeps the newest record of every key, or both; none keeps all.',
    'log.cleanup.policy',
  ),
  'compression.gzip.level': topic(
    brokerSettings['compression.gzip.level'],
    'The level when compression.type is gzip.',
    'compression.gzip.level',
  ),
  'compression.lz4.level': topic(
    brokerSettings['compression.lz4.level'],
    'The level when compression.type is lz4.',
    'compression.lz4.level',
  ),
  'compression.type': topic(
    brokerSettings['compression.type'],
    'How batches are stored: producer leaves them as they came, anything else packs them anew.',
    'compression.type',
  ),
  'compression.zstd.level': topic(
    brokerSettings['compression.zstd.level'],
    'The level when compression.type is zstd.',
    'compression.zstd.level',
  ),
  'delete.retention.ms': topic(
    brokerSettings['log.cleaner.delete.retention.ms'],
    'How long a tombstone stays in a compacted topic; also how long a reader from the beginning may take to see every deletion.',
    'log.cleaner.delete.retention.ms',
  ),
  'file.delete.delay.ms': topic(
    brokerSettings['log.segment.delete.delay.ms'],
    'How long the files of a deleted segment stay.',
    'log.segment.delete.delay.ms',
  ),
  'flush.messages': topic(
    brokerSettings['log.flush.interval.messages'],
    'The log is synced to the disk after this many records, acknowledgements aside.',
    'log.flush.interval.messages',
  ),
  'flush.ms': topic(
    long(brokerSettings['log.flush.scheduler.interval.ms'].default, { min: 0 }),
    'The log is synced to the disk at least this often, acknowledgements aside.',
    'log.flush.interval.ms',
    'log.flush.scheduler.interval.ms',
  ),
  'follower.replication.throttled.replicas': topic(
    throttled,
    'Replicas whose copying is slowed where they follow: partition:broker, or * for all.',
  ),
  'index.interval.bytes': topic(
    brokerSettings['log.index.interval.bytes'],
    'About how many log bytes lie between two entries of the offset index.',
    'log.index.interval.bytes',
  ),
  'internal.segment.bytes': {
    ...topic(int(null), 'For tests: a segment size below the smallest that segment.bytes allows.'),
    internal: true,
  },
  'leader.replication.throttled.replicas': topic(
    throttled,
    'Replicas whose copying is slowed where they lead: partition:broker, or * for all.',
  ),
  'local.retention.bytes': topic(long(-2, { min: -2 }), 'Of use with tiered storage only; -2 is retention.bytes.'),
  'local.retention.ms': topic(long(-2, { min: -2 }), 'Of use with tiered storage only; -2 is retention.ms.'),
  'max.compaction.lag.ms': topic(
    brokerSettings['log.cleaner.max.compaction.lag.ms'],
    'A record older than this is compacted, however little there is to gain.',
    'log.cleaner.max.compaction.lag.ms',
  ),
  'max.message.bytes': topic(
    brokerSettings['message.max.bytes'],
    'The largest record batch taken, compressed, header included.',
    'message.max.bytes',
  ),
  'message.timestamp.after.max.ms': topic(
    brokerSettings['log.message.timestamp.after.max.ms'],
    "How far a producer's timestamp may lie in the future.",
    'log.message.timestamp.after.max.ms',
  ),
  'message.timestamp.before.max.ms': topic(
    brokerSettings['log.message.timestamp.before.max.ms'],
    "How far a producer's timestamp may lie in the past.",
    'log.message.timestamp.before.max.ms',
  ),
  'message.timestamp.type': topic(
    brokerSettings['log.message.timestamp.type'],
    "Whose time a record carries: its producer's, or the broker's when it was appended.",
    'log.message.timestamp.type',
  ),
  'min.cleanable.dirty.ratio': topic(
    brokerSettings['log.cleaner.min.cleanable.ratio'],
    'Compaction begins when this share of the log has not been compacted yet.',
    'log.cleaner.min.cleanable.ratio',
  ),
  'min.compaction.lag.ms': topic(
    brokerSettings['log.cleaner.min.compaction.lag.ms'],
    'A record younger than this is not compacted away.',
    'log.cleaner.min.compaction.lag.ms',
  ),
  'min.insync.replicas': topic(
    brokerSettings['min.insync.replicas'],
    'How many replicas must be in sync for acks=all to be taken.',
    'min.insync.replicas',
  ),
  preallocate: topic(brokerSettings['log.preallocate'], 'Whether a new segment file is given its whole size at once.', 'log.preallocate'),
  'remote.log.copy.disable': topic(boolean(false), 'Of use with tiered storage only.'),
  'remote.log.delete.on.disable': topic(boolean(false), 'Of use with tiered storage only.'),
  'remote.storage.enable': topic(boolean(false), 'Tiered storage, which this version does not have: true is refused.'),
  'retention.bytes': topic(
    brokerSettings['log.retention.bytes'],
    'How large a partition may grow before its oldest segments are deleted; -1 without bound.',
    'log.retention.bytes',
  ),
  'retention.ms': topic(
    long(168 * hourMillis, { min: -1 }),
    'How long records are kept; -1 for ever.',
    'log.retention.ms',
    'log.retention.minutes',
    'log.retention.hours',
  ),
  'segment.bytes': topic(brokerSettings['log.segment.bytes'], 'The largest size of a segment file.', 'log.segment.bytes'),
  'segment.index.bytes': topic(
    brokerSettings['log.index.size.max.bytes'],
    'The largest size of an index file; a full one begins a new segment.',
    'log.index.size.max.bytes',
  ),
  'segment.jitter.ms': topic(
    long(0, { min: 0 }),
    'At most this much is taken off segment.ms, so that partitions do not roll together.',
    'log.roll.jitter.ms',
    'log.roll.jitter.hours',
  ),
  'segment.ms': topic(
    long(168 * hourMillis, { min: 1 }),
    'A new segment is begun when the oldest record of the last one is this old.',
    'log.roll.ms',
    'log.roll.hours',
  ),
  'stele.ack.durability': topic(
    brokerSettings['stele.ack.durability'],
    'When acks=all is answered: disk, when the batch is synced to the disk of every in-sync replica; memory, when it is in their page caches.',
    'stele.ack.durability',
  ),
  'unclean.leader.election.enable': topic(
    brokerSettings['unclean.leader.election.enable'],
    'Whether a replica that is not in sync may lead when no other is left, at the price of lost records.',
    'unclean.leader.election.enable',
  ),
}

export type TopicSettings = typeof topicSettings
export type TopicSettingName = keyof TopicSettings

export function isTopicSetting(name: string): name is TopicSettingName {
  return Object.hasOwn(topicSettings, name)
}
