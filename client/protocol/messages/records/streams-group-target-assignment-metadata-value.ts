/** Value of a coordinator’s record: StreamsGroupTargetAssignmentMetadataValue (type 20). */
import { int32, int64, message, type Of } from '../../schema.ts'

export const StreamsGroupTargetAssignmentMetadataValue = message({
  name: 'StreamsGroupTargetAssignmentMetadataValue',
  type: 'coordinator-value',
  key: 20,
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { ignorable: true, tag: 0 }),
  },
})
export type StreamsGroupTargetAssignmentMetadataValue = Of<typeof StreamsGroupTargetAssignmentMetadataValue>
