/** Key of a coordinator’s record: GroupMetadataKey (type 2). */
import { message, type Of, string } from '../../schema.ts'

export const GroupMetadataKey = message({
  name: 'GroupMetadataKey',
  type: 'coordinator-key',
  key: 2,
  versions: '0',
  fields: {
    group: string('0+'),
  },
})
export type GroupMetadataKey = Of<typeof GroupMetadataKey>
