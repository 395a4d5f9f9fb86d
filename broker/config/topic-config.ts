/**
 * A topic's settings as the log and others want them: typed, in whole, with the broker's settings standing in for what the topic leaves open.
 */
import { InvalidValue, type Kind } from './kind.ts'
import type { ValueOf } from './setting.ts'
import type { Settings } from './settings.ts'
import { isTopicSetting, type TopicSettingName, type TopicSettings, topicSettings } from './topic-settings.ts'

export type TopicValues = { readonly [N in TopicSettingName]: ValueOf<TopicSettings[N]> }

export interface TopicConfig {
  readonly segmentBytes: number
  readonly segmentMillis: number
  readonly segmentJitterMillis: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly preallocate: boolean
  readonly fileDeleteDelayMillis: number
  readonly flushMessages: number
  readonly flushMillis: number
  readonly ackDurability: 'disk' | 'memory'
  /** cleanup.policy, taken apart. */
  readonly compact: boolean
  readonly delete: boolean
  /** Below zero: without bound. */
  readonly retentionBytes: number
  /** Below zero: for ever. */
  readonly retentionMillis: number
  readonly deleteRetentionMillis: number
  readonly minCompactionLagMillis: number
  readonly maxCompactionLagMillis: number
  readonly minCleanableDirtyRatio: number
  readonly maxMessageBytes: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly messageTimestampBeforeMaxMillis: number
  readonly messageTimestampAfterMaxMillis: number
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly compressionGzipLevel: number
  readonly compressionLz4Level: number
  readonly compressionZstdLevel: number
  readonly minInsyncReplicas: number
  readonly uncleanLeaderElectionEnable: boolean
}

const hourMillis = 3_600_000
const minuteMillis = 60_000

/** What each topic setting is where a topic says nothing. */
export function topicDefaults(settings: Settings): TopicValues {
  const values: Record<string, unknown> = {}
  for (const [name, { broker, default: initially }] of Object.entries(topicSettings)) {
    const [first] = broker
    values[name] = first === undefined ? initially : settings.get(first)
  }
  const retentionMinutes = settings.get('log.retention.minutes')
  const retentionMillis = retentionMinutes === null ? settings.get('log.retention.hours') * hourMillis : retentionMinutes * minuteMillis
  return {
    ...(values as TopicValues),
    'retention.ms': settings.get('log.retention.ms') ?? (retentionMillis < 0 ? -1 : retentionMillis),
    'segment.ms': settings.get('log.roll.ms') ?? settings.get('log.roll.hours') * hourMillis,
    'segment.jitter.ms': settings.get('log.roll.jitter.ms') ?? settings.get('log.roll.jitter.hours') * hourMillis,
    'flush.ms': settings.get('log.flush.interval.ms') ?? settings.get('log.flush.scheduler.interval.ms'),
  }
}

/** A topic's values in whole. Throws InvalidValue where a text is not allowed or a name unknown. */
export function topicValues(defaults: TopicValues, overrides: ReadonlyMap<string, string>): TopicValues {
  if (overrides.size === 0) return defaults
  const values: Record<string, unknown> = { ...defaults }
  for (const [name, text] of overrides) values[name] = parseTopicSetting(name, text)
  return values as TopicValues
}

/** One topic setting's value, or InvalidValue in the words that Kafka's tools know. */
export function parseTopicSetting(name: string, text: string): unknown {
  if (!isTopicSetting(name)) throw new InvalidValue(`Unknown topic config name: ${name}`)
  const { parse } = topicSettings[name] as Kind<unknown>
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    throw new InvalidValue(`Invalid value ${text} for configuration ${name}: ${error.message}`)
  }
}

export function topicConfig(defaults: TopicValues, overrides: ReadonlyMap<string, string>): TopicConfig {
  const values = topicValues(defaults, overrides)
  return {
    segmentBytes: values['internal.segment.bytes'] ?? values['segment.bytes'],
    segmentMillis: values['segment.ms'],
    segmentJitterMillis: values['segment.jitter.ms'],
    segmentIndexBytes: values['segment.index.bytes'],
    indexIntervalBytes: values['index.interval.bytes'],
    preallocate: values.preallocate,
    fileDeleteDelayMillis: values['file.delete.delay.ms'],
    flushMessages: values['flush.messages'],
    flushMillis: values['flush.ms'],
    ackDurability: values['stele.ack.durability'],
    compact: values['cleanup.policy'].includes('compact'),
    delete: values['cleanup.policy'].includes('delete'),
    retentionBytes: values['retention.bytes'],
    retentionMillis: values['retention.ms'],
    deleteRetentionMillis: values['delete.retention.ms'],
    minCompactionLagMillis: values['min.compaction.lag.ms'],
    maxCompactionLagMillis: values['max.compaction.lag.ms'],
    minCleanableDirtyRatio: values['min.cleanable.dirty.ratio'],
    maxMessageBytes: values['max.message.bytes'],
    messageTimestampType: values['message.timestamp.type'],
    messageTimestampBeforeMaxMillis: values['message.timestamp.before.max.ms'],
    messageTimestampAfterMaxMillis: values['message.timestamp.after.max.ms'],
    compressionType: values['compression.type'],
    compressionGzipLevel: values['compression.gzip.level'],
    compressionLz4Level: values['compression.lz4.level'],
    compressionZstdLevel: values['compression.zstd.level'],
    minInsyncReplicas: values['min.insync.replicas'],
    uncleanLeaderElectionEnable: values['unclean.leader.election.enable'],
  }
}
