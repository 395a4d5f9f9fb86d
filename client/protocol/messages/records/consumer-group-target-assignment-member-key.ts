/** Key of a coordinator’s record: ConsumerGroupTargetAssignmentMemberKey (type 7). */
import { message, type Of, string } from '../../schema.ts'

export const ConsumerGroupTargetAssignmentMemberKey = message({
  name: 'ConsumerGroupTargetAssignmentMemberKey',
  type: 'coordinator-key',
  key: 7,
  versions: '0',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})
export type ConsumerGroupTargetAssignmentMemberKey = Of<typeof ConsumerGroupTargetAssignmentMemberKey>
