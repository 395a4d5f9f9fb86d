/**
 * ConsumerGroupHeartbeat: a member joins, says that it lives, what it subscribes to and has, or leaves; and hears what it may have now.
 * Owns: the order of the steps. Never: keeps state; the group and its records do. Throws CoordinatorError, and then nothing has happened.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { randomUuid } from '../../../client/protocol/uuid.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import type { Client, GroupTurn } from '../group.ts'
import { admit, memberOf } from './admission.ts'
import type { ConsumerGroupsContext } from './consumer-context.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { assignmentRecord, memberRecord } from './consumer-records.ts'
import type { Departure } from './departure.ts'
import type { HeartbeatAnswer, HeartbeatRequest } from './heartbeat-request.ts'
import {
  type ConsumerMember,
  hasSameMetadata,
  hasSameSubscription,
  isSameEpochs,
  MemberEpoch,
  noEpochs,
  type PartitionEpochs,
} from './member.ts'
import { asItStands, compareWithTopics, type MemberStep, reconcileMember, targetAt } from './member-step.ts'
import type { MemberTimers } from './member-timers.ts'
import type { Refresh } from './refresh.ts'
import type { Upgrade } from './upgrade.ts'

export interface HeartbeatsOptions {
  readonly context: ConsumerGroupsContext
  readonly timers: MemberTimers
  readonly refresh: Refresh
  readonly departure: Departure
  readonly upgrade: Upgrade
}

export class Heartbeats {
  readonly #context: ConsumerGroupsContext
  readonly #timers: MemberTimers
  readonly #refresh: Refresh
  readonly #departure: Departure
  readonly #upgrade: Upgrade

  constructor({ context, timers, refresh, departure, upgrade }: HeartbeatsOptions) {
    this.#context = context
    this.#timers = timers
    this.#refresh = refresh
    this.#departure = departure
    this.#upgrade = upgrade
  }

  heartbeat(turn: GroupTurn, request: HeartbeatRequest, client: Client): HeartbeatAnswer {
    const { memberEpoch } = request
    const isLeaving = memberEpoch === MemberEpoch.LEAVING || memberEpoch === MemberEpoch.LEAVING_FOR_NOW
    return isLeaving ? this.#leave(turn, request) : this.#beat(turn, request, client)
  }

  #beat(turn: GroupTurn, request: HeartbeatRequest, client: Client): HeartbeatAnswer {
    const { groupId, memberEpoch, instanceId, topicPartitions: owned } = request
    const isJoining = memberEpoch === MemberEpoch.JOINING
    const group = this.#groupFor(turn, groupId, isJoining)
    checkRoom(group, request.memberId, this.#context.settings(groupId).membersMax)
    const memberId = request.memberId || randomUuid(this.#context.random)
    const admitted = admit({ group, memberId, instanceId, isJoining, epoch: { received: memberEpoch, owned } })
    for (const record of admitted.records) turn.append(record)
    const before = admitted.member
    const step = { turn, context: this.#context, group, before, after: withRequest(before, request, client) }

    if (!hasSameMetadata(step.after, before)) turn.append(memberRecord(groupId, step.after))
    const namesChanged = !hasSameSubscription(step.after, before)
    const expression = this.#refresh.update(step)
    const settled = this.#settle(step, {
      mustBump: namesChanged || expression === 'changed and resolved',
      subscriptionChanged: namesChanged || expression !== 'none',
      owned,
    })
    const { sessionTimeoutMillis, heartbeatIntervalMillis } = this.#context.settings(groupId)
    this.#timers.session(turn, groupId, memberId, sessionTimeoutMillis)
    const mustTell = isJoining || isFull(request) || !isSameEpochs(settled.assignedPartitions, before.assignedPartitions)
    return {
      memberId,
      memberEpoch: settled.memberEpoch,
      heartbeatIntervalMs: heartbeatIntervalMillis,
      assignment: mustTell ? told(settled.assignedPartitions) : null,
    }
  }

  #settle(step: MemberStep, { mustBump, subscriptionChanged, owned }: Settling): ConsumerMember {
    const { turn, group, after } = step
    const mustCompare = mustBump || group.mustCompareTopics
    const compared = mustCompare ? compareWithTopics(step, mustBump) : asItStands(group)
    const settled = reconcileMember(step, targetAt(step, compared), subscriptionChanged, owned)
    if (settled !== after) this.#timers.revocation(turn, group.groupId, settled)
    if (mustCompare) group.topicsCompared()
    return settled
  }

  /** Of a new group nothing is kept until its records are. */
  #groupFor(turn: GroupTurn, groupId: string, isJoining: boolean): ConsumerGroup {
    const group = this.#context.groups.get(groupId)
    if (group instanceof ConsumerGroup) return group
    if (!isJoining) throw notFound(groupId, group === undefined)
    if (!group) return new ConsumerGroup(groupId)
    if (group.isEmpty) {
      group.appendTombstones(turn)
      return new ConsumerGroup(groupId)
    }
    return this.#upgrade.upgraded(turn, group)
  }

  #leave(turn: GroupTurn, { groupId, memberId, instanceId, memberEpoch }: HeartbeatRequest): HeartbeatAnswer {
    const group = this.#context.groups.get(groupId)
    if (!(group instanceof ConsumerGroup)) throw notFound(groupId, group === undefined)
    const member = memberOf(group, memberId, instanceId)
    if (instanceId !== null && memberEpoch === MemberEpoch.LEAVING_FOR_NOW) turn.append(assignmentRecord(groupId, awaited(member)))
    else this.#departure.depart(turn, group, [member])
    return { memberId, memberEpoch, heartbeatIntervalMs: 0, assignment: null }
  }
}

interface Settling {
  readonly mustBump: boolean
  readonly subscriptionChanged: boolean
  readonly owned: HeartbeatRequest['topicPartitions']
}

export function notFound(groupId: string, isUnknown: boolean): CoordinatorError {
  return new CoordinatorError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} ${isUnknown ? 'not found' : 'is not a consumer group'}.`)
}

/** Throws CoordinatorError (GROUP_MAX_SIZE_REACHED). */
export function checkRoom(group: ConsumerGroup, memberId: string, membersMax: number): void {
  if (group.memberCount < membersMax || group.member(memberId)) return
  throw new CoordinatorError(
    ErrorCode.GROUP_MAX_SIZE_REACHED,
    `The consumer group has reached its maximum capacity of ${membersMax} members.`,
  )
}

function withRequest(member: ConsumerMember, request: HeartbeatRequest, { clientId, host }: Client): ConsumerMember {
  const { instanceId, rackId, rebalanceTimeoutMs, serverAssignor, subscribedTopicNames, subscribedTopicRegex } = request
  return {
    ...member,
    instanceId: instanceId ?? member.instanceId,
    rackId: rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    serverAssignor: serverAssignor ?? member.serverAssignor,
    subscribedTopicNames: subscribedTopicNames ? new Set(subscribedTopicNames) : member.subscribedTopicNames,
    subscribedTopicRegex: subscribedTopicRegex ?? member.subscribedTopicRegex,
    clientId,
    clientHost: host,
    classic: null,
  }
}

/** It says all there is to say: it may have lost an answer. */
function isFull({ rebalanceTimeoutMs, subscribedTopicNames, subscribedTopicRegex, topicPartitions }: HeartbeatRequest): boolean {
  return rebalanceTimeoutMs !== -1 && (subscribedTopicNames ?? subscribedTopicRegex) !== null && topicPartitions !== null
}

/** A static member that will be back: what it has stays its own until its session expires. */
function awaited(member: ConsumerMember): ConsumerMember {
  const assignedPartitions = new Map(
    [...member.assignedPartitions].map(([topicId, epochs]) => [topicId, new Map([...epochs.keys()].map((partition) => [partition, 0]))]),
  )
  return { ...member, memberEpoch: MemberEpoch.LEAVING_FOR_NOW, assignedPartitions, partitionsPendingRevocation: noEpochs }
}

function told(epochs: PartitionEpochs): HeartbeatAnswer['assignment'] {
  return { topicPartitions: [...epochs].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions.keys()] })) }
}
