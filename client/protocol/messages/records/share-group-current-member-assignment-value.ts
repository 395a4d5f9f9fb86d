/** Value of a coordinator’s record: ShareGroupCurrentMemberAssignmentValue (type 14). */
import { array, int32, int8, message, type Of, uuid } from '../../schema.ts'

export const ShareGroupCurrentMemberAssignmentValue = message({
  name: 'ShareGroupCurrentMemberAssignmentValue',
  type: 'coordinator-value',
  key: 14,
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    assignedPartitions: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', int32),
    }),
  },
})
export type ShareGroupCurrentMemberAssignmentValue = Of<typeof ShareGroupCurrentMemberAssignmentValue>
