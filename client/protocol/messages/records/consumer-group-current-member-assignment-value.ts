/** Value of a coordinator’s record: ConsumerGroupCurrentMemberAssignmentValue (type 8). */
import { array, int32, int8, message, nullableArray, type Of, uuid } from '../../schema.ts'

export const ConsumerGroupCurrentMemberAssignmentValue = message({
  name: 'ConsumerGroupCurrentMemberAssignmentValue',
  type: 'coordinator-value',
  key: 8,
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    assignedPartitions: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', int32),
      assignmentEpochs: nullableArray('0+', int32, { default: [], tag: 0 }),
    }),
    partitionsPendingRevocation: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', int32),
      assignmentEpochs: nullableArray('0+', int32, { default: [], tag: 0 }),
    }),
  },
})
export type ConsumerGroupCurrentMemberAssignmentValue = Of<typeof ConsumerGroupCurrentMemberAssignmentValue>
