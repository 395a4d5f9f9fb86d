/** Record of the metadata log: ClientQuotaRecord (type 14). */
import { array, bool, float64, message, nullableString, type Of, string } from '../../schema.ts'

export const ClientQuotaRecord = message({
  name: 'ClientQuotaRecord',
  type: 'metadata',
  key: 14,
  versions: '0',
  flexible: '0+',
  fields: {
    entity: array('0+', {
      entityType: string('0+'),
      entityName: nullableString('0+', { default: '' }),
    }),
    key: string('0+'),
    value: float64('0+'),
    remove: bool('0+'),
  },
})
export type ClientQuotaRecord = Of<typeof ClientQuotaRecord>
