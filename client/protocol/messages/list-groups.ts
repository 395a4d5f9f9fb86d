/** ListGroups (key 16). */
import { array, int16, int32, message, type Of, string } from '../schema.ts'

export const ListGroupsRequest = message({
  name: 'ListGroupsRequest',
  type: 'request',
  key: 16,
  versions: '0-5',
  flexible: '3+',
  fields: {
    statesFilter: array('4+', string),
    typesFilter: array('5+', string),
  },
})
export type ListGroupsRequest = Of<typeof ListGroupsRequest>

export const ListGroupsResponse = message({
  name: 'ListGroupsResponse',
  type: 'response',
  key: 16,
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16('0+'),
    groups: array('0+', {
      groupId: string('0+'),
      protocolType: string('0+'),
      groupState: string('4+', { ignorable: true }),
      groupType: string('5+', { ignorable: true }),
    }),
  },
})
export type ListGroupsResponse = Of<typeof ListGroupsResponse>
