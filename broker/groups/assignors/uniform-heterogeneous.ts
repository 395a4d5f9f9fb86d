/**
 * `uniform` where members subscribe to different topics: what nobody has goes to the subscriber with the least, topic by topic; then partitions move
 * from subscribers with more to those with less, round by round, until none has two more than another, or no topic can better it.
 */
import { compareUuids } from '../../../client/protocol/uuid.ts'
import type { GroupSpec, TopicPartitions } from './assignor.ts'
import { MemberBalancer } from './member-balancer.ts'

interface Topic {
  readonly id: string
  /** Indices of members, ascending. */
  readonly subscribers: number[]
  /** By partition: index of the member that is to have it; -1: none. */
  readonly owners: Int32Array
}

/** Each makes it better, few are needed. */
const roundsMax = 16

export function assignHeterogeneous(spec: GroupSpec): ReadonlyMap<string, TopicPartitions> {
  /** By member index: how many partitions. */
  const loads = new Int32Array(spec.members.length)
  const topics = topicsOf(spec)
  keepOwners(spec, topics, loads)
  const ordered = [...topics.values()].sort(byPartitionsEach)
  const balancer = new MemberBalancer(loads)
  for (const topic of ordered) handOut(topic, balancer, loads)
  balance(
    ordered.filter(({ subscribers }) => subscribers.length > 1),
    balancer,
    loads,
  )
  return assignments(spec, topics)
}

function topicsOf({ members, partitionCounts }: GroupSpec): Map<string, Topic> {
  const topics = new Map<string, Topic>()
  for (const [index, { subscribedTopicIds }] of members.entries()) {
    for (const id of subscribedTopicIds) {
      const topic = topics.get(id)
      if (topic) topic.subscribers.push(index)
      else topics.set(id, { id, subscribers: [index], owners: new Int32Array(partitionCounts.get(id) ?? 0).fill(-1) })
    }
  }
  return topics
}

function keepOwners({ members }: GroupSpec, topics: ReadonlyMap<string, Topic>, loads: Int32Array): void {
  for (const [index, { subscribedTopicIds, target }] of members.entries()) {
    for (const [topicId, partitions] of target) {
      const owners = topics.get(topicId)?.owners
      if (!owners || !subscribedTopicIds.has(topicId)) continue
      for (const partition of partitions) owners[partition] = index
      loads[index] = (loads[index] ?? 0) + partitions.length
    }
  }
}

/** Those with the most partitions for each subscriber come first: the others can even out what they leave. */
function byPartitionsEach(a: Topic, b: Topic): number {
  const each = b.owners.length / b.subscribers.length - a.owners.length / a.subscribers.length
  return each || a.subscribers.length - b.subscribers.length || compareUuids(a.id, b.id)
}

function handOut({ subscribers, owners }: Topic, balancer: MemberBalancer, loads: Int32Array): void {
  if (!owners.includes(-1)) return
  balancer.begin(subscribers)
  for (let partition = 0; partition < owners.length; partition++) {
    if (owners[partition] === -1) move(owners, partition, balancer.leastLoaded(), loads)
  }
}

function move(owners: Int32Array, partition: number, to: number, loads: Int32Array): void {
  const from = owners[partition] ?? -1
  if (from !== -1) loads[from] = (loads[from] ?? 0) - 1
  owners[partition] = to
  loads[to] = (loads[to] ?? 0) + 1
}

function balance(topics: readonly Topic[], balancer: MemberBalancer, loads: Int32Array): void {
  /** Of the topic that was bettered last: when its turn comes again, all others were left as they are. */
  let last = -1
  for (let round = 0; round < roundsMax; round++) {
    for (const [index, topic] of topics.entries()) {
      if (index === last) return
      if (balanceTopic(topic, balancer, loads) > 0 || last === -1) last = index
    }
  }
}

/** Moves partitions of one topic between its subscribers. How many. */
function balanceTopic({ subscribers, owners }: Topic, balancer: MemberBalancer, loads: Int32Array): number {
  if (balancer.begin(subscribers) <= 1) return 0
  /** By owner, ascending; the last are given away first. */
  const held = new Map<number, number[]>()
  for (let partition = 0; partition < owners.length; partition++) {
    const owner = owners[partition] ?? -1
    const partitions = held.get(owner)
    if (partitions) partitions.push(partition)
    else held.set(owner, [partition])
  }
  let moved = 0
  while (!balancer.isBalanced) {
    const from = balancer.mostLoaded()
    if (from === undefined) break
    const partition = held.get(from)?.pop()
    if (partition === undefined) {
      balancer.excludeMostLoaded()
      continue
    }
    const to = balancer.leastLoaded()
    if (balancer.isBalanced) break
    move(owners, partition, to, loads)
    moved++
  }
  return moved
}

function assignments({ members }: GroupSpec, topics: ReadonlyMap<string, Topic>): ReadonlyMap<string, TopicPartitions> {
  const assigned = members.map(() => new Map<string, number[]>())
  for (const { id, owners } of topics.values()) {
    for (let partition = 0; partition < owners.length; partition++) {
      const partitionsOf = assigned[owners[partition] ?? -1]
      const partitions = partitionsOf?.get(id)
      if (partitions) partitions.push(partition)
      else partitionsOf?.set(id, [partition])
    }
  }
  return new Map(members.map(({ memberId }, index) => [memberId, assigned[index] ?? new Map()]))
}
