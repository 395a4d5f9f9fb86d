/** Record of the metadata log: ClearElrRecord (type 28). */
import { message, type Of, string } from '../../schema.ts'

export const ClearElrRecord = message({
  name: 'ClearElrRecord',
  type: 'metadata',
  key: 28,
  versions: '0',
  flexible: '0+',
  fields: {
    topicName: string('0+'),
  },
})
export type ClearElrRecord = Of<typeof ClearElrRecord>
