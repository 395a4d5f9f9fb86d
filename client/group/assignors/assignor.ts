/** How the leader of a classic group divides partitions among its members. Pure: the same members and topics give the same answer. */
import type { TopicPartition } from '../../consumer/consumed.ts'

export interface AssignorMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly topics: readonly string[]
  /** What it says that it has, of which generation; -1: it does not say. */
  readonly owned: readonly TopicPartition[]
  readonly generation: number
}

export interface Assignor {
  /** As members agree on it; Java's names. */
  readonly name: string
  /** Members keep what they have while they join: what goes to another one is first given up (KIP-429). */
  readonly isCooperative: boolean
  /** What a member adds to its subscription for this assignor. */
  userData(owned: readonly TopicPartition[], generation: number): Buffer | null
  /** What a member's user data says that it has; undefined where its subscription says it. */
  ownedIn(userData: Buffer | null): Pick<AssignorMember, 'owned' | 'generation'> | undefined
  /** @param partitions how many each topic has; topics that do not exist are missing. @returns for each member, by id. */
  assign(members: readonly AssignorMember[], partitions: ReadonlyMap<string, number>): Map<string, TopicPartition[]>
}

/** As Java orders them: static members first, by their instance ids. */
export function inOrder(members: readonly AssignorMember[]): AssignorMember[] {
  return [...members].sort((a, b) => {
    if (a.instanceId !== null && b.instanceId !== null) return compare(a.instanceId, b.instanceId)
    if (a.instanceId === null && b.instanceId === null) return compare(a.memberId, b.memberId)
    return a.instanceId === null ? 1 : -1
  })
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The topics that any of them subscribes to and that exist, in order. */
export function topicsOf(members: readonly AssignorMember[], partitions: ReadonlyMap<string, number>): string[] {
  return [...new Set(members.flatMap(({ topics }) => topics))].filter((topic) => partitions.has(topic)).sort(compare)
}

/** For assignors that do not look at what members had. */
export const forgetful = {
  isCooperative: false,
  userData: () => null,
  ownedIn: () => undefined,
} as const
