/** `range`: of each topic neighbouring partitions, the first members one more: topics with as many partitions are divided alike. */
import type { TopicPartition } from '../../consumer/consumed.ts'
import { type Assignor, forgetful, inOrder, topicsOf } from './assignor.ts'

export const range: Assignor = {
  name: 'range',
  ...forgetful,
  assign(members, partitions) {
    const assigned = new Map(members.map(({ memberId }): [string, TopicPartition[]] => [memberId, []]))
    for (const topic of topicsOf(members, partitions)) {
      const sharing = inOrder(members.filter(({ topics }) => topics.includes(topic)))
      const count = partitions.get(topic) ?? 0
      const each = Math.floor(count / sharing.length)
      const more = count % sharing.length
      let next = 0
      for (const [index, { memberId }] of sharing.entries()) {
        const end = next + each + (index < more ? 1 : 0)
        for (; next < end; next++) assigned.get(memberId)?.push({ topic, partition: next })
      }
    }
    return assigned
  },
}
