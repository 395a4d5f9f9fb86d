/**
 * Which member a request speaks for, and whether it may: by member id, instance id and member epoch.
 * Owns: those checks. Never: writes, but for the records by which a static member takes its predecessor's place.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import type { ConsumerGroupRecord } from '../records.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { assignmentRecord, assignmentTombstone, memberRecord, memberTombstone, targetRecord, targetTombstone } from './consumer-records.ts'
import { type ConsumerMember, MemberEpoch, newMember, type PartitionEpochs } from './member.ts'
import type { OwnedPartitions } from './reconciliation.ts'

export interface Admission {
  readonly group: ConsumerGroup
  readonly memberId: string
  readonly instanceId: string | null
  /** It is new, or begins anew. */
  readonly isJoining: boolean
  /** `null`: it speaks the classic protocol, which has generations, and other checks of them. */
  readonly epoch: { readonly received: number; readonly owned: OwnedPartitions | null } | null
}

/** The member as it stands before the step, with the records that make it so. Throws CoordinatorError. */
export function admit(admission: Admission): { member: ConsumerMember; records: readonly ConsumerGroupRecord[] } {
  const { group, memberId, instanceId, isJoining } = admission
  if (instanceId !== null) return admitStatic(admission, instanceId)
  const member = group.member(memberId) ?? (isJoining ? newMember(memberId) : undefined)
  if (!member) throw unknownMember(group, memberId)
  checkEpoch(member, admission.epoch)
  return { member, records: [] }
}

function admitStatic({ group, memberId, isJoining, epoch }: Admission, instanceId: string) {
  const holder = group.staticMember(instanceId)
  if (!isJoining) {
    const member = heldBy(group, instanceId, memberId)
    checkEpoch(member, epoch)
    return { member, records: [] }
  }
  if (!holder) return { member: group.member(memberId) ?? newMember(memberId), records: [] }
  if (epoch !== null && holder.classic === null && holder.memberEpoch !== MemberEpoch.LEAVING_FOR_NOW) {
    throw new CoordinatorError(
      ErrorCode.UNRELEASED_INSTANCE_ID,
      `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${holder.memberId} member.`,
    )
  }
  const member = { ...holder, memberId, memberEpoch: 0, previousMemberEpoch: 0 }
  return { member, records: replacement(group, holder, member) }
}

/** The new member has all that the old one had and was to have. */
function replacement(group: ConsumerGroup, before: ConsumerMember, after: ConsumerMember): readonly ConsumerGroupRecord[] {
  const { groupId } = group
  return [
    ...removal(groupId, before.memberId),
    memberRecord(groupId, after),
    targetRecord(groupId, after.memberId, group.target(before.memberId)),
    assignmentRecord(groupId, after),
  ]
}

/** Records that take a member back. */
export function removal(groupId: string, memberId: string): readonly ConsumerGroupRecord[] {
  return [assignmentTombstone(groupId, memberId), targetTombstone(groupId, memberId), memberTombstone(groupId, memberId)]
}

/** The member that a request names, new or not. Throws CoordinatorError (UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID). */
export function memberOf(group: ConsumerGroup, memberId: string, instanceId: string | null): ConsumerMember {
  if (instanceId !== null) return heldBy(group, instanceId, memberId)
  const member = group.member(memberId)
  if (!member) throw unknownMember(group, memberId)
  return member
}

function heldBy(group: ConsumerGroup, instanceId: string, memberId: string): ConsumerMember {
  const holder = group.staticMember(instanceId)
  if (!holder) throw new CoordinatorError(ErrorCode.UNKNOWN_MEMBER_ID, `Instance id ${instanceId} is unknown.`)
  if (holder.memberId !== memberId) {
    throw new CoordinatorError(
      ErrorCode.FENCED_INSTANCE_ID,
      `Static member ${memberId} with instance id ${instanceId} was fenced by member ${holder.memberId}.`,
    )
  }
  return holder
}

export function unknownMember({ groupId }: ConsumerGroup, memberId: string): CoordinatorError {
  return new CoordinatorError(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${groupId}.`)
}

/** An answer may be lost: the epoch before is good too, for a member that has nothing but what it was given. */
function checkEpoch(member: ConsumerMember, epoch: Admission['epoch']): void {
  if (epoch === null || epoch.received === MemberEpoch.JOINING || epoch.received === member.memberEpoch) return
  const { received, owned } = epoch
  const isOlder = received < member.memberEpoch
  if (isOlder && received === member.previousMemberEpoch && isWithin(owned, member.assignedPartitions)) return
  throw new CoordinatorError(
    ErrorCode.FENCED_MEMBER_EPOCH,
    `The consumer group member has a ${isOlder ? 'smaller' : 'greater'} member epoch (${received}) than the one known by the group coordinator (${member.memberEpoch}). The member must abandon all its partitions and rejoin.`,
  )
}

function isWithin(owned: OwnedPartitions | null, assigned: PartitionEpochs): boolean {
  if (owned === null) return false
  return owned.every(({ topicId, partitions }) => {
    const epochs = assigned.get(topicId)
    return epochs !== undefined && partitions.every((partition) => epochs.has(partition))
  })
}
