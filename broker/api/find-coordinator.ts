/**
 * FindCoordinator (key 10): which broker coordinates a group or a transaction, several of them at once from version 4 on (KIP-699).
 * The internal topic is made when it is first asked for.
 */
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../client/protocol/messages/find-coordinator.ts'
import { type InternalTopic, offsetsTopic, transactionsTopic } from '../cluster/internal-topics.ts'
import { partitionFor } from '../coordinator/partition-for.ts'
import { api, type RequestContext } from './handler.ts'
import type { Services } from './services.ts'

/** By the request's key type. Type 2, share groups, is not served. */
const topics: readonly InternalTopic[] = [offsetsTopic, transactionsTopic]
const firstVersionWithKeys = 4

interface Found {
  readonly errorCode: number
  readonly errorMessage: string
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export const findCoordinator = api({
  request: FindCoordinatorRequest,
  response: FindCoordinatorResponse,
  versions: [0, 6],
  async handle({ key, keyType, coordinatorKeys }, context, services) {
    const keys = context.apiVersion < firstVersionWithKeys ? [key] : coordinatorKeys
    const topic = topics[keyType]
    const errorCode = topic ? await services.cluster.ensureInternalTopic(topic) : ErrorCode.INVALID_REQUEST
    const coordinators = keys.map((id) => ({
      key: id,
      ...(topic && errorCode === ErrorCode.NONE ? find(topic, id, context, services) : none(errorCode)),
    }))
    return context.apiVersion < firstVersionWithKeys ? { ...coordinators[0] } : { coordinators }
  },
})

function find(topic: InternalTopic, id: string, { listener }: RequestContext, { cluster: { image } }: Services): Found {
  const partitions = image.topics.get(topic)?.partitions ?? []
  const leader = partitions[partitionFor(id, Math.max(1, partitions.length))]?.leader ?? -1
  const endpoint = image.brokers.get(leader)?.endpoints.get(listener)
  if (!endpoint) return none(ErrorCode.COORDINATOR_NOT_AVAILABLE)
  return { errorCode: ErrorCode.NONE, errorMessage: '', nodeId: leader, host: endpoint.host, port: endpoint.port }
}

/** A topic that could not be made may be there when asked again. */
function none(cause: number): Found {
  const errorCode = cause === ErrorCode.INVALID_REQUEST ? cause : ErrorCode.COORDINATOR_NOT_AVAILABLE
  return { errorCode, errorMessage: errorOf(errorCode).about, nodeId: -1, host: '', port: -1 }
}
