/** `roundrobin`: all partitions of all topics dealt out one by one. */
import type { TopicPartition } from '../../consumer/consumed.ts'
import { type Assignor, type AssignorMember, forgetful, inOrder, topicsOf } from './assignor.ts'

export const roundRobin: Assignor = {
  name: 'roundrobin',
  ...forgetful,
  assign(members, partitions) {
    const assigned = new Map(members.map(({ memberId }): [string, TopicPartition[]] => [memberId, []]))
    const ordered = inOrder(members)
    let turn = 0
    for (const topic of topicsOf(members, partitions)) {
      const count = partitions.get(topic) ?? 0
      for (let partition = 0; partition < count; partition++) {
        while (!memberAt(ordered, turn).topics.includes(topic)) turn++
        assigned.get(memberAt(ordered, turn).memberId)?.push({ topic, partition })
        turn++
      }
    }
    return assigned
  },
}

/** By the name that kafkajs has for its own, so that its members and ours can be of one group. */
export const roundRobinOfKafkajs: Assignor = { ...roundRobin, name: 'RoundRobinAssigner' }

function memberAt(members: readonly AssignorMember[], turn: number): AssignorMember {
  return members[turn % members.length] as AssignorMember
}
