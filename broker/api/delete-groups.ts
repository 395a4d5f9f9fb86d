/** DeleteGroups (key 42): groups without members, with all they have committed. */
import { DeleteGroupsRequest, DeleteGroupsResponse } from '../../client/protocol/messages/delete-groups.ts'
import { answeredOr } from './coordinated.ts'
import { api } from './handler.ts'

export const deleteGroups = api({
  request: DeleteGroupsRequest,
  response: DeleteGroupsResponse,
  versions: [0, 3],
  async handle({ groupsNames }, _context, { groups }) {
    const results = [...new Set(groupsNames)].map(async (groupId) => {
      const refused = await answeredOr(groups.delete(groupId), (errorCode, errorMessage) => ({ errorCode, errorMessage }))
      return { groupId, ...refused }
    })
    return { results: await Promise.all(results) }
  },
})
