/** Key of a coordinator’s record: ConsumerGroupPartitionMetadataKey (type 4). */
import { message, type Of, string } from '../../schema.ts'

export const ConsumerGroupPartitionMetadataKey = message({
  name: 'ConsumerGroupPartitionMetadataKey',
  type: 'coordinator-key',
  key: 4,
  versions: '0',
  fields: {
    groupId: string('0+'),
  },
})
export type ConsumerGroupPartitionMetadataKey = Of<typeof ConsumerGroupPartitionMetadataKey>
