/**
 * What follows for a group from a member that comes or changes: is there a new group epoch, a new target for it, and what may the member have now.
 * Owns: these three steps, in this order, and their records. Never: answers requests, or checks who asks.
 */
import type { Assignor, TopicPartitions } from '../assignors/assignor.ts'
import { rangeAssignor } from '../assignors/range.ts'
import { uniformAssignor } from '../assignors/uniform.ts'
import type { GroupTurn } from '../group.ts'
import type { ConsumerGroupsContext } from './consumer-context.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { assignmentRecord, groupRecord, partitionMetadataTombstone } from './consumer-records.ts'
import { type ConsumerMember, hasSameAssignment, isReconciled } from './member.ts'
import { metadataHash } from './metadata-hash.ts'
import { type OwnedPartitions, reconciled } from './reconciliation.ts'
import type { Subscriptions } from './subscriptions.ts'
import { newTarget } from './target-assignment.ts'

export interface MemberStep {
  readonly turn: GroupTurn
  readonly context: ConsumerGroupsContext
  readonly group: ConsumerGroup
  readonly before: ConsumerMember
  readonly after: ConsumerMember
}

export interface ComparedGroup {
  readonly epoch: number
  isHomogeneous(): boolean
}

export function asItStands({ epoch, subscriptions, memberCount }: ConsumerGroup): ComparedGroup {
  return { epoch, isHomogeneous: () => subscriptions.isHomogeneous(memberCount) }
}

const builtIn: readonly Assignor[] = [uniformAssignor, rangeAssignor]

/** The group as it will be, beside the topics as they are: a new epoch where that is asked for, or where topics have changed. */
export function compareWithTopics({ turn, context, group, before, after }: MemberStep, mustBump: boolean): ComparedGroup {
  const subscriptions = subscriptionsAfter(group, before, after)
  const hash = metadataHash(subscriptions.topics(), context.topics)
  const isNew = !group.member(after.memberId) && (after.instanceId === null || !group.staticMember(after.instanceId))
  const memberCount = group.memberCount + (isNew ? 1 : 0)
  let { epoch } = group
  if (mustBump || hash !== group.metadataHash) turn.append(groupRecord(group.groupId, ++epoch, hash))
  if (group.hasPartitionMetadata) turn.append(partitionMetadataTombstone(group.groupId))
  return { epoch, isHomogeneous: () => subscriptions.isHomogeneous(memberCount) }
}

function subscriptionsAfter(group: ConsumerGroup, before: ConsumerMember, after: ConsumerMember): Subscriptions {
  const subscriptions = group.subscriptions.copy()
  const known = group.member(before.memberId) ?? (after.instanceId === null ? undefined : group.staticMember(after.instanceId))
  subscriptions.memberChanged(known, after)
  const expression = before.subscribedTopicRegex
  if (expression !== '' && subscriptions.subscribersOf(expression) === 0) subscriptions.resolved(group.expression(expression), undefined)
  return subscriptions
}

export interface Target {
  readonly epoch: number
  readonly partitions: TopicPartitions
}

/** A new one where the group has moved on since the last, unless that was made a moment ago: then the last one, and the next request sees to it. */
export function targetAt(step: MemberStep, { epoch, isHomogeneous }: ComparedGroup): Target {
  const { turn, context, group, after } = step
  const { assignmentIntervalMillis } = context.settings(group.groupId)
  const age = turn.now - group.assignmentTimestamp
  // A wall clock that was put back does not hold it up.
  const isTooSoon = group.assignmentTimestamp !== 0 && age >= 0 && age < assignmentIntervalMillis
  if (group.assignmentEpoch >= epoch || isTooSoon) return { epoch: group.assignmentEpoch, partitions: group.targetOf(after) }
  const assignor = preferredAssignor(step)
  const { topics } = context
  const { records, target } = newTarget({ group, epoch, member: after, isHomogeneous: isHomogeneous(), assignor, topics, now: turn.now })
  for (const record of records) turn.append(record)
  return { epoch, partitions: target }
}

/** The one that most members ask for. */
function preferredAssignor({ context, group, before, after }: MemberStep): Assignor {
  const counts = group.assignors
  if (before.serverAssignor !== null) counts.add(before.serverAssignor, -1)
  if (after.serverAssignor !== null) counts.add(after.serverAssignor, 1)
  const name = mostAskedFor(counts.entries()) ?? context.settings(group.groupId).assignors[0]
  return builtIn.find((assignor) => assignor.name === name) ?? uniformAssignor
}

export function mostAskedFor(counts: Iterable<readonly [string, number]>): string | undefined {
  let most: readonly [string, number] | undefined
  for (const each of counts) if (!most || each[1] > most[1]) most = each
  return most?.[0]
}

/** The member after what it may have now: with a record, where that differs. Throws CoordinatorError (FENCED_MEMBER_EPOCH). */
export function reconcileMember(
  { turn, context, group, after }: MemberStep,
  target: Target,
  subscriptionChanged: boolean,
  owned: OwnedPartitions | null,
): ConsumerMember {
  if (!subscriptionChanged && isReconciled(after, target.epoch)) return after
  const matched = group.expression(after.subscribedTopicRegex)?.topics
  const settled = reconciled({
    member: after,
    targetEpoch: target.epoch,
    target: target.partitions,
    subscriptionChanged,
    owned,
    isSubscribed: (topicId) => {
      const name = context.topics.nameOf(topicId)
      return name !== undefined && (after.subscribedTopicNames.has(name) || matched?.has(name) === true)
    },
    isHeld: (topicId, partition) => group.isHeld(topicId, partition),
  })
  if (!hasSameAssignment(settled, after)) turn.append(assignmentRecord(group.groupId, settled))
  return settled
}
