/** Record of the metadata log: RemoteLogSegmentMetadataUpdateRecord (type 1). */
import { int32, int64, int8, message, nullableBytes, type Of, string, struct, uuid } from '../../schema.ts'

export const RemoteLogSegmentMetadataUpdateRecord = message({
  name: 'RemoteLogSegmentMetadataUpdateRecord',
  type: 'metadata',
  key: 1,
  versions: '0',
  flexible: '0+',
  fields: {
    remoteLogSegmentId: struct('0+', {
      topicIdPartition: struct('0+', {
        name: string('0+'),
        id: uuid('0+'),
        partition: int32('0+'),
      }),
      id: uuid('0+'),
    }),
    brokerId: int32('0+'),
    eventTimestampMs: int64('0+'),
    customMetadata: nullableBytes('0+'),
    remoteLogSegmentState: int8('0+'),
  },
})
export type RemoteLogSegmentMetadataUpdateRecord = Of<typeof RemoteLogSegmentMetadataUpdateRecord>
