/** DescribeGroups (key 15): groups of the classic protocol, with their members. A group that is not there is dead, and from version 6 on an error too. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DescribeGroupsRequest, DescribeGroupsResponse } from '../../client/protocol/messages/describe-groups.ts'
import { answeredOr } from './coordinated.ts'
import { api } from './handler.ts'
import { allGroupOperations, unknownOperations } from './operations.ts'

const firstVersionWithNotFound = 6

export const describeGroups = api({
  request: DescribeGroupsRequest,
  response: DescribeGroupsResponse,
  versions: [0, 6],
  async handle({ groups: asked, includeAuthorizedOperations }, { apiVersion }, { groups }) {
    const authorizedOperations = includeAuthorizedOperations ? allGroupOperations : unknownOperations
    const described = asked.map((groupId) => {
      const found = groups.describe(groupId).then((group) => ({ ...group, authorizedOperations }))
      return answeredOr(found, (errorCode, message) => {
        if (errorCode !== ErrorCode.GROUP_ID_NOT_FOUND) return { groupId, errorCode }
        if (apiVersion < firstVersionWithNotFound) return { groupId, groupState: 'Dead', authorizedOperations }
        return { groupId, groupState: 'Dead', errorCode, errorMessage: message }
      })
    })
    return { groups: await Promise.all(described) }
  },
})
