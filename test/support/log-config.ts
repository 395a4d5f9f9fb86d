/** A topic's settings as Kafka's defaults have them, for tests that change one or two. */
import type { LogConfig } from '../../broker/log/log-directory.ts'

export const defaultLogConfig: LogConfig = {
  segmentBytes: 1024 * 1024 * 1024,
  segmentMillis: 7 * 24 * 3_600_000,
  segmentJitterMillis: 0,
  segmentIndexBytes: 10 * 1024 * 1024,
  indexIntervalBytes: 4096,
  fileDeleteDelayMillis: 60_000,
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMillis: Number.MAX_SAFE_INTEGER,
  ackDurability: 'disk',
  compact: false,
  delete: true,
  retentionBytes: -1,
  retentionMillis: 7 * 24 * 3_600_000,
  maxMessageBytes: 1024 * 1024 + 12,
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMillis: Number.MAX_SAFE_INTEGER,
  messageTimestampAfterMaxMillis: Number.MAX_SAFE_INTEGER,
  compressionType: 'producer',
  compressionGzipLevel: -1,
  compressionLz4Level: 9,
  compressionZstdLevel: 3,
  minInsyncReplicas: 1,
}
