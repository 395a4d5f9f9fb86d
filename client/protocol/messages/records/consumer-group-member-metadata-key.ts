/** Key of a coordinator’s record: ConsumerGroupMemberMetadataKey (type 5). */
import { message, type Of, string } from '../../schema.ts'

export const ConsumerGroupMemberMetadataKey = message({
  name: 'ConsumerGroupMemberMetadataKey',
  type: 'coordinator-key',
  key: 5,
  versions: '0',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})
export type ConsumerGroupMemberMetadataKey = Of<typeof ConsumerGroupMemberMetadataKey>
