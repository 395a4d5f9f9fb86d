/** Value of a coordinator’s record: ShareGroupTargetAssignmentMemberValue (type 13). */
import { array, int32, message, type Of, uuid } from '../../schema.ts'

export const ShareGroupTargetAssignmentMemberValue = message({
  name: 'ShareGroupTargetAssignmentMemberValue',
  type: 'coordinator-value',
  key: 13,
  versions: '0',
  flexible: '0+',
  fields: {
    topicPartitions: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', int32),
    }),
  },
})
export type ShareGroupTargetAssignmentMemberValue = Of<typeof ShareGroupTargetAssignmentMemberValue>
