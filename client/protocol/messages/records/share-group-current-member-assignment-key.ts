/** Key of a coordinator’s record: ShareGroupCurrentMemberAssignmentKey (type 14). */
import { message, type Of, string } from '../../schema.ts'

export const ShareGroupCurrentMemberAssignmentKey = message({
  name: 'ShareGroupCurrentMemberAssignmentKey',
  type: 'coordinator-key',
  key: 14,
  versions: '0',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})
export type ShareGroupCurrentMemberAssignmentKey = Of<typeof ShareGroupCurrentMemberAssignmentKey>
