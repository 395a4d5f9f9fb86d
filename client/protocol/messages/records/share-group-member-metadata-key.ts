/** Key of a coordinator’s record: ShareGroupMemberMetadataKey (type 10). */
import { message, type Of, string } from '../../schema.ts'

export const ShareGroupMemberMetadataKey = message({
  name: 'ShareGroupMemberMetadataKey',
  type: 'coordinator-key',
  key: 10,
  versions: '0',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})
export type ShareGroupMemberMetadataKey = Of<typeof ShareGroupMemberMetadataKey>
