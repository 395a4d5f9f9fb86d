/** JoinGroup (key 11): a member joins, or joins again. It waits until the others have done so too, for as long as the group's rebalance may take. */
import { JoinGroupRequest, JoinGroupResponse } from '../../client/protocol/messages/join-group.ts'
import { answeredOr, clientOf } from './coordinated.ts'
import { api } from './handler.ts'

export const joinGroup = api({
  request: JoinGroupRequest,
  response: JoinGroupResponse,
  versions: [0, 9],
  handle(request, context, { groups }) {
    return answeredOr(groups.join(request, clientOf(context)), (errorCode) => ({ errorCode, memberId: request.memberId }))
  },
})
