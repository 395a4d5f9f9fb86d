/** IncrementalAlterConfigs (key 44). */
import { array, bool, int16, int32, int8, message, nullableString, type Of, string } from '../schema.ts'

export const IncrementalAlterConfigsRequest = message({
  name: 'IncrementalAlterConfigsRequest',
  type: 'request',
  key: 44,
  versions: '0-1',
  flexible: '1+',
  fields: {
    resources: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      configs: array('0+', {
        name: string('0+'),
        configOperation: int8('0+'),
        value: nullableString('0+', { default: '' }),
      }),
    }),
    validateOnly: bool('0+'),
  },
})
export type IncrementalAlterConfigsRequest = Of<typeof IncrementalAlterConfigsRequest>

export const IncrementalAlterConfigsResponse = message({
  name: 'IncrementalAlterConfigsResponse',
  type: 'response',
  key: 44,
  versions: '0-1',
  flexible: '1+',
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
export type IncrementalAlterConfigsResponse = Of<typeof IncrementalAlterConfigsResponse>
