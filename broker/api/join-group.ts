/** JoinGroup (key 11): a member joins, or joins again. It waits until the others have done so too, for as long as the group's rebalance may take. */
import { JoinGroupRequest, JoinGroupResponse } from '../../client/protocol/messages/join-group.ts'
import { answeredOr, clientOf } from './coordinated.ts'
import { api } from './handler.ts'

const firstVersionWithoutProtocol = 7

export const joinGroup = api({
  request: JoinGroupRequest,
  response: JoinGroupResponse,
  versions: [0, 9],
  async handle(request, context, { groups }) {
    const refuse = (errorCode: number) => ({ errorCode, memberId: request.memberId })
    const answer = await answeredOr(groups.join(request, clientOf(context)), refuse)
    return context.apiVersion < firstVersionWithoutProtocol ? answer : { protocolName: null, ...answer }
  },
})
