/** Key of a coordinator’s record: StreamsGroupMemberMetadataKey (type 19). */
import { message, type Of, string } from '../../schema.ts'

export const StreamsGroupMemberMetadataKey = message({
  name: 'StreamsGroupMemberMetadataKey',
  type: 'coordinator-key',
  key: 19,
  versions: '0',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
  },
})
export type StreamsGroupMemberMetadataKey = Of<typeof StreamsGroupMemberMetadataKey>
