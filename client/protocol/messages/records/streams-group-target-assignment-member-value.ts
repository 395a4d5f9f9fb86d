/** Value of a coordinator’s record: StreamsGroupTargetAssignmentMemberValue (type 21). */
import { array, int32, message, type Of, string } from '../../schema.ts'

export const StreamsGroupTargetAssignmentMemberValue = message({
  name: 'StreamsGroupTargetAssignmentMemberValue',
  type: 'coordinator-value',
  key: 21,
  versions: '0',
  flexible: '0+',
  fields: {
    activeTasks: array('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
    }),
    standbyTasks: array('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
    }),
    warmupTasks: array('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
    }),
  },
})
export type StreamsGroupTargetAssignmentMemberValue = Of<typeof StreamsGroupTargetAssignmentMemberValue>
