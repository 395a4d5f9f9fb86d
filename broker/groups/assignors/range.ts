/**
 * The assignor `range`: each topic's partitions in consecutive ranges, one for each subscriber, in order of instance id, then of member id.
 * Topics of equal size and subscribers are cut alike, so that equal partitions of them meet in one member. It does not look at who had what.
 */
import assert from 'node:assert/strict'
import type { AssignedMember, Assignor, GroupSpec, TopicPartitions } from './assignor.ts'

interface TopicRanges {
  readonly count: number
  subscribers: number
  given: number
  /** Subscribers that got their range. */
  served: number
}

export const rangeAssignor: Assignor = { name: 'range', assign }

function assign({ members, partitionCounts }: GroupSpec): ReadonlyMap<string, TopicPartitions> {
  const topics = new Map<string, TopicRanges>()
  for (const { subscribedTopicIds } of members) {
    for (const topicId of subscribedTopicIds) {
      const topic = topics.get(topicId)
      if (topic) topic.subscribers++
      else topics.set(topicId, { count: partitionCounts.get(topicId) ?? 0, subscribers: 1, given: 0, served: 0 })
    }
  }
  const assigned = new Map<string, TopicPartitions>()
  for (const { memberId, subscribedTopicIds } of members.toSorted(byInstance)) {
    const partitions = new Map<string, readonly number[]>()
    for (const topicId of subscribedTopicIds) {
      const topic = topics.get(topicId)
      assert(topic, 'every subscribed topic was counted')
      const range = nextRange(topic)
      if (range.length > 0) partitions.set(topicId, range)
    }
    assigned.set(memberId, partitions)
  }
  return assigned
}

/** The first ranges are one longer than the others where the partitions cannot be shared out evenly. */
function nextRange(topic: TopicRanges): number[] {
  const { count, subscribers } = topic
  const length = Math.floor(count / subscribers) + (topic.served < count % subscribers ? 1 : 0)
  const first = topic.given
  topic.given += length
  topic.served++
  return Array.from({ length }, (_, i) => first + i)
}

/** Static members first: their ids stay the same when they come back. */
function byInstance(a: AssignedMember, b: AssignedMember): number {
  if (a.instanceId !== null && b.instanceId !== null) return compare(a.instanceId, b.instanceId)
  if (a.instanceId !== null) return -1
  return b.instanceId !== null ? 1 : compare(a.memberId, b.memberId)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
