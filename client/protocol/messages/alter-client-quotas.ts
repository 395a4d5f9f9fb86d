/** AlterClientQuotas (key 49). */
import { array, bool, float64, int16, int32, message, nullableString, type Of, string } from '../schema.ts'

export const AlterClientQuotasRequest = message({
  name: 'AlterClientQuotasRequest',
  type: 'request',
  key: 49,
  versions: '0-1',
  flexible: '1+',
  fields: {
    entries: array('0+', {
      entity: array('0+', {
        entityType: string('0+'),
        entityName: nullableString('0+', { default: '' }),
      }),
      ops: array('0+', {
        key: string('0+'),
        value: float64('0+'),
        remove: bool('0+'),
      }),
    }),
    validateOnly: bool('0+'),
  },
})
export type AlterClientQuotasRequest = Of<typeof AlterClientQuotasRequest>

export const AlterClientQuotasResponse = message({
  name: 'AlterClientQuotasResponse',
  type: 'response',
  key: 49,
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32('0+'),
    entries: array('0+', {
      errorCode: int16('0+'),
      errorMessage: nullableString('0+', { default: '' }),
      entity: array('0+', {
        entityType: string('0+'),
        entityName: nullableString('0+', { default: '' }),
      }),
    }),
  },
})
export type AlterClientQuotasResponse = Of<typeof AlterClientQuotasResponse>
