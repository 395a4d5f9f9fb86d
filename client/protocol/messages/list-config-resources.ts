/** ListConfigResources (key 74). */
import { array, int16, int32, int8, message, type Of, string } from '../schema.ts'

export const ListConfigResourcesRequest = message({
  name: 'ListConfigResourcesRequest',
  type: 'request',
  key: 74,
  versions: '0-1',
  flexible: '0+',
  fields: {
    resourceTypes: array('1+', int8),
  },
})
export type ListConfigResourcesRequest = Of<typeof ListConfigResourcesRequest>

export const ListConfigResourcesResponse = message({
  name: 'ListConfigResourcesResponse',
  type: 'response',
  key: 74,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    configResources: array('0+', {
      resourceName: string('0+'),
      resourceType: int8('1+', { default: 16, ignorable: true }),
    }),
  },
})
export type ListConfigResourcesResponse = Of<typeof ListConfigResourcesResponse>
