/** SyncGroup (key 14): a member learns its share of the work; the leader says what everybody's is. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../../client/protocol/messages/sync-group.ts'
import { answeredOr } from './coordinated.ts'
import { api } from './handler.ts'

const firstVersionWithProtocol = 5

export const syncGroup = api({
  request: SyncGroupRequest,
  response: SyncGroupResponse,
  versions: [0, 5],
  handle(request, { apiVersion }, { groups }) {
    const { protocolType, protocolName } = request
    if (apiVersion >= firstVersionWithProtocol && (protocolType === null || protocolName === null)) {
      return { errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL }
    }
    return answeredOr(groups.sync(request), (errorCode) => ({ errorCode }))
  },
})
