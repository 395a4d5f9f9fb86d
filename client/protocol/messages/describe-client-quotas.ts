/** DescribeClientQuotas (key 48). */
import { array, bool, float64, int16, int32, int8, message, nullableArray, nullableString, type Of, string } from '../schema.ts'

export const DescribeClientQuotasRequest = message({
  name: 'DescribeClientQuotasRequest',
  type: 'request',
  key: 48,
  versions: '0-1',
  flexible: '1+',
  fields: {
    components: array('0+', {
      entityType: string('0+'),
      matchType: int8('0+'),
      match: nullableString('0+', { default: '' }),
    }),
    strict: bool('0+'),
  },
})
export type DescribeClientQuotasRequest = Of<typeof DescribeClientQuotasRequest>

export const DescribeClientQuotasResponse = message({
  name: 'DescribeClientQuotasResponse',
  type: 'response',
  key: 48,
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '' }),
    entries: nullableArray(
      '0+',
      {
        entity: array('0+', {
          entityType: string('0+'),
          entityName: nullableString('0+', { default: '' }),
        }),
        values: array('0+', {
          key: string('0+'),
          value: float64('0+'),
        }),
      },
      { default: [] },
    ),
  },
})
export type DescribeClientQuotasResponse = Of<typeof DescribeClientQuotasResponse>
