/** Key of a coordinator’s record: StreamsGroupCurrentMemberAssignmentKey (type 22). */
import { message, type Of, string } from '../../schema.ts'

export const StreamsGroupCurrentMemberAssignmentKey = message({
  name: 'StreamsGroupCurrentMemberAssignmentKey',
  type: 'coordinator-key',
  key: 22,
  versions: '0',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})
export type StreamsGroupCurrentMemberAssignmentKey = Of<typeof StreamsGroupCurrentMemberAssignmentKey>
