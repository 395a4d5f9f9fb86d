/**
 * `uniform` where all members subscribe to the same topics: each has a quota, gives up what is above it, and what nobody has fills up those
 * below it. In time proportional to members and partitions.
 */
import assert from 'node:assert/strict'
import { type GroupSpec, nothingAssigned, type TopicPartitions } from './assignor.ts'

interface Place {
  readonly topicId: string
  readonly partition: number
}

interface Unfilled {
  readonly memberId: string
  readonly room: number
}

export function assignHomogeneous(spec: GroupSpec): ReadonlyMap<string, TopicPartitions> {
  const topicIds = [...(spec.members[0]?.subscribedTopicIds ?? [])].sort()
  if (topicIds.length === 0) return new Map()
  const subscribed = new Set(topicIds)
  const free = unowned(spec, topicIds)
  const assigned = new Map<string, TopicPartitions>()
  const unfilled: Unfilled[] = []

  const memberCount = spec.members.length
  const total = topicIds.reduce((sum, topicId) => sum + (spec.partitionCounts.get(topicId) ?? 0), 0)
  const quotaMin = Math.floor(total / memberCount)
  /** How many members may have one more than that. */
  let extras = total % memberCount
  for (const [index, { memberId, target }] of spec.members.entries()) {
    let mayHaveExtra = extras > 0
    const { kept, room: left } = keep(target, subscribed, quotaMin + (mayHaveExtra ? 1 : 0), free)
    let room = left
    if (room > 0 && mayHaveExtra && memberCount - index > extras) {
      // Enough members are left to take what is extra: one that has it already is to keep it.
      room--
      mayHaveExtra = false
    }
    if (room > 0) unfilled.push({ memberId, room })
    if (mayHaveExtra) extras--
    assigned.set(memberId, kept)
  }
  fill(assigned, unfilled, free)
  return assigned
}

/** In order of topics and partitions: the free ones. */
function unowned({ members, partitionCounts }: GroupSpec, topicIds: readonly string[]): Place[] {
  const owned = new Map(topicIds.map((topicId) => [topicId, new Uint8Array(partitionCounts.get(topicId) ?? 0)]))
  for (const { target } of members) {
    for (const [topicId, partitions] of target) {
      const marks = owned.get(topicId)
      if (marks) for (const partition of partitions) marks[partition] = 1
    }
  }
  const free: Place[] = []
  for (const [topicId, marks] of owned) {
    for (let partition = 0; partition < marks.length; partition++) if (!marks[partition]) free.push({ topicId, partition })
  }
  return free
}

/** What a member keeps of what it was to have; what is above its quota is free. The same value where that is all of it. */
function keep(target: TopicPartitions, subscribed: ReadonlySet<string>, quota: number, free: Place[]) {
  let room = quota
  let kept: Map<string, readonly number[]> | undefined
  for (const [topicId, partitions] of target) {
    if (!subscribed.has(topicId)) {
      kept ??= new Map(target)
      kept.delete(topicId)
    } else if (partitions.length <= room) {
      room -= partitions.length
    } else {
      kept ??= new Map(target)
      if (room > 0) kept.set(topicId, partitions.slice(0, room))
      else kept.delete(topicId)
      for (const partition of partitions.slice(room)) free.push({ topicId, partition })
      room = 0
    }
  }
  return { kept: kept ?? target, room }
}

function fill(assigned: Map<string, TopicPartitions>, unfilled: readonly Unfilled[], free: readonly Place[]): void {
  let next = 0
  for (const { memberId, room } of unfilled) {
    const places = free.slice(next, next + room)
    next += places.length
    assigned.set(memberId, withPlaces(assigned.get(memberId) ?? nothingAssigned, places))
  }
  assert(next >= free.length, 'the quotas of all members hold all partitions')
}

function withPlaces(had: TopicPartitions, places: readonly Place[]): TopicPartitions {
  if (places.length === 0) return had
  const added = new Map<string, number[]>()
  for (const { topicId, partition } of places) {
    const partitions = added.get(topicId)
    if (partitions) partitions.push(partition)
    else added.set(topicId, [...(had.get(topicId) ?? []), partition])
  }
  const all = new Map(had)
  for (const [topicId, partitions] of added)
    all.set(
      topicId,
      partitions.sort((a, b) => a - b),
    )
  return all
}
