/** Record of the metadata log: AccessControlEntryRecord (type 18). */
import { int8, message, type Of, string, uuid } from '../../schema.ts'

export const AccessControlEntryRecord = message({
  name: 'AccessControlEntryRecord',
  type: 'metadata',
  key: 18,
  versions: '0',
  flexible: '0+',
  fields: {
    id: uuid('0+'),
    resourceType: int8('0+'),
    resourceName: string('0+'),
    patternType: int8('0+'),
    principal: string('0+'),
    host: string('0+'),
    operation: int8('0+'),
    permissionType: int8('0+'),
  },
})
export type AccessControlEntryRecord = Of<typeof AccessControlEntryRecord>
