/** Value of a coordinator’s record: ConsumerGroupTargetAssignmentMetadataValue (type 6). */
import { int32, int64, message, type Of } from '../../schema.ts'

export const ConsumerGroupTargetAssignmentMetadataValue = message({
  name: 'ConsumerGroupTargetAssignmentMetadataValue',
  type: 'coordinator-value',
  key: 6,
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { ignorable: true, tag: 0 }),
  },
})
export type ConsumerGroupTargetAssignmentMetadataValue = Of<typeof ConsumerGroupTargetAssignmentMetadataValue>
