/**
 * What every group is to those who ask for it by its id, whichever protocol its members speak. The checks throw CoordinatorError.
 */
import type { Turn } from '../coordinator/state-machine.ts'
import type { Millis } from '../platform/clock.ts'
import type { GroupRecord } from './records.ts'

export type GroupTurn = Turn<GroupRecord>

/** Who asks, as groups keep it of their members. */
export interface Client {
  readonly clientId: string
  /** As Java writes an address: `/127.0.0.1`. */
  readonly host: string
  readonly apiVersion: number
}

/** On whose behalf offsets are committed. Without a member and a generation: by somebody outside of the group. */
export interface Committer {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationIdOrMemberEpoch: number
  readonly apiVersion: number
  readonly isTransactional: boolean
}

/** Throws where the committer may not commit for this partition, though it may for others. */
export type PartitionCheck = (topicId: string, partition: number) => void

export interface Group {
  readonly groupId: string
  /** As ListGroups has it, there in lower case. */
  readonly type: 'Classic' | 'Consumer'
  /** `Stable`, `PreparingRebalance`, …: as ListGroups has it. */
  readonly stateName: string
  /** `consumer`, `connect`, …; empty where nobody has said so. */
  readonly protocolType: string
  /** It has no members. */
  readonly isEmpty: boolean
  readonly memberCount: number
  checkCommit(committer: Committer): PartitionCheck | undefined
  checkFetch(memberId: string | null, memberEpoch: number): void
  checkOffsetDelete(): void
  checkDelete(): void
  isSubscribedTo(topic: string): boolean
  /** From when on the retention of an offset counts (KIP-211); undefined: none of this group's offsets expires now. */
  readonly retainedSince: ((committedAt: Millis) => Millis) | undefined
  /** Records that take back all that the log says of the group, but for its offsets. */
  appendTombstones(turn: GroupTurn): void
}
