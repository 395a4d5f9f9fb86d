/** Properties of dividing, whatever the members and topics: all that can be given is given once, evenly, and sticky members keep what they may. */
import fc from 'fast-check'
import t from 'tap'
import type { TopicPartition } from '../../../client/index.ts'
import type { AssignorMember } from '../../../client/group/assignors/assignor.ts'
import { assignors } from '../../../client/group/assignors/roster.ts'

const topics = ['a', 'b', 'c']
const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`
const counts = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)).map((each) => new Map(each.map((count, nth) => [topics[nth] as string, count])))
const subscriptions = fc.array(fc.subarray(topics, { minLength: 1 }), { minLength: 1, maxLength: 6 })

function membersOf(
  subscribed: readonly (readonly string[])[],
  owned: ReadonlyMap<string, readonly TopicPartition[]> = new Map(),
): AssignorMember[] {
  return subscribed.map((own, nth) => {
    const memberId = `m${nth}`
    const had = owned.get(memberId)
    return { memberId, instanceId: null, topics: own, owned: had ?? [], generation: had ? 1 : -1 }
  })
}

for (const assignor of Object.values(assignors)) {
  t.test(`${assignor.name} gives every partition to one member that wants it`, async () => {
    fc.assert(
      fc.property(counts, subscriptions, (partitions, subscribed) => {
        const shares = assignor.assign(membersOf(subscribed), partitions)
        const given = [...shares.values()].flat().map(nameOf)
        const wanted = topics.filter((topic) => subscribed.some((own) => own.includes(topic)))
        const all = wanted.reduce((sum, topic) => sum + (partitions.get(topic) ?? 0), 0)
        if (given.length !== all || new Set(given).size !== all) return false
        return [...shares].every(([memberId, share]) => share.every(({ topic }) => subscribed[Number(memberId.slice(1))]?.includes(topic)))
      }),
    )
  })
}

t.test('who subscribes alike has alike, sticky or by turns', async () => {
  fc.assert(
    fc.property(
      counts,
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(assignors.roundrobin, assignors.sticky),
      (partitions, size, assignor) => {
        const loads = [...assignor.assign(membersOf(Array.from({ length: size }, () => topics)), partitions).values()].map(
          ({ length }) => length,
        )
        return Math.max(...loads) - Math.min(...loads) <= 1
      },
    ),
  )
})

t.test('sticky members keep what they had as far as an even share allows, and cooperative ones get nothing that another has', async () => {
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), (partitions, before, after) => {
      const everything = (size: number) => Array.from({ length: size }, () => topics)
      const had = assignors.sticky.assign(membersOf(everything(before)), partitions)
      const members = membersOf(everything(after), had)
      const now = assignors.sticky.assign(members, partitions)
      const total = [...partitions.values()].reduce((sum, count) => sum + count, 0)
      const isKept = [...now].every(([memberId, share]) => {
        const owned = new Set((had.get(memberId) ?? []).map(nameOf))
        const kept = share.filter((one) => owned.has(nameOf(one))).length
        return kept >= Math.min(owned.size, Math.floor(total / after))
      })
      const owners = new Map([...had].slice(0, after).flatMap(([memberId, share]) => share.map((one) => [nameOf(one), memberId] as const)))
      const cooperative = assignors['cooperative-sticky'].assign(members, partitions)
      const isFree = [...cooperative].every(([memberId, share]) => share.every((one) => (owners.get(nameOf(one)) ?? memberId) === memberId))
      return isKept && isFree
    }),
  )
})

t.test('of two that say they have a partition, the one of the later generation has it', async (t) => {
  const one = { topic: 'a', partition: 0 }
  const member = (memberId: string, generation: number): AssignorMember => ({
    memberId,
    instanceId: null,
    topics,
    owned: [one],
    generation,
  })
  const partitions = new Map([['a', 1]])
  t.same(assignors.sticky.assign([member('x', 1), member('y', 2)], partitions).get('y'), [one])
})

t.test('a member is balanced over others where it shares no topic with who has least', async (t) => {
  const members = membersOf([['a'], ['a', 'b'], ['b']])
  const loads = [
    ...assignors.sticky
      .assign(
        members,
        new Map([
          ['a', 6],
          ['b', 3],
        ]),
      )
      .values(),
  ].map(({ length }) => length)
  t.same(loads, [3, 3, 3])
})
