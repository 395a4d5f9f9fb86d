/** Key of a coordinator’s record: ConsumerGroupMetadataKey (type 3). */
import { message, type Of, string } from '../../schema.ts'

export const ConsumerGroupMetadataKey = message({
  name: 'ConsumerGroupMetadataKey',
  type: 'coordinator-key',
  key: 3,
  versions: '0',
  fields: {
    groupId: string('0+'),
  },
})
export type ConsumerGroupMetadataKey = Of<typeof ConsumerGroupMetadataKey>
