/** LeaveGroup (key 13): members leave; from version 3 on several at once, static ones by their instance ids too (KIP-345). */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../../client/protocol/messages/leave-group.ts'
import { answeredOr } from './coordinated.ts'
import { api } from './handler.ts'

const firstVersionWithMembers = 3

export const leaveGroup = api({
  request: LeaveGroupRequest,
  response: LeaveGroupResponse,
  versions: [0, 5],
  async handle({ groupId, memberId, members }, { apiVersion }, { groups }) {
    const isOne = apiVersion < firstVersionWithMembers
    const leaving = isOne ? [{ memberId, groupInstanceId: null, reason: null }] : members
    const answer = await answeredOr(groups.leave(groupId, leaving), (errorCode) => ({ errorCode, members: [] }))
    if (!isOne) return answer
    return { errorCode: answer.errorCode || (answer.members?.[0]?.errorCode ?? ErrorCode.NONE) }
  },
})
