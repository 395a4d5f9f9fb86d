/** Record of the metadata log: RemoveTopicRecord (type 9). */
import { message, type Of, uuid } from '../../schema.ts'

export const RemoveTopicRecord = message({
  name: 'RemoveTopicRecord',
  type: 'metadata',
  key: 9,
  versions: '0',
  flexible: '0+',
  fields: {
    topicId: uuid('0+'),
  },
})
export type RemoveTopicRecord = Of<typeof RemoveTopicRecord>
