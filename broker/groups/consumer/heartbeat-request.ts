/**
 * ConsumerGroupHeartbeat as a group gets it, and what can be wrong with one whatever the group.
 * Owns: those checks, with Kafka's codes, in Kafka's order.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import { MemberEpoch } from './member.ts'
import type { OwnedPartitions } from './reconciliation.ts'

/** `null`, or -1 for the timeout: as it was in the member's last request that said it. */
export interface HeartbeatRequest {
  readonly groupId: string
  /** Empty: the broker makes one (version 0). */
  readonly memberId: string
  readonly memberEpoch: number
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly rebalanceTimeoutMs: number
  readonly subscribedTopicNames: readonly string[] | null
  readonly subscribedTopicRegex: string | null
  readonly serverAssignor: string | null
  readonly topicPartitions: OwnedPartitions | null
}

export interface HeartbeatAnswer {
  readonly memberId: string
  readonly memberEpoch: number
  readonly heartbeatIntervalMs: number
  /** `null`: as it was. */
  readonly assignment: { readonly topicPartitions: { topicId: string; partitions: number[] }[] } | null
}

/** From this version on the member makes its id itself. */
const firstVersionWithMemberIds = 1

/** Throws CoordinatorError. */
export function checkHeartbeat(request: HeartbeatRequest, apiVersion: number, assignors: readonly string[]): void {
  const { memberEpoch, serverAssignor } = request
  if (apiVersion >= firstVersionWithMemberIds || memberEpoch > 0 || memberEpoch === MemberEpoch.LEAVING) {
    refuseIf(isBlank(request.memberId), "MemberId can't be empty.")
  }
  refuseIf(isBlank(request.groupId), "GroupId can't be empty.")
  refuseIf(isBlank(request.instanceId), "InstanceId can't be empty.")
  refuseIf(isBlank(request.rackId), "RackId can't be empty.")
  if (memberEpoch === MemberEpoch.JOINING) checkJoining(request)
  else if (memberEpoch === MemberEpoch.LEAVING_FOR_NOW) refuseIf(request.instanceId === null, "InstanceId can't be null.")
  else refuseIf(memberEpoch < MemberEpoch.LEAVING_FOR_NOW, 'MemberEpoch is invalid.')
  if (serverAssignor !== null && !assignors.includes(serverAssignor)) {
    throw new CoordinatorError(
      ErrorCode.UNSUPPORTED_ASSIGNOR,
      `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${assignors.join(', ')}.`,
    )
  }
}

function checkJoining({ rebalanceTimeoutMs, topicPartitions, subscribedTopicNames, subscribedTopicRegex }: HeartbeatRequest): void {
  refuseIf(rebalanceTimeoutMs === -1, 'RebalanceTimeoutMs must be provided in first request.')
  refuseIf(topicPartitions === null || topicPartitions.length > 0, 'TopicPartitions must be empty when (re-)joining.')
  refuseIf(
    subscribedTopicNames === null && subscribedTopicRegex === null,
    'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.',
  )
}

function isBlank(text: string | null): boolean {
  return text !== null && text.trim() === ''
}

function refuseIf(isWrong: boolean, why: string): void {
  if (isWrong) throw new CoordinatorError(ErrorCode.INVALID_REQUEST, why)
}
