import fc from 'fast-check'
import t from 'tap'
import type { AssignedMember, GroupSpec, TopicPartitions } from '../../../broker/groups/assignors/assignor.ts'
import { rangeAssignor } from '../../../broker/groups/assignors/range.ts'
import { uniformAssignor } from '../../../broker/groups/assignors/uniform.ts'
import { uuidText } from '../../../client/protocol/uuid.ts'

function topicId(index: number): string {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(index + 1, 12)
  return uuidText(bytes)
}

interface Described {
  /** Partitions by topic index. */
  counts: number[]
  members: { id: string; instance?: string; topics: number[]; target?: Record<number, number[]> }[]
}

function specOf({ counts, members }: Described): GroupSpec {
  const first = members[0]?.topics.join()
  return {
    isHomogeneous: members.every(({ topics }) => topics.join() === first),
    partitionCounts: new Map(counts.map((count, index) => [topicId(index), count])),
    members: members.map(({ id, instance, topics, target = {} }) => ({
      memberId: id,
      instanceId: instance ?? null,
      subscribedTopicIds: new Set(topics.map(topicId)),
      target: new Map(Object.entries(target).map(([index, partitions]) => [topicId(Number(index)), partitions])),
    })),
  }
}

/** `a 0:0,1 1:2`: member, then partitions by topic index. */
function shown(assigned: ReadonlyMap<string, TopicPartitions>, { counts, members }: Described): string[] {
  return members.map(({ id }) => {
    const topics = counts.flatMap((_, index) => {
      const partitions = assigned.get(id)?.get(topicId(index))
      return partitions ? [`${index}:${partitions.join()}`] : []
    })
    return [id, ...topics].join(' ')
  })
}

function uniform(described: Described): string[] {
  return shown(uniformAssignor.assign(specOf(described)), described)
}

function range(described: Described): string[] {
  return shown(rangeAssignor.assign(specOf(described)), described)
}

// What Apache Kafka 4.3.1's own classes answer to the same.
t.test('uniform: who joins takes from those with more than their quota, and nothing else moves', async (t) => {
  const members = [
    { id: 'a', topics: [0, 1], target: { 0: [0, 1, 2], 1: [0] } },
    { id: 'b', topics: [0, 1], target: { 1: [1, 2, 3] } },
    { id: 'c', topics: [0, 1] },
  ]
  t.same(uniform({ counts: [3, 4], members }), ['a 0:0,1,2', 'b 1:1,2', 'c 1:0,3'])
})

t.test('uniform: nobody subscribes to the same topics, and each gets its own', async (t) => {
  const members = [
    { id: 'a', topics: [0] },
    { id: 'b', topics: [0, 1] },
  ]
  t.same(uniform({ counts: [2, 2], members }), ['a 0:0,1', 'b 1:0,1'])
})

t.test('range: equal topics are cut alike, static members first', async (t) => {
  const members = [
    { id: 'a', topics: [0, 1] },
    { id: 'z', instance: 'one', topics: [0, 1] },
    { id: 'b', topics: [0, 1] },
  ]
  t.same(range({ counts: [5, 5], members }), ['a 0:2,3 1:2,3', 'z 0:0,1 1:0,1', 'b 0:4 1:4'])
})

t.test('no member, no topic: nothing', async (t) => {
  t.same(uniform({ counts: [3], members: [] }), [])
  t.same(uniform({ counts: [3], members: [{ id: 'a', topics: [] }] }), ['a'])
  t.same(range({ counts: [3], members: [{ id: 'a', topics: [] }] }), ['a'])
})

const groups = fc.record({
  counts: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
  subscriptions: fc.array(fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 7 }),
  isHomogeneous: fc.boolean(),
})

function drawn({
  counts,
  subscriptions,
  isHomogeneous,
}: {
  counts: number[]
  subscriptions: boolean[][]
  isHomogeneous: boolean
}): GroupSpec {
  return specOf({
    counts,
    members: subscriptions.map((wanted, index) => {
      const chosen = isHomogeneous ? (subscriptions[0] ?? []) : wanted
      return { id: `m${index}`, topics: counts.flatMap((_, topic) => (chosen[topic] ? [topic] : [])) }
    }),
  })
}

function withTargets(members: readonly AssignedMember[], assigned: ReadonlyMap<string, TopicPartitions>): AssignedMember[] {
  return members.map((member) => ({ ...member, target: assigned.get(member.memberId) ?? new Map() }))
}

function sizeOf(partitions: TopicPartitions | undefined): number {
  return [...(partitions?.values() ?? [])].reduce((sum, { length }) => sum + length, 0)
}

for (const assignor of [uniformAssignor, rangeAssignor]) {
  t.test(`${assignor.name}: every partition that somebody subscribes to has one owner, who subscribes to it`, async () => {
    fc.assert(
      fc.property(groups, (group) => {
        const spec = drawn(group)
        const assigned = assignor.assign(spec)
        const owners = new Map<string, string>()
        for (const { memberId, subscribedTopicIds } of spec.members) {
          for (const [topic, partitions] of assigned.get(memberId) ?? []) {
            if (!subscribedTopicIds.has(topic)) return false
            for (const partition of partitions) {
              if (owners.has(`${topic}-${partition}`)) return false
              owners.set(`${topic}-${partition}`, memberId)
            }
          }
        }
        const wanted = new Set(spec.members.flatMap(({ subscribedTopicIds }) => [...subscribedTopicIds]))
        return owners.size === [...wanted].reduce((sum, topic) => sum + (spec.partitionCounts.get(topic) ?? 0), 0)
      }),
    )
  })
}

t.test('uniform: members of one subscription differ by one partition at most; who leaves or comes moves no more than must', async () => {
  fc.assert(
    fc.property(groups, (group) => {
      const spec = drawn({ ...group, isHomogeneous: true })
      const first = uniformAssignor.assign(spec)
      const again = uniformAssignor.assign({ ...spec, members: withTargets(spec.members, first) })
      const fewer = withTargets(spec.members, first).slice(1)
      const afterLeave = uniformAssignor.assign({ ...spec, members: fewer })
      const isSticky = spec.members.every(({ memberId }) => sameAssignment(first.get(memberId), again.get(memberId)))
      const kept = fewer.every(({ memberId, target }) => contains(afterLeave.get(memberId), target))
      return isSticky && kept && isEven(spec.members, first) && isEven(fewer, afterLeave)
    }),
  )
})

function isEven(members: readonly AssignedMember[], assigned: ReadonlyMap<string, TopicPartitions>): boolean {
  const sizes = members.map(({ memberId }) => sizeOf(assigned.get(memberId)))
  return sizes.length === 0 || Math.max(...sizes) - Math.min(...sizes) <= 1
}

function contains(all: TopicPartitions | undefined, some: TopicPartitions): boolean {
  return [...some].every(([topic, partitions]) => partitions.every((partition) => all?.get(topic)?.includes(partition)))
}

function sameAssignment(a: TopicPartitions | undefined, b: TopicPartitions | undefined): boolean {
  return contains(a, b ?? new Map()) && contains(b, a ?? new Map())
}

t.test('range: topics of equal size and subscribers meet in one member', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 8 }), (count, memberCount) => {
      const members = Array.from({ length: memberCount }, (_, index) => ({ id: `m${index}`, topics: [0, 1] }))
      const assigned = rangeAssignor.assign(specOf({ counts: [count, count], members }))
      return [...assigned.values()].every((topics) => topics.get(topicId(0))?.join() === topics.get(topicId(1))?.join())
    }),
  )
})
