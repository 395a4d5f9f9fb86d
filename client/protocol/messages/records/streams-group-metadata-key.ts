/** Key of a coordinator’s record: StreamsGroupMetadataKey (type 17). */
import { message, type Of, string } from '../../schema.ts'

export const StreamsGroupMetadataKey = message({
  name: 'StreamsGroupMetadataKey',
  type: 'coordinator-key',
  key: 17,
  versions: '0',
  fields: {
    groupId: string('0+'),
  },
})
export type StreamsGroupMetadataKey = Of<typeof StreamsGroupMetadataKey>
