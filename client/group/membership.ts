/**
 * What a consumer has to do with its group, whichever protocol its members speak.
 * A membership lives in the background: it says that it lives, and learns what it is to read. But what it has is given up and taken only
 * where the application holds nothing of it, between two records: the consumer calls `settle` there.
 */
import type { ChosenPartition, TopicPartition } from '../consumer/consumed.ts'

/** As commits name it. */
export interface MemberIdentity {
  readonly memberId: string
  /** The generation of a classic group, the member's epoch in one of the consumer protocol; -1: no member. */
  readonly generationId: number
  readonly groupInstanceId: string | null
}

export const noMember: MemberIdentity = { memberId: '', generationId: -1, groupInstanceId: null }

export interface Membership {
  readonly identity: MemberIdentity
  /** It has asked to join, and was not heard yet: its group may be a generation ahead of it. */
  readonly isJoining: boolean
  /** There is something to settle. */
  readonly isPending: boolean
  /** Gives up and takes what is to be, and tells the application. Throws what will not pass. */
  settle(): Promise<void>
  /** Says goodbye, as far as that is heard; never throws. */
  leave(): Promise<void>
}

/** The consumer, as its membership sees it. */
export interface Assignee {
  assigned(): readonly TopicPartition[]
  /** Those of them that are not being given up. */
  staying(): readonly TopicPartition[]
  /** While they are still this member's: commits what is done, tells the application, and reads them no more. */
  revoke(partitions: readonly TopicPartition[]): Promise<void>
  /** They are somebody else's already. */
  lose(partitions: readonly TopicPartition[]): Promise<void>
  /** These besides those that it has. */
  assign(partitions: readonly ChosenPartition[]): Promise<void>
  /** How often the application has come for more: who does not come for long is out. */
  polls(): number
  /** It waits for more right now. */
  isWaiting(): boolean
  /** There is something to settle. */
  wake(): void
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** Those of the first that are not among the second. */
export function without<P extends TopicPartition>(partitions: readonly P[], others: readonly TopicPartition[]): P[] {
  const names = new Set(others.map(nameOf))
  return partitions.filter((one) => !names.has(nameOf(one)))
}
