/** Record of the metadata log: RemoteLogSegmentMetadataSnapshotRecord (type 3). */
import { array, bool, int32, int64, int8, message, nullableBytes, type Of, uuid } from '../../schema.ts'

export const RemoteLogSegmentMetadataSnapshotRecord = message({
  name: 'RemoteLogSegmentMetadataSnapshotRecord',
  type: 'metadata',
  key: 3,
  versions: '0',
  flexible: '0+',
  fields: {
    segmentId: uuid('0+'),
    startOffset: int64('0+'),
    endOffset: int64('0+'),
    brokerId: int32('0+'),
    maxTimestampMs: int64('0+'),
    eventTimestampMs: int64('0+'),
    segmentLeaderEpochs: array('0+', {
      leaderEpoch: int32('0+'),
      offset: int64('0+'),
    }),
    segmentSizeInBytes: int32('0+'),
    customMetadata: nullableBytes('0+'),
    remoteLogSegmentState: int8('0+'),
    txnIndexEmpty: bool('0+', { tag: 0 }),
  },
})
export type RemoteLogSegmentMetadataSnapshotRecord = Of<typeof RemoteLogSegmentMetadataSnapshotRecord>
