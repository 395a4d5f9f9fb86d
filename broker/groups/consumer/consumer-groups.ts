/**
 * The consumer groups (KIP-848) of one shard: what their members ask, and what time and topics bring.
 * Owns: the parts that carry it out, put together. Never: holds the groups; the machine does, of either protocol.
 */
import type { HeartbeatRequest as ClassicHeartbeatRequest } from '../../../client/protocol/messages/heartbeat.ts'
import type { SyncGroupRequest } from '../../../client/protocol/messages/sync-group.ts'
import assert from 'node:assert/strict'
import type { Parked } from '../../coordinator/state-machine.ts'
import { ClassicGroup } from '../classic/classic-group.ts'
import type { SyncAnswer } from '../classic/classic-member.ts'
import type { Join } from '../classic/joining.ts'
import type { LeaveAnswer, LeavingMember } from '../classic/membership.ts'
import type { ConsumerProtocol } from '../consumer-protocol.ts'
import type { Client, Group, GroupTurn } from '../group.ts'
import type { ConsumerGroupRecord } from '../records.ts'
import { ClassicMembers } from './classic-members.ts'
import type { ConsumerGroupsContext } from './consumer-context.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { Departure } from './departure.ts'
import { type DescribedConsumerGroup, described } from './description.ts'
import { Downgrade } from './downgrade.ts'
import { Heartbeats, notFound } from './heartbeat.ts'
import type { HeartbeatAnswer, HeartbeatRequest } from './heartbeat-request.ts'
import { MemberState } from './member.ts'
import { Refresh } from './refresh.ts'
import { Upgrade } from './upgrade.ts'

export class ConsumerGroups implements ConsumerProtocol {
  readonly #context: ConsumerGroupsContext
  readonly #refresh: Refresh
  readonly #departure: Departure
  readonly #heartbeats: Heartbeats
  readonly #classicMembers: ClassicMembers
  #isLoaded = false

  constructor(context: ConsumerGroupsContext) {
    const refresh = new Refresh(context)
    const downgrade = new Downgrade(context)
    const departure = new Departure(context, downgrade)
    const { timers } = departure
    this.#context = context
    this.#refresh = refresh
    this.#departure = departure
    this.#heartbeats = new Heartbeats({ context, timers, refresh, departure, upgrade: new Upgrade(context, timers) })
    this.#classicMembers = new ClassicMembers({ context, refresh, departure, downgrade })
  }

  apply(record: ConsumerGroupRecord): void {
    const { groups } = this.#context
    const { groupId } = record.key
    if (this.#isLoaded && record.kind === 'ConsumerGroupMetadata' && record.value !== null) this.#context.onEpoch()
    const group = groups.get(groupId) ?? new ConsumerGroup(groupId)
    if (group instanceof ConsumerGroup) {
      if (record.value !== null) groups.set(groupId, group)
      group.apply(record)
      if (record.kind === 'ConsumerGroupMetadata' && record.value === null) groups.delete(groupId)
    } else if (record.value !== null && isOfNobody(group)) {
      const taken = new ConsumerGroup(groupId)
      groups.set(groupId, taken)
      taken.apply(record)
    }
    // Else it has become a classic group in this very turn, and the record is one of those that lead there.
  }

  /** From the log: members that live will say so. */
  loaded(turn: GroupTurn): void {
    this.#isLoaded = true
    for (const group of this.#context.groups.values()) if (group instanceof ConsumerGroup) this.#expectMembers(turn, group)
  }

  #expectMembers(turn: GroupTurn, group: ConsumerGroup): void {
    const { groupId } = group
    const { timers } = this.#departure
    const { sessionTimeoutMillis } = this.#context.settings(groupId)
    for (const member of group.members()) {
      timers.session(turn, groupId, member.memberId, sessionTimeoutMillis)
      if (member.state === MemberState.UNREVOKED_PARTITIONS && member.classic === null) timers.revocation(turn, groupId, member)
    }
  }

  /** ConsumerGroupHeartbeat. Throws CoordinatorError. */
  consumerHeartbeat(request: HeartbeatRequest, client: Client, turn: GroupTurn): HeartbeatAnswer {
    return this.#heartbeats.heartbeat(turn, request, client)
  }

  /** Throws CoordinatorError (GROUP_ID_NOT_FOUND). */
  describe(groupId: string): DescribedConsumerGroup {
    const group = this.#context.groups.get(groupId)
    if (!(group instanceof ConsumerGroup)) throw notFound(groupId, group === undefined)
    return described(group, this.#context)
  }

  join(group: Group, join: Join, turn: GroupTurn): void {
    this.#classicMembers.join(turn, consumerGroup(group), join)
  }

  sync(group: Group, request: SyncGroupRequest, parked: Parked<SyncAnswer>, turn: GroupTurn): void {
    this.#classicMembers.sync(turn, consumerGroup(group), request, parked)
  }

  heartbeat(group: Group, request: ClassicHeartbeatRequest, turn: GroupTurn): number {
    return this.#classicMembers.heartbeat(turn, consumerGroup(group), request)
  }

  leave(group: Group, leaving: readonly LeavingMember[], turn: GroupTurn): LeaveAnswer {
    return this.#classicMembers.leave(turn, consumerGroup(group), leaving)
  }

  /** Topics came, changed or went: who is subscribed to one looks again with its next heartbeat, and expressions are matched anew. */
  topicsChanged(names: ReadonlySet<string>, haveCome: boolean): void {
    if (haveCome) this.#refresh.topicsCame()
    for (const group of this.#context.groups.values()) {
      if (group instanceof ConsumerGroup && names.values().some((name) => group.isSubscribedTo(name))) group.topicsChanged()
    }
  }
}

/** There for its offsets only: a log that was compacted can tell of it before it tells of the consumer group that it is. */
function isOfNobody(group: Group): boolean {
  return group instanceof ClassicGroup && group.isEmpty && group.protocolType === ''
}

function consumerGroup(group: Group): ConsumerGroup {
  assert(group instanceof ConsumerGroup, 'a group is of the one protocol or of the other')
  return group
}
