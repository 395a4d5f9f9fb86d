/** Record of the metadata log: ConfigRecord (type 4). */
import { int8, message, nullableString, type Of, string } from '../../schema.ts'

export const ConfigRecord = message({
  name: 'ConfigRecord',
  type: 'metadata',
  key: 4,
  versions: '0',
  flexible: '0+',
  fields: {
    resourceType: int8('0+'),
    resourceName: string('0+'),
    name: string('0+'),
    value: nullableString('0+', { default: '' }),
  },
})
export type ConfigRecord = Of<typeof ConfigRecord>
