/**
 * One member's way from what it has to what it is to have: it gives up first, says so, and gets what others have given up.
 *
 *       STABLE ──── must give up ───► UNREVOKED_PARTITIONS ── gave up ──┐
 *         │ ▲                                                           ▼
 *         │ └──── all is free ──── UNRELEASED_PARTITIONS ◄── some is another's still
 *         └──────────────────────────────► ▲
 *
 * Owns: nothing; a pure function of the member, its target and what it says it has. Never: looks at others but for who holds a partition.
 * Invariant: a partition is given to a member only when no other has it, so it belongs to one at most at any time. A member's epoch moves
 * to that of the target once it has nothing left to give up.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import type { TopicPartitions } from '../assignors/assignor.ts'
import { type ConsumerMember, MemberState, noEpochs, type PartitionEpochs } from './member.ts'

/** What a member says it has. */
export type OwnedPartitions = readonly { readonly topicId: string; readonly partitions: readonly number[] }[]

export interface Reconciliation {
  readonly member: ConsumerMember
  readonly targetEpoch: number
  readonly target: TopicPartitions
  /** In this step: what it no longer subscribes to, it gives up at once. */
  readonly subscriptionChanged: boolean
  /** `null`: it did not say, so nothing changed. */
  readonly owned: OwnedPartitions | null
  isSubscribed(topicId: string): boolean
  /** Whether some member has it, or has not said yet that it gave it up. */
  isHeld(topicId: string, partition: number): boolean
}

/** The member as it is after this step; the same value where nothing changes. Throws CoordinatorError (FENCED_MEMBER_EPOCH). */
export function reconciled(step: Reconciliation): ConsumerMember {
  const { member, targetEpoch, subscriptionChanged, owned } = step
  switch (member.state) {
    case MemberState.STABLE:
      if (member.memberEpoch !== targetEpoch) return next(step, member.memberEpoch)
      return subscriptionChanged ? withoutUnsubscribed(step) : member
    case MemberState.UNREVOKED_PARTITIONS:
      if (!stillOwns(owned, member.partitionsPendingRevocation)) return next(step, member.memberEpoch)
      return subscriptionChanged ? withoutUnsubscribed(step) : member
    case MemberState.UNRELEASED_PARTITIONS:
      return next(step, member.memberEpoch)
    default:
      // A newer broker wrote what this one does not know. With nothing in hand, the member can begin anew.
      if (owned?.length === 0) return next(step, targetEpoch)
      throw new CoordinatorError(
        ErrorCode.FENCED_MEMBER_EPOCH,
        'The consumer group member is in an unknown state: it must give up its partitions and join again.',
      )
  }
}

function stillOwns(owned: OwnedPartitions | null, revoked: PartitionEpochs): boolean {
  if (owned === null) return true
  return owned.some(({ topicId, partitions }) => {
    const epochs = revoked.get(topicId)
    return epochs !== undefined && partitions.some((partition) => epochs.has(partition))
  })
}

/** Topics that it no longer subscribes to go, whatever the target says: that is older. */
function withoutUnsubscribed({ member, owned, isSubscribed }: Reconciliation): ConsumerMember {
  const assignedPartitions = new Map(member.assignedPartitions)
  const partitionsPendingRevocation = new Map(member.partitionsPendingRevocation)
  for (const [topicId, epochs] of member.assignedPartitions) {
    if (isSubscribed(topicId)) continue
    assignedPartitions.delete(topicId)
    partitionsPendingRevocation.set(topicId, new Map([...(partitionsPendingRevocation.get(topicId) ?? []), ...epochs]))
  }
  if (assignedPartitions.size === member.assignedPartitions.size) return member
  const moved = { ...member, previousMemberEpoch: member.memberEpoch, assignedPartitions }
  if (!stillOwns(owned, partitionsPendingRevocation)) return moved
  return { ...moved, state: MemberState.UNREVOKED_PARTITIONS, partitionsPendingRevocation }
}

function next(step: Reconciliation, epochMeanwhile: number): ConsumerMember {
  const { member, target, targetEpoch, owned } = step
  const kept = new Map<string, Map<number, number>>()
  const revoked = new Map<string, Map<number, number>>()
  const added = new Map<string, number[]>()
  let isWaiting = false
  for (const topicId of new Set([...target.keys(), ...member.assignedPartitions.keys()])) {
    const wanted = step.isSubscribed(topicId) ? (target.get(topicId) ?? []) : []
    const has = member.assignedPartitions.get(topicId) ?? new Map<number, number>()
    const wantedSet = new Set(wanted)
    for (const [partition, epoch] of has) put(wantedSet.has(partition) ? kept : revoked, topicId, partition, epoch)
    const missing = wanted.filter((partition) => !has.has(partition))
    const free = missing.filter(
      (partition) => !step.isHeld(topicId, partition) || member.partitionsPendingRevocation.get(topicId)?.has(partition) === true,
    )
    if (free.length > 0) added.set(topicId, free)
    isWaiting ||= free.length < missing.length
  }
  if (revoked.size > 0 && stillOwns(owned, revoked)) {
    return {
      ...member,
      state: MemberState.UNREVOKED_PARTITIONS,
      memberEpoch: epochMeanwhile,
      previousMemberEpoch: member.memberEpoch,
      assignedPartitions: kept,
      partitionsPendingRevocation: revoked,
    }
  }
  for (const [topicId, partitions] of added) for (const partition of partitions) put(kept, topicId, partition, targetEpoch)
  return {
    ...member,
    state: isWaiting ? MemberState.UNRELEASED_PARTITIONS : MemberState.STABLE,
    memberEpoch: targetEpoch,
    previousMemberEpoch: member.memberEpoch,
    assignedPartitions: kept,
    partitionsPendingRevocation: noEpochs,
  }
}

function put(into: Map<string, Map<number, number>>, topicId: string, partition: number, epoch: number): void {
  const epochs = into.get(topicId)
  if (epochs) epochs.set(partition, epoch)
  else into.set(topicId, new Map([[partition, epoch]]))
}
