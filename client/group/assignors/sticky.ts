/**
 * `sticky` and `cooperative-sticky`: as even as it can be, and members keep what they have as far as that allows.
 * Who has a partition is what the members say: of two, the one of the later generation (KIP-341); of the same generation, neither.
 */
import { array, int32, message, string } from '../../protocol/schema.ts'
import { decode, encode } from '../../protocol/compile.ts'
import { DecodeError } from '../../protocol/malformed.ts'
import type { TopicPartition } from '../../consumer/consumed.ts'
import { byTopic, indexOf } from '../../consumer/by-topic.ts'
import { nameOf } from '../membership.ts'
import { type Assignor, type AssignorMember, compare, topicsOf } from './assignor.ts'

/** As Java's StickyAssignor writes it. */
const StickyUserData = message({
  name: 'StickyUserData',
  type: 'data',
  versions: '0',
  fields: {
    previousAssignment: array('0+', { topic: string('0+'), partitions: array('0+', int32) }),
    generation: int32('0+'),
  },
})

const generationBytes = 4
const noGeneration = -1

export const sticky: Assignor = {
  name: 'sticky',
  isCooperative: false,
  userData(owned, generation) {
    const previousAssignment = byTopic(owned, indexOf).map(([topic, partitions]) => ({ topic, partitions }))
    return Buffer.concat(encode(StickyUserData, 0, { previousAssignment, generation }))
  },
  ownedIn(userData) {
    if (userData === null) return { owned: [], generation: noGeneration }
    try {
      const { previousAssignment, generation } = decode(StickyUserData, 0, userData)
      const owned = previousAssignment.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
      return { owned, generation }
    } catch (error) {
      if (error instanceof DecodeError) return { owned: [], generation: noGeneration }
      throw error
    }
  },
  assign: (members, partitions) => new Balance(members, partitions).assign(),
}

export const cooperativeSticky: Assignor = {
  name: 'cooperative-sticky',
  isCooperative: true,
  userData(_, generation) {
    const bytes = Buffer.alloc(generationBytes)
    bytes.writeInt32BE(generation)
    return bytes
  },
  ownedIn: () => undefined,
  assign(members, partitions) {
    const assigned = new Balance(members, partitions).assign()
    return withoutOthers(members, assigned)
  },
}

/** What another member has is given out once that one has let it go: it joins again when it has. */
function withoutOthers(members: readonly AssignorMember[], assigned: Map<string, TopicPartition[]>): Map<string, TopicPartition[]> {
  const owners = new Map<string, Set<string>>()
  for (const { memberId, owned } of members) {
    for (const one of owned) {
      const name = nameOf(one)
      owners.set(name, (owners.get(name) ?? new Set()).add(memberId))
    }
  }
  const isFree = (memberId: string, one: TopicPartition) => [...(owners.get(nameOf(one)) ?? [])].every((owner) => owner === memberId)
  return new Map([...assigned].map(([memberId, own]) => [memberId, own.filter((one) => isFree(memberId, one))]))
}

interface Share {
  readonly member: AssignorMember
  readonly topics: ReadonlySet<string>
  /** What it had first: what came last goes first. */
  readonly partitions: TopicPartition[]
}

class Balance {
  readonly #shares: Share[]
  readonly #all: TopicPartition[]

  constructor(members: readonly AssignorMember[], partitions: ReadonlyMap<string, number>) {
    this.#shares = [...members]
      .sort((a, b) => compare(a.memberId, b.memberId))
      .map((member) => ({ member, topics: new Set(member.topics), partitions: [] }))
    this.#all = topicsOf(members, partitions).flatMap((topic) =>
      Array.from({ length: partitions.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
    )
  }

  assign(): Map<string, TopicPartition[]> {
    const kept = this.#keep()
    // Those that few may have come first.
    const free = this.#all.filter((one) => !kept.has(nameOf(one)))
    const takers = new Map(free.map(({ topic }) => [topic, this.#shares.filter(({ topics }) => topics.has(topic)).length]))
    free.sort((a, b) => (takers.get(a.topic) ?? 0) - (takers.get(b.topic) ?? 0))
    for (const one of free) this.#least(one.topic).partitions.push(one)
    while (this.#improve());
    return new Map(this.#shares.map(({ member, partitions }) => [member.memberId, partitions]))
  }

  /** Members keep what is theirs. Returns the names of what is kept. */
  #keep(): Set<string> {
    const existing = new Set(this.#all.map(nameOf))
    const claims = new Map<string, { share: Share | undefined; generation: number }>()
    for (const share of this.#shares) {
      const { owned, generation } = share.member
      for (const one of owned) {
        const name = nameOf(one)
        if (!existing.has(name) || !share.topics.has(one.topic)) continue
        const other = claims.get(name)
        if (!other || generation > other.generation) claims.set(name, { share, generation })
        else if (generation === other.generation) claims.set(name, { share: undefined, generation })
      }
    }
    const kept = new Set<string>()
    for (const one of this.#all) {
      const name = nameOf(one)
      const owner = claims.get(name)?.share
      if (!owner) continue
      owner.partitions.push(one)
      kept.add(name)
    }
    return kept
  }

  #least(topic: string): Share {
    let least: Share | undefined
    for (const share of this.#shares)
      if (share.topics.has(topic) && (!least || share.partitions.length < least.partitions.length)) least = share
    return least as Share
  }

  /**
   * Moves one partition from a member with more to one with at least two less: over others between them, each giving one on, where
   * the two have no topic in common. False where none can be moved so.
   */
  #improve(): boolean {
    const byLoad = [...this.#shares].sort((a, b) => b.partitions.length - a.partitions.length)
    for (const from of byLoad) {
      const path = this.#path(from)
      if (!path) continue
      for (const { giver, taker, index } of path) taker.partitions.push(...giver.partitions.splice(index, 1))
      return true
    }
    return false
  }

  /** The shortest way by which a partition of `from` can reach somebody with two less; the last step first. */
  #path(from: Share): { giver: Share; taker: Share; index: number }[] | undefined {
    const least = Math.min(...this.#shares.map(({ partitions }) => partitions.length))
    if (from.partitions.length - least < 2) return undefined
    const reachedFrom = new Map<Share, { giver: Share; index: number }>()
    const queue = [from]
    for (let giver = queue.shift(); giver; giver = queue.shift()) {
      for (const taker of this.#shares) {
        if (taker === from || reachedFrom.has(taker)) continue
        const index = giver.partitions.findLastIndex(({ topic }) => taker.topics.has(topic))
        if (index < 0) continue
        reachedFrom.set(taker, { giver, index })
        if (from.partitions.length - taker.partitions.length >= 2) return this.#trace(taker, from, reachedFrom)
        queue.push(taker)
      }
    }
    return undefined
  }

  #trace(last: Share, first: Share, reachedFrom: ReadonlyMap<Share, { giver: Share; index: number }>) {
    const path: { giver: Share; taker: Share; index: number }[] = []
    for (let taker = last; taker !== first; ) {
      const { giver, index } = reachedFrom.get(taker) as { giver: Share; index: number }
      path.push({ giver, taker, index })
      taker = giver
    }
    return path
  }
}
