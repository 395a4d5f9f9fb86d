/**
 * The groups and offsets of one partition of `__consumer_offsets`: what its shard (coordinator/shard.ts) plans with and applies to.
 * Owns: the groups by id, of both protocols, and their offsets; which protocol a request belongs to. Never: waits, or appends by itself.
 * A classic group's record is a copy of what is here already, so only loading reads it; committed offsets change by their records alone.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { DescribeGroupsResponse } from '../../client/protocol/messages/describe-groups.ts'
import type { HeartbeatRequest } from '../../client/protocol/messages/heartbeat.ts'
import type { OffsetCommitRequest } from '../../client/protocol/messages/offset-commit.ts'
import type { OffsetDeleteRequest } from '../../client/protocol/messages/offset-delete.ts'
import type { SyncGroupRequest } from '../../client/protocol/messages/sync-group.ts'
import type { TxnOffsetCommitRequest } from '../../client/protocol/messages/txn-offset-commit.ts'
import type { Input } from '../../client/protocol/schema.ts'
import { CoordinatorError } from '../coordinator/coordinator-error.ts'
import type { Parked, Placement, Producer, StateMachine } from '../coordinator/state-machine.ts'
import type { Random } from '../platform/random.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import type { SyncAnswer } from './classic/classic-member.ts'
import { describeClassicGroup } from './classic/description.ts'
import { groupMetadata, groupOf } from './classic/group-metadata.ts'
import { type Join, Joining } from './classic/joining.ts'
import { type LeaveAnswer, type LeavingMember, Membership } from './classic/membership.ts'
import { Rebalance } from './classic/rebalance.ts'
import type { ConsumerProtocol } from './consumer-protocol.ts'
import type { Client, Committer, Group, GroupTurn } from './group.ts'
import type { GroupSettings } from './group-settings.ts'
import type { GroupTally } from './group-tally.ts'
import { CommittedOffsets } from './offsets/committed-offsets.ts'
import {
  appendOffsetTombstone,
  type CommitAnswer,
  Committing,
  type OffsetDeleteAnswer,
  type TransactionalCommitAnswer,
} from './offsets/committing.ts'
import { expireOffsets, tombstonesMax } from './offsets/expiry.ts'
import { type AskedGroup, type FetchedGroup, fetchOffsets } from './offsets/fetching.ts'
import type { GroupMetadataRecord, GroupRecord } from './records.ts'

export type GroupDescription = NonNullable<NonNullable<Input<typeof DescribeGroupsResponse>['groups']>[number]>

export interface GroupMachineOptions {
  readonly settings: GroupSettings
  readonly random: Random
  readonly tally: GroupTally
  /** Speaks the newer protocol, in the groups of this machine. */
  consumerProtocol(machine: GroupMachine): ConsumerProtocol
}

const firstCommitVersionWithoutGroup = 9
const expiryKey = 'offset expiry'

export class GroupMachine implements StateMachine<GroupRecord> {
  readonly groups = new Map<string, Group>()
  readonly offsets = new CommittedOffsets()
  readonly settings: GroupSettings
  readonly consumers: ConsumerProtocol
  readonly #rebalance: Rebalance
  readonly #joining: Joining
  readonly #membership: Membership
  readonly #committing: Committing
  readonly #tally: GroupTally
  #isLoaded = false

  constructor({ settings, random, tally, consumerProtocol }: GroupMachineOptions) {
    this.settings = settings
    this.#tally = tally
    const find = (groupId: string) => this.classicGroup(groupId)
    this.#rebalance = new Rebalance({ settings, find, onSettled: () => tally.rebalances++ })
    this.#joining = new Joining({ settings, random, rebalance: this.#rebalance })
    this.#membership = new Membership(this.#rebalance)
    this.#committing = new Committing({ settings, offsets: this.offsets, onCommitted: (count) => (tally.commits += count) })
    this.consumers = consumerProtocol(this)
  }

  classicGroup(groupId: string): ClassicGroup | undefined {
    const group = this.groups.get(groupId)
    return group instanceof ClassicGroup ? group : undefined
  }

  apply(record: GroupRecord, placement: Placement): void {
    switch (record.kind) {
      case 'OffsetCommit':
        if (record.value !== null && !this.groups.has(record.key.group)) this.#addEmpty(record.key.group, placement.timestamp)
        return this.offsets.apply(record, placement)
      case 'GroupMetadata':
        return this.#applyGroup(record)
      default:
        this.consumers.apply(record, placement)
    }
  }

  #applyGroup({ key: { group: groupId }, value }: GroupMetadataRecord): void {
    if (value === null) {
      if (this.classicGroup(groupId)) this.groups.delete(groupId)
    } else if (!this.#isLoaded) this.groups.set(groupId, groupOf(groupId, value))
  }

  #addEmpty(groupId: string, since: number): ClassicGroup {
    const group = ClassicGroup.empty(groupId, since)
    this.groups.set(groupId, group)
    return group
  }

  transactionEnded({ producerId }: Producer, committed: boolean): void {
    this.offsets.transactionEnded(producerId, committed)
  }

  loaded(turn: GroupTurn): void {
    this.#isLoaded = true
    for (const group of this.groups.values()) if (group instanceof ClassicGroup) this.#rebalance.loaded(group, turn)
    this.consumers.loaded(turn)
    this.#scheduleExpiry(turn)
  }

  /** A group whose members, if it has any, speak the classic protocol from now on. It is in this machine already. */
  adopted(group: ClassicGroup, turn: GroupTurn): void {
    this.groups.set(group.groupId, group)
    this.#rebalance.loaded(group, turn)
  }

  /** Members of a classic group came or went by other ways than its own protocol. */
  rebalance(group: ClassicGroup, turn: GroupTurn): void {
    this.#rebalance.begin(group, turn)
  }

  join(join: Join, turn: GroupTurn): void {
    const { groupId, memberId } = join.request
    const group = this.groups.get(groupId)
    if (group instanceof ClassicGroup) return this.#joining.join(group, join, turn)
    if (group && !group.isEmpty) return this.consumers.join(group, join, turn)
    if (memberId !== '') throw new CoordinatorError(ErrorCode.UNKNOWN_MEMBER_ID)
    group?.appendTombstones(turn)
    const empty = this.#addEmpty(groupId, turn.now)
    // It is there from now on, whether or not a generation ever begins.
    turn.append(groupMetadata(empty))
    this.#joining.join(empty, join, turn)
  }

  sync(request: SyncGroupRequest, parked: Parked<SyncAnswer>, turn: GroupTurn): void {
    const group = this.#groupOfMember(request.groupId)
    if (group instanceof ClassicGroup) this.#membership.sync(group, request, parked, turn)
    else this.consumers.sync(group, request, parked, turn)
  }

  /** The error code. */
  heartbeat(request: HeartbeatRequest, turn: GroupTurn): number {
    const group = this.#groupOfMember(request.groupId)
    if (group instanceof ClassicGroup) return this.#membership.heartbeat(group, request, turn)
    return this.consumers.heartbeat(group, request, turn)
  }

  leave(groupId: string, leaving: readonly LeavingMember[], turn: GroupTurn): LeaveAnswer {
    const group = this.groups.get(groupId)
    if (group instanceof ClassicGroup) return this.#membership.leave(group, leaving, turn)
    if (group) return this.consumers.leave(group, leaving, turn)
    const errorCode = ErrorCode.UNKNOWN_MEMBER_ID
    return { members: leaving.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId, errorCode })) }
  }

  #groupOfMember(groupId: string): Group {
    const group = this.groups.get(groupId)
    if (!group) throw new CoordinatorError(ErrorCode.UNKNOWN_MEMBER_ID)
    return group
  }

  commit(request: OffsetCommitRequest, { apiVersion }: Client, turn: GroupTurn): CommitAnswer {
    const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch, topics, retentionTimeMs } = request
    const committer = { memberId, groupInstanceId, generationIdOrMemberEpoch, apiVersion, isTransactional: false }
    const unknown = apiVersion >= firstCommitVersionWithoutGroup ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION
    const group = this.#groupOfCommitter(groupId, committer, unknown)
    const check = group?.checkCommit(committer)
    // Who commits lives.
    if (group instanceof ClassicGroup && (group.state === 'Stable' || group.state === 'PreparingRebalance')) {
      this.#rebalance.keepAlive(group, group.member(memberId, groupInstanceId), turn)
    }
    return this.#committing.commit({ groupId, topics, check, retentionTimeMs }, turn)
  }

  commitInTransaction(request: TxnOffsetCommitRequest, { apiVersion }: Client, turn: GroupTurn): TransactionalCommitAnswer {
    const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch, topics, producerId, producerEpoch } = request
    const committer = { memberId, groupInstanceId, generationIdOrMemberEpoch, apiVersion, isTransactional: true }
    const check = this.#groupOfCommitter(groupId, committer, ErrorCode.ILLEGAL_GENERATION)?.checkCommit(committer)
    turn.inTransactionOf({ producerId, producerEpoch })
    return this.#committing.commit({ groupId, topics, check, retentionTimeMs: -1 }, turn)
  }

  /** Undefined: there is none yet, and somebody who is in no group makes one by committing. Throws CoordinatorError. */
  #groupOfCommitter(groupId: string, { generationIdOrMemberEpoch }: Committer, unknown: number): Group | undefined {
    const group = this.groups.get(groupId)
    if (!group && generationIdOrMemberEpoch >= 0) throw new CoordinatorError(unknown)
    return group
  }

  fetchOffsets(asked: AskedGroup, requireStable: boolean): FetchedGroup {
    const group = this.groups.get(asked.groupId)
    group?.checkFetch(asked.memberId, asked.memberEpoch)
    return fetchOffsets(asked, { offsets: this.offsets, requireStable, isKnown: group !== undefined })
  }

  deleteOffsets(request: OffsetDeleteRequest, turn: GroupTurn): OffsetDeleteAnswer {
    const group = this.groups.get(request.groupId)
    if (!group) throw new CoordinatorError(ErrorCode.GROUP_ID_NOT_FOUND)
    group.checkOffsetDelete()
    return this.#committing.delete(group, request, turn)
  }

  /** Its offsets too. */
  delete(groupId: string, turn: GroupTurn): void {
    const group = this.groups.get(groupId)
    if (!group) throw new CoordinatorError(ErrorCode.GROUP_ID_NOT_FOUND)
    group.checkDelete()
    for (const place of this.offsets.places(groupId)) appendOffsetTombstone(place, turn)
    group.appendTombstones(turn)
  }

  /** Of a classic group. Throws CoordinatorError: there is none of this id. */
  describe(groupId: string): GroupDescription {
    const group = this.groups.get(groupId)
    if (!group) throw new CoordinatorError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`)
    if (!(group instanceof ClassicGroup)) {
      throw new CoordinatorError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} is not a classic group.`)
    }
    return describeClassicGroup(group)
  }

  /** A topic is gone, and with it what was committed of it. */
  topicGone(topic: string, topicId: string, turn: GroupTurn): void {
    let count = 0
    for (const place of this.offsets.placesOfTopic(topic, topicId)) {
      if (count++ === tombstonesMax) return turn.schedule(`gone ${topicId}`, 0, (later) => this.topicGone(topic, topicId, later))
      appendOffsetTombstone(place, turn)
    }
  }

  #scheduleExpiry(turn: GroupTurn): void {
    turn.schedule(expiryKey, this.settings.retentionCheckInterval, (later) => this.#expire([...this.groups.keys()], 0, later))
  }

  #expire(groupIds: readonly string[], from: number, turn: GroupTurn): void {
    let next = from
    for (let expired = 0; next < groupIds.length && expired < tombstonesMax; next++) {
      const group = this.groups.get(groupIds[next] as string)
      if (!group) continue
      const count = expireOffsets(group, this.offsets, this.settings.offsetRetention, turn)
      expired += count + 1
      turn.whenCommitted(() => (this.#tally.expired += count))
    }
    if (next === groupIds.length) this.#scheduleExpiry(turn)
    else turn.schedule(expiryKey, 0, (later) => this.#expire(groupIds, next, later))
  }
}
