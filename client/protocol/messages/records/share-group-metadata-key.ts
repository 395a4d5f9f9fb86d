/** Key of a coordinator’s record: ShareGroupMetadataKey (type 11). */
import { message, type Of, string } from '../../schema.ts'

export const ShareGroupMetadataKey = message({
  name: 'ShareGroupMetadataKey',
  type: 'coordinator-key',
  key: 11,
  versions: '0',
  fields: {
    groupId: string('0+'),
  },
})
export type ShareGroupMetadataKey = Of<typeof ShareGroupMetadataKey>
