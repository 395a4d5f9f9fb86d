/**
 * A new target for a group: who is to have what at a group epoch, by the assignor that most members ask for.
 * Owns: what the assignor is told (members as they will be after the step, topics that exist), and which records tell its result.
 */
import assert from 'node:assert/strict'
import type { AssignedMember, Assignor, TopicPartitions } from '../assignors/assignor.ts'
import { nothingAssigned } from '../assignors/assignor.ts'
import type { ConsumerGroupRecord } from '../records.ts'
import type { Topics } from '../topics.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { assignmentEpochRecord, targetRecord } from './consumer-records.ts'
import type { ConsumerMember } from './member.ts'

export interface TargetStep {
  readonly group: ConsumerGroup
  /** The group epoch that it is for. */
  readonly epoch: number
  /** A member that comes or changes in this step; it takes the place of the one that has its instance id. */
  readonly member: ConsumerMember
  /** All members subscribe to the same topics. */
  readonly isHomogeneous: boolean
  readonly assignor: Assignor
  readonly topics: Topics
  /** Milliseconds since the Unix epoch. */
  readonly now: number
}

export interface NewTarget {
  readonly records: readonly ConsumerGroupRecord[]
  /** Of the member of this step. */
  readonly target: TopicPartitions
}

export function newTarget({ group, epoch, member, isHomogeneous, assignor, topics, now }: TargetStep): NewTarget {
  const members = membersAfter(group, member)
  const partitionCounts = new Map<string, number>()
  const idsOf = topicIds(topics, partitionCounts)
  const assigned = assignor.assign({ members: members.map((each) => specOf(each, group, idsOf)), isHomogeneous, partitionCounts })
  const records = members.flatMap(({ memberId }) => {
    const target = assigned.get(memberId) ?? nothingAssigned
    return group.hasTarget(memberId) && isSame(target, group.target(memberId)) ? [] : [targetRecord(group.groupId, memberId, target)]
  })
  records.push(assignmentEpochRecord(group.groupId, epoch, now))
  return { records, target: assigned.get(member.memberId) ?? nothingAssigned }
}

function membersAfter(group: ConsumerGroup, member: ConsumerMember): ConsumerMember[] {
  const replaced = member.instanceId === null ? undefined : group.staticMember(member.instanceId)?.memberId
  const members = new Map([...group.members()].map((each) => [each.memberId, each]))
  if (replaced !== undefined && replaced !== member.memberId) members.delete(replaced)
  members.set(member.memberId, member)
  return [...members.values()]
}

function specOf(member: ConsumerMember, group: ConsumerGroup, idsOf: (names: ReadonlySet<string>) => ReadonlySet<string>): AssignedMember {
  const { memberId, instanceId, subscribedTopicNames } = member
  const matched = group.expression(member.subscribedTopicRegex)?.topics
  const names = matched && matched.size > 0 ? subscribedTopicNames.union(matched) : subscribedTopicNames
  return { memberId, instanceId, subscribedTopicIds: idsOf(names), target: group.targetOf(member) }
}

/** Ids of those that exist, one set for equal subscriptions that follow one another: a thousand members mostly have the same. */
function topicIds(topics: Topics, partitionCounts: Map<string, number>) {
  let last: { readonly names: ReadonlySet<string>; readonly ids: ReadonlySet<string> } | undefined
  return (names: ReadonlySet<string>): ReadonlySet<string> => {
    if (last && last.names.size === names.size && names.isSubsetOf(last.names)) return last.ids
    const ids = new Set<string>()
    for (const name of [...names].sort()) {
      const topic = topics.get(name)
      if (!topic) continue
      ids.add(topic.id)
      partitionCounts.set(topic.id, topic.partitionCount)
    }
    last = { names, ids }
    return ids
  }
}

function isSame(a: TopicPartitions, b: TopicPartitions): boolean {
  if (a === b) return true
  if (a.size !== b.size) return false
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId)
    if (others?.length !== partitions.length) return false
    assert(isAscending(partitions), 'an assignor gives partitions in ascending order')
    if (partitions.some((partition, index) => partition !== others[index])) return false
  }
  return true
}

function isAscending(partitions: readonly number[]): boolean {
  return partitions.every((partition, index) => index === 0 || partition > (partitions[index - 1] ?? 0))
}
