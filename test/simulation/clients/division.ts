/**
 * How the leader of a simulated classic group divides partitions: one after another to the subscriber that has fewest so far.
 * Cooperatively: what one has and another is to get stays with nobody, until the one has given it up.
 */
import type { TopicPartition } from './offset-client.ts'

export interface Subscriber {
  readonly memberId: string
  readonly topics: readonly string[]
  readonly owned: readonly TopicPartition[]
}

interface Share {
  readonly memberId: string
  readonly partitions: TopicPartition[]
}

export function divide(subscribers: readonly Subscriber[], partitionsOf: ReadonlyMap<string, number>, isCooperative: boolean): Share[] {
  const shares = subscribers.map(({ memberId }): Share => ({ memberId, partitions: [] }))
  const counts = subscribers.map(() => 0)
  for (const topic of new Set(subscribers.flatMap(({ topics }) => topics))) {
    const candidates = subscribers.flatMap((subscriber, index) => (subscriber.topics.includes(topic) ? [index] : []))
    for (let partition = 0; partition < (partitionsOf.get(topic) ?? 0); partition++) {
      const next = candidates.reduce((best, index) => ((counts[index] as number) < (counts[best] as number) ? index : best))
      counts[next] = (counts[next] as number) + 1
      const owner = subscribers.findIndex(({ owned }) => owned.some((each) => each.topic === topic && each.partition === partition))
      if (isCooperative && owner !== -1 && owner !== next) continue
      shares[next]?.partitions.push({ topic, partition })
    }
  }
  return shares
}
