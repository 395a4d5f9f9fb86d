/** Value of a coordinator’s record: ShareSnapshotValue (type 0). */
import { array, int16, int32, int64, int8, message, type Of } from '../../schema.ts'

export const ShareSnapshotValue = message({
  name: 'ShareSnapshotValue',
  type: 'coordinator-value',
  key: 0,
  versions: '0',
  flexible: '0+',
  fields: {
    snapshotEpoch: int32('0+'),
    stateEpoch: int32('0+'),
    leaderEpoch: int32('0+'),
    startOffset: int64('0+'),
    deliveryCompleteCount: int32('0+', { default: -1, tag: 0 }),
    createTimestamp: int64('0+'),
    writeTimestamp: int64('0+'),
    stateBatches: array('0+', {
      firstOffset: int64('0+'),
      lastOffset: int64('0+'),
      deliveryState: int8('0+'),
      deliveryCount: int16('0+'),
    }),
  },
})
export type ShareSnapshotValue = Of<typeof ShareSnapshotValue>
