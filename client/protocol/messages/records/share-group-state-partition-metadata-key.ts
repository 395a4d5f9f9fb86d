/** Key of a coordinator’s record: ShareGroupStatePartitionMetadataKey (type 15). */
import { message, type Of, string } from '../../schema.ts'

export const ShareGroupStatePartitionMetadataKey = message({
  name: 'ShareGroupStatePartitionMetadataKey',
  type: 'coordinator-key',
  key: 15,
  versions: '0',
  fields: {
    groupId: string('0+'),
  },
})
export type ShareGroupStatePartitionMetadataKey = Of<typeof ShareGroupStatePartitionMetadataKey>
