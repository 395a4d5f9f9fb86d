/** Record of the metadata log: RemotePartitionDeleteMetadataRecord (type 2). */
import { int32, int64, int8, message, type Of, string, struct, uuid } from '../../schema.ts'

export const RemotePartitionDeleteMetadataRecord = message({
  name: 'RemotePartitionDeleteMetadataRecord',
  type: 'metadata',
  key: 2,
  versions: '0',
  flexible: '0+',
  fields: {
    topicIdPartition: struct('0+', {
      name: string('0+'),
      id: uuid('0+'),
      partition: int32('0+'),
    }),
    brokerId: int32('0+'),
    eventTimestampMs: int64('0+'),
    remotePartitionDeleteState: int8('0+'),
  },
})
export type RemotePartitionDeleteMetadataRecord = Of<typeof RemotePartitionDeleteMetadataRecord>
