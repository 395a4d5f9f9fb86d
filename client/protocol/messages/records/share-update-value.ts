/** Value of a coordinator’s record: ShareUpdateValue (type 1). */
import { array, int16, int32, int64, int8, message, type Of } from '../../schema.ts'

export const ShareUpdateValue = message({
  name: 'ShareUpdateValue',
  type: 'coordinator-value',
  key: 1,
  versions: '0',
  flexible: '0+',
  fields: {
    snapshotEpoch: int32('0+'),
    leaderEpoch: int32('0+'),
    startOffset: int64('0+'),
    deliveryCompleteCount: int32('0+', { default: -1, tag: 0 }),
    stateBatches: array('0+', {
      firstOffset: int64('0+'),
      lastOffset: int64('0+'),
      deliveryState: int8('0+'),
      deliveryCount: int16('0+'),
    }),
  },
})
export type ShareUpdateValue = Of<typeof ShareUpdateValue>
