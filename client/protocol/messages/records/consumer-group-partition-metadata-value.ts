/** Value of a coordinator’s record: ConsumerGroupPartitionMetadataValue (type 4). */
import { array, int32, message, type Of, string, uuid } from '../../schema.ts'

export const ConsumerGroupPartitionMetadataValue = message({
  name: 'ConsumerGroupPartitionMetadataValue',
  type: 'coordinator-value',
  key: 4,
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array('0+', {
      topicId: uuid('0+'),
      topicName: string('0+'),
      numPartitions: int32('0+'),
      partitionMetadata: array('0+', {
        partition: int32('0+'),
        racks: array('0+', string),
      }),
    }),
  },
})
export type ConsumerGroupPartitionMetadataValue = Of<typeof ConsumerGroupPartitionMetadataValue>
