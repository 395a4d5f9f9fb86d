/** Heartbeat (key 12): a member lives; the answer tells it to join again when there is a rebalance. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../../client/protocol/messages/heartbeat.ts'
import { answeredOr } from './coordinated.ts'
import { api } from './handler.ts'

export const heartbeat = api({
  request: HeartbeatRequest,
  response: HeartbeatResponse,
  versions: [0, 4],
  async handle(request, _context, { groups }) {
    const errorCode = await answeredOr(groups.heartbeat(request), (refused) => refused)
    // While the group is being loaded no session runs: nothing is lost.
    return { errorCode: errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : errorCode }
  },
})
