/** Key of a coordinator’s record: ShareGroupTargetAssignmentMemberKey (type 13). */
import { message, type Of, string } from '../../schema.ts'

export const ShareGroupTargetAssignmentMemberKey = message({
  name: 'ShareGroupTargetAssignmentMemberKey',
  type: 'coordinator-key',
  key: 13,
  versions: '0',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})
export type ShareGroupTargetAssignmentMemberKey = Of<typeof ShareGroupTargetAssignmentMemberKey>
