/** AlterConfigs (key 33). */
import { array, bool, int16, int32, int8, message, nullableString, type Of, string } from '../schema.ts'

export const AlterConfigsRequest = message({
  name: 'AlterConfigsRequest',
  type: 'request',
  key: 33,
  versions: '0-2',
  flexible: '2+',
  fields: {
    resources: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      configs: array('0+', {
        name: string('0+'),
        value: nullableString('0+', { default: '' }),
      }),
    }),
    validateOnly: bool('0+'),
  },
})
export type AlterConfigsRequest = Of<typeof AlterConfigsRequest>

export const AlterConfigsResponse = message({
  name: 'AlterConfigsResponse',
  type: 'response',
  key: 33,
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('0+'),
    responses: array('0+', {
      errorCode: int16('0+'),
      errorMessage: nullableString('0+', { default: '' }),
      resourceType: int8('0+'),
      resourceName: string('0+'),
    }),
  },
})
export type AlterConfigsResponse = Of<typeof AlterConfigsResponse>
