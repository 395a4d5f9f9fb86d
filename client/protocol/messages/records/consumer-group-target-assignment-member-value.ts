/** Value of a coordinator’s record: ConsumerGroupTargetAssignmentMemberValue (type 7). */
import { array, int32, message, type Of, uuid } from '../../schema.ts'

export const ConsumerGroupTargetAssignmentMemberValue = message({
  name: 'ConsumerGroupTargetAssignmentMemberValue',
  type: 'coordinator-value',
  key: 7,
  versions: '0',
  flexible: '0+',
  fields: {
    topicPartitions: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', int32),
    }),
  },
})
export type ConsumerGroupTargetAssignmentMemberValue = Of<typeof ConsumerGroupTargetAssignmentMemberValue>
