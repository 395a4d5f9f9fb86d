/** ConsumerGroupHeartbeat (key 68): a member of a consumer group joins, lives or leaves, and hears what it may consume (KIP-848). */
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from '../../client/protocol/messages/consumer-group-heartbeat.ts'
import { knowsConsumerGroups } from '../cluster/features.ts'
import { answeredOr, clientOf } from './coordinated.ts'
import { api } from './handler.ts'

export const consumerGroupHeartbeat = api({
  request: ConsumerGroupHeartbeatRequest,
  response: ConsumerGroupHeartbeatResponse,
  versions: [0, 1],
  handle(request, context, { groups, cluster }) {
    const refuse = (errorCode: number, errorMessage = errorOf(errorCode).about) => ({ errorCode, errorMessage })
    if (!knowsConsumerGroups(cluster.image)) return refuse(ErrorCode.UNSUPPORTED_VERSION)
    return answeredOr(groups.consumerHeartbeat(request, clientOf(context)), refuse)
  },
})
