/**
 * What a log must know of its topic's settings. A topic's whole configuration satisfies it.
 */
export interface LogConfig {
  readonly segmentBytes: number
  readonly segmentMillis: number
  readonly segmentJitterMillis: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly fileDeleteDelayMillis: number
  readonly flushMessages: number
  readonly flushMillis: number
  readonly ackDurability: 'disk' | 'memory'
  readonly compact: boolean
  readonly delete: boolean
  readonly deleteRetentionMillis: number
  readonly minCompactionLagMillis: number
  readonly maxCompactionLagMillis: number
  readonly minCleanableDirtyRatio: number
  /** Below zero: without bound. */
  readonly retentionBytes: number
  /** Below zero: for ever. */
  readonly retentionMillis: number
  readonly maxMessageBytes: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly messageTimestampBeforeMaxMillis: number
  readonly messageTimestampAfterMaxMillis: number
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly compressionGzipLevel: number
  readonly compressionLz4Level: number
  readonly compressionZstdLevel: number
  readonly minInsyncReplicas: number
}
