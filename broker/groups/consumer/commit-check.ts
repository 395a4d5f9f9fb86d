/**
 * Whether a member of a consumer group, or somebody outside of it, may commit or fetch offsets, by its epoch. Throws CoordinatorError.
 * A member whose epoch is a little old may still commit what it has had since before that epoch (KIP-1251).
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import type { Committer, PartitionCheck } from '../group.ts'
import { unknownMember } from './admission.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerMember } from './member.ts'

/** The first OffsetCommit in which an epoch can go with an offset. */
const firstVersionWithEpochs = 9

export function checkCommit(group: ConsumerGroup, committer: Committer): PartitionCheck | undefined {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch: epoch, apiVersion, isTransactional } = committer
  if (epoch < 0 && group.isEmpty) return undefined
  if (isTransactional && epoch === -1 && memberId === '' && groupInstanceId === null) return undefined
  const member = group.member(memberId)
  if (!member) throw unknownMember(group, memberId)
  if (!isTransactional && member.classic === null && apiVersion < firstVersionWithEpochs) {
    throw new CoordinatorError(
      ErrorCode.UNSUPPORTED_VERSION,
      'OffsetCommit version 9 or above must be used by members using the consumer group protocol',
    )
  }
  if (epoch === member.memberEpoch) return undefined
  if (epoch > member.memberEpoch) throw staleEpoch(member, `is newer than its current epoch ${member.memberEpoch}`, epoch)
  return (topicId, partition) => {
    const since = member.assignedPartitions.get(topicId)?.get(partition) ?? member.partitionsPendingRevocation.get(topicId)?.get(partition)
    if (since === undefined) throw staleEpoch(member, 'is old, and the partition is not assigned to it', epoch)
    if (epoch < since) throw staleEpoch(member, `is older than the epoch ${since} at which it got the partition`, epoch)
  }
}

export function checkFetch(group: ConsumerGroup, memberId: string | null, memberEpoch: number): void {
  if (memberId === null && memberEpoch < 0) return
  const member = group.member(memberId ?? '')
  if (!member) throw unknownMember(group, memberId ?? '')
  if (memberEpoch !== member.memberEpoch) throw staleEpoch(member, `is not its current epoch ${member.memberEpoch}`, memberEpoch)
}

function staleEpoch({ memberId, classic }: ConsumerMember, why: string, epoch: number): CoordinatorError {
  const code = classic ? ErrorCode.ILLEGAL_GENERATION : ErrorCode.STALE_MEMBER_EPOCH
  return new CoordinatorError(code, `The epoch ${epoch} of member ${memberId} ${why}.`)
}
