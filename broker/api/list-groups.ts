/** ListGroups (key 16): the groups that are coordinated here, of some states and types or of all. */
import { ListGroupsRequest, ListGroupsResponse } from '../../client/protocol/messages/list-groups.ts'
import { answeredOr } from './coordinated.ts'
import { api } from './handler.ts'

export const listGroups = api({
  request: ListGroupsRequest,
  response: ListGroupsResponse,
  versions: [0, 5],
  async handle({ statesFilter, typesFilter }, _context, { groups }) {
    const listed = await answeredOr(groups.list(), (errorCode) => errorCode)
    if (typeof listed === 'number') return { errorCode: listed }
    const isWanted = (wanted: readonly string[], is: string) =>
      wanted.length === 0 || wanted.some((one) => one.toLowerCase() === is.toLowerCase())
    const chosen = listed.filter(({ stateName, type }) => isWanted(statesFilter, stateName) && isWanted(typesFilter, type))
    return {
      groups: chosen.map(({ groupId, protocolType, stateName, type }) => ({
        groupId,
        protocolType,
        groupState: stateName,
        groupType: type.toLowerCase(),
      })),
    }
  },
})
