/** Record of the metadata log: RemoveAccessControlEntryRecord (type 19). */
import { message, type Of, uuid } from '../../schema.ts'

export const RemoveAccessControlEntryRecord = message({
  name: 'RemoveAccessControlEntryRecord',
  type: 'metadata',
  key: 19,
  versions: '0',
  flexible: '0+',
  fields: {
    id: uuid('0+'),
  },
})
export type RemoveAccessControlEntryRecord = Of<typeof RemoveAccessControlEntryRecord>
