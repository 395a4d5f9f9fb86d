/**
 * What the steps of consumer groups need of those around them.
 * Owns: the shapes.
 */
import type { Logger } from '../../metrics/logger.ts'
import type { Random } from '../../platform/random.ts'
import type { ClassicGroup } from '../classic/classic-group.ts'
import type { Group, GroupTurn } from '../group.ts'
import type { Topics } from '../topics.ts'

/** Which conversions are made while a group has members. */
export type MigrationPolicy = 'bidirectional' | 'upgrade' | 'downgrade' | 'disabled'

/** As they stand for one group. */
export interface ConsumerGroupSettings {
  readonly sessionTimeoutMillis: number
  readonly heartbeatIntervalMillis: number
  /** A new target is made no sooner after the last. */
  readonly assignmentIntervalMillis: number
  readonly regexRefreshIntervalMillis: number
  readonly membersMax: number
  /** Of a classic group. */
  readonly classicMembersMax: number
  /** By name, the first for members that name none. */
  readonly assignors: readonly string[]
  readonly migrationPolicy: MigrationPolicy
}

/** What takes groups of the classic protocol in. */
export interface ClassicSide {
  /** The group is this one from now on; its record is appended in this turn. */
  adopted(group: ClassicGroup, turn: GroupTurn): void
  rebalance(group: ClassicGroup, turn: GroupTurn): void
}

export interface ConsumerGroupsContext {
  readonly topics: Topics
  readonly random: Random
  readonly logger: Logger
  settings(groupId: string): ConsumerGroupSettings
  /** A group has begun a new epoch. */
  onEpoch(): void
  /** By id, of either protocol. */
  readonly groups: Map<string, Group>
  readonly classic: ClassicSide
}
