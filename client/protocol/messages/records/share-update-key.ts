/** Key of a coordinator’s record: ShareUpdateKey (type 1). */
import { int32, message, type Of, string, uuid } from '../../schema.ts'

export const ShareUpdateKey = message({
  name: 'ShareUpdateKey',
  type: 'coordinator-key',
  key: 1,
  versions: '0',
  fields: {
    groupId: string('0+'),
    topicId: uuid('0+'),
    partition: int32('0+'),
  },
})
export type ShareUpdateKey = Of<typeof ShareUpdateKey>
