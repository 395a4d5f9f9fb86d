/** DeleteAcls (key 31). */
import { array, int16, int32, int8, message, nullableString, type Of, string } from '../schema.ts'

export const DeleteAclsRequest = message({
  name: 'DeleteAclsRequest',
  type: 'request',
  key: 31,
  versions: '0-3',
  flexible: '2+',
  fields: {
    filters: array('0+', {
      resourceTypeFilter: int8('0+'),
      resourceNameFilter: nullableString('0+', { default: '' }),
      patternTypeFilter: int8('1+', { default: 3 }),
      principalFilter: nullableString('0+', { default: '' }),
      hostFilter: nullableString('0+', { default: '' }),
      operation: int8('0+'),
      permissionType: int8('0+'),
    }),
  },
})
export type DeleteAclsRequest = Of<typeof DeleteAclsRequest>

export const DeleteAclsResponse = message({
  name: 'DeleteAclsResponse',
  type: 'response',
  key: 31,
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('0+'),
    filterResults: array('0+', {
      errorCode: int16('0+'),
      errorMessage: nullableString('0+', { default: '' }),
      matchingAcls: array('0+', {
        errorCode: int16('0+'),
        errorMessage: nullableString('0+', { default: '' }),
        resourceType: int8('0+'),
        resourceName: string('0+'),
        patternType: int8('1+', { default: 3 }),
        principal: string('0+'),
        host: string('0+'),
        operation: int8('0+'),
        permissionType: int8('0+'),
      }),
    }),
  },
})
export type DeleteAclsResponse = Of<typeof DeleteAclsResponse>
