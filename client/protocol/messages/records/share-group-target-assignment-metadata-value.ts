/** Value of a coordinator’s record: ShareGroupTargetAssignmentMetadataValue (type 12). */
import { int32, int64, message, type Of } from '../../schema.ts'

export const ShareGroupTargetAssignmentMetadataValue = message({
  name: 'ShareGroupTargetAssignmentMetadataValue',
  type: 'coordinator-value',
  key: 12,
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { ignorable: true, tag: 0 }),
  },
})
export type ShareGroupTargetAssignmentMetadataValue = Of<typeof ShareGroupTargetAssignmentMetadataValue>
