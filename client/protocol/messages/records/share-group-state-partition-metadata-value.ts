/** Value of a coordinator’s record: ShareGroupStatePartitionMetadataValue (type 15). */
import { array, int32, message, type Of, string, uuid } from '../../schema.ts'

export const ShareGroupStatePartitionMetadataValue = message({
  name: 'ShareGroupStatePartitionMetadataValue',
  type: 'coordinator-value',
  key: 15,
  versions: '0',
  flexible: '0+',
  fields: {
    initializingTopics: array('0+', {
      topicId: uuid('0+'),
      topicName: string('0+'),
      partitions: array('0+', int32),
    }),
    initializedTopics: array('0+', {
      topicId: uuid('0+'),
      topicName: string('0+'),
      partitions: array('0+', int32),
    }),
    deletingTopics: array('0+', {
      topicId: uuid('0+'),
      topicName: string('0+'),
    }),
  },
})
export type ShareGroupStatePartitionMetadataValue = Of<typeof ShareGroupStatePartitionMetadataValue>
