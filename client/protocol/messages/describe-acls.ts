/** DescribeAcls (key 29). */
import { array, int16, int32, int8, message, nullableString, type Of, string } from '../schema.ts'

export const DescribeAclsRequest = message({
  name: 'DescribeAclsRequest',
  type: 'request',
  key: 29,
  versions: '0-3',
  flexible: '2+',
  fields: {
    resourceTypeFilter: int8('0+'),
    resourceNameFilter: nullableString('0+', { default: '' }),
    patternTypeFilter: int8('1+', { default: 3 }),
    principalFilter: nullableString('0+', { default: '' }),
    hostFilter: nullableString('0+', { default: '' }),
    operation: int8('0+'),
    permissionType: int8('0+'),
  },
})
export type DescribeAclsRequest = Of<typeof DescribeAclsRequest>

export const DescribeAclsResponse = message({
  name: 'DescribeAclsResponse',
  type: 'response',
  key: 29,
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '' }),
    resources: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      patternType: int8('1+', { default: 3 }),
      acls: array('0+', {
        principal: string('0+'),
        host: string('0+'),
        operation: int8('0+'),
        permissionType: int8('0+'),
      }),
    }),
  },
})
export type DescribeAclsResponse = Of<typeof DescribeAclsResponse>
