/** Record of the metadata log: TopicRecord (type 2). */
import { message, type Of, string, uuid } from '../../schema.ts'

export const TopicRecord = message({
  name: 'TopicRecord',
  type: 'metadata',
  key: 2,
  versions: '0',
  flexible: '0+',
  fields: {
    name: string('0+'),
    topicId: uuid('0+'),
  },
})
export type TopicRecord = Of<typeof TopicRecord>
