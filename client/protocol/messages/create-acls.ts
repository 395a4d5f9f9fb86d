/** CreateAcls (key 30). */
import { array, int16, int32, int8, message, nullableString, type Of, string } from '../schema.ts'

export const CreateAclsRequest = message({
  name: 'CreateAclsRequest',
  type: 'request',
  key: 30,
  versions: '0-3',
  flexible: '2+',
  fields: {
    creations: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      resourcePatternType: int8('1+', { default: 3 }),
      principal: string('0+'),
      host: string('0+'),
      operation: int8('0+'),
      permissionType: int8('0+'),
    }),
  },
})
export type CreateAclsRequest = Of<typeof CreateAclsRequest>

export const CreateAclsResponse = message({
  name: 'CreateAclsResponse',
  type: 'response',
  key: 30,
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('0+'),
    results: array('0+', {
      errorCode: int16('0+'),
      errorMessage: nullableString('0+', { default: '' }),
    }),
  },
})
export type CreateAclsResponse = Of<typeof CreateAclsResponse>
