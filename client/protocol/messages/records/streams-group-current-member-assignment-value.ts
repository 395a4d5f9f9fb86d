/** Value of a coordinator’s record: StreamsGroupCurrentMemberAssignmentValue (type 22). */
import { array, int32, int8, message, nullableArray, type Of, string } from '../../schema.ts'

export const StreamsGroupCurrentMemberAssignmentValue = message({
  name: 'StreamsGroupCurrentMemberAssignmentValue',
  type: 'coordinator-value',
  key: 22,
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    activeTasks: array('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
      assignmentEpochs: nullableArray('0+', int32, { default: [], tag: 0 }),
    }),
    standbyTasks: array('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
      assignmentEpochs: nullableArray('0+', int32, { default: [], tag: 0 }),
    }),
    warmupTasks: array('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
      assignmentEpochs: nullableArray('0+', int32, { default: [], tag: 0 }),
    }),
    activeTasksPendingRevocation: array('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
      assignmentEpochs: nullableArray('0+', int32, { default: [], tag: 0 }),
    }),
    standbyTasksPendingRevocation: array('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
      assignmentEpochs: nullableArray('0+', int32, { default: [], tag: 0 }),
    }),
    warmupTasksPendingRevocation: array('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
      assignmentEpochs: nullableArray('0+', int32, { default: [], tag: 0 }),
    }),
  },
})
export type StreamsGroupCurrentMemberAssignmentValue = Of<typeof StreamsGroupCurrentMemberAssignmentValue>
