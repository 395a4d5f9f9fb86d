/** Key of a coordinator’s record: StreamsGroupTargetAssignmentMemberKey (type 21). */
import { message, type Of, string } from '../../schema.ts'

export const StreamsGroupTargetAssignmentMemberKey = message({
  name: 'StreamsGroupTargetAssignmentMemberKey',
  type: 'coordinator-key',
  key: 21,
  versions: '0',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})
export type StreamsGroupTargetAssignmentMemberKey = Of<typeof StreamsGroupTargetAssignmentMemberKey>
