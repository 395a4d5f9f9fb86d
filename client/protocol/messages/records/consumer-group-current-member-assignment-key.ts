/** Key of a coordinator’s record: ConsumerGroupCurrentMemberAssignmentKey (type 8). */
import { message, type Of, string } from '../../schema.ts'

export const ConsumerGroupCurrentMemberAssignmentKey = message({
  name: 'ConsumerGroupCurrentMemberAssignmentKey',
  type: 'coordinator-key',
  key: 8,
  versions: '0',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})
export type ConsumerGroupCurrentMemberAssignmentKey = Of<typeof ConsumerGroupCurrentMemberAssignmentKey>
