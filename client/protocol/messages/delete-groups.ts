/** DeleteGroups (key 42). */
import { array, int16, int32, message, nullableString, type Of, string } from '../schema.ts'

export const DeleteGroupsRequest = message({
  name: 'DeleteGroupsRequest',
  type: 'request',
  key: 42,
  versions: '0-3',
  flexible: '2+',
  fields: {
    groupsNames: array('0+', string),
  },
})
export type DeleteGroupsRequest = Of<typeof DeleteGroupsRequest>

export const DeleteGroupsResponse = message({
  name: 'DeleteGroupsResponse',
  type: 'response',
  key: 42,
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('0+'),
    results: array('0+', {
      groupId: string('0+'),
      errorCode: int16('0+'),
      errorMessage: nullableString('3+', { ignorable: true }),
    }),
  },
})
export type DeleteGroupsResponse = Of<typeof DeleteGroupsResponse>
