/**
 * Members of a consumer group that speak the classic protocol: to them it looks like a classic group that rebalances cooperatively. A generation is
 * their member epoch; to catch up they are told to rebalance, and join with what they have.
 * Owns: the order of the steps. Throws CoordinatorError, and then nothing has happened.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { DecodeError } from '../../../client/protocol/malformed.ts'
import type { HeartbeatRequest } from '../../../client/protocol/messages/heartbeat.ts'
import type { JoinGroupRequest } from '../../../client/protocol/messages/join-group.ts'
import type { SyncGroupRequest } from '../../../client/protocol/messages/sync-group.ts'
import { randomUuid } from '../../../client/protocol/uuid.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import type { Parked } from '../../coordinator/state-machine.ts'
import type { SyncAnswer } from '../classic/classic-member.ts'
import type { Join } from '../classic/joining.ts'
import type { LeaveAnswer, LeavingMember } from '../classic/membership.ts'
import type { Client, GroupTurn } from '../group.ts'
import { admit, memberOf } from './admission.ts'
import type { ConsumerGroupsContext } from './consumer-context.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { memberRecord } from './consumer-records.ts'
import type { Departure } from './departure.ts'
import type { Downgrade } from './downgrade.ts'
import { consumerProtocolType, readSubscription, type Subscription, writeAssignment } from './embedded-protocol.ts'
import { checkRoom } from './heartbeat.ts'
import { type ClassicMetadata, type ConsumerMember, hasSameMetadata, hasSameSubscription, MemberState, withoutEpochs } from './member.ts'
import { asItStands, compareWithTopics, type MemberStep, reconcileMember, targetAt } from './member-step.ts'
import type { Refresh } from './refresh.ts'

const firstVersionWithRequiredId = 4

export interface ClassicMembersOptions {
  readonly context: ConsumerGroupsContext
  readonly refresh: Refresh
  readonly departure: Departure
  readonly downgrade: Downgrade
}

export class ClassicMembers {
  readonly #context: ConsumerGroupsContext
  readonly #refresh: Refresh
  readonly #departure: Departure
  readonly #downgrade: Downgrade

  constructor({ context, refresh, departure, downgrade }: ClassicMembersOptions) {
    this.#context = context
    this.#refresh = refresh
    this.#departure = departure
    this.#downgrade = downgrade
  }

  /** The group is not empty: an empty one becomes a classic group. */
  join(turn: GroupTurn, group: ConsumerGroup, { request, client, parked }: Join): void {
    const { groupId, groupInstanceId: instanceId } = request
    const { migrationPolicy, membersMax } = this.#context.settings(groupId)
    if (migrationPolicy === 'disabled') {
      throw new CoordinatorError(
        ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
        `Group ${groupId} takes no members of the classic protocol: group migration is disabled.`,
      )
    }
    const isNew = request.memberId === ''
    const memberId = isNew ? randomUuid(this.#context.random) : request.memberId
    checkRoom(group, memberId, membersMax)
    const subscription = this.#subscriptionIn(group, request, memberId)
    if (isNew && instanceId === null && client.apiVersion >= firstVersionWithRequiredId) {
      return turn.answer(parked, { errorCode: ErrorCode.MEMBER_ID_REQUIRED, memberId })
    }
    const replaced = instanceId === null ? undefined : group.staticMember(instanceId)
    const isJoining = instanceId === null || isNew
    const { member: before, records } = admit({ group, memberId, instanceId, isJoining, epoch: null })
    for (const record of records) turn.append(record)
    const after = withRequest(before, request, client, subscription)
    const settled = this.#settle({ turn, context: this.#context, group, before, after }, subscription, replaced)
    turn.answer(parked, {
      memberId,
      generationId: settled.memberEpoch,
      protocolType: consumerProtocolType,
      protocolName: after.classic?.supportedProtocols[0]?.name ?? null,
    })
  }

  #settle(step: MemberStep, { owned }: Subscription, replaced: ConsumerMember | undefined): ConsumerMember {
    const { turn, group, before, after } = step
    const { groupId } = group
    const { timers } = this.#departure
    const downgraded = replaced && this.#downgrade.isDueInPlaceOf(group, replaced) ? replaced : undefined
    if (!hasSameMetadata(after, before)) turn.append(memberRecord(groupId, after))
    const expression = this.#refresh.update(step)
    const mustBump = !hasSameSubscription(after, before) || expression !== 'none'
    const mustCompare = mustBump || group.mustCompareTopics
    const compared = mustCompare ? compareWithTopics(step, mustBump) : asItStands(group)
    timers.joined(turn, groupId, after.memberId)
    if (!downgraded) {
      const settled = reconcileMember(step, targetAt(step, compared), mustBump, owned)
      if (mustCompare) group.topicsCompared()
      timers.session(turn, groupId, after.memberId, after.classic?.sessionTimeoutMs ?? 0)
      timers.sync(turn, groupId, after.memberId, after.rebalanceTimeoutMs)
      return settled
    }
    const mustRebalance = group.assignmentEpoch < compared.epoch
    const target = { epoch: group.assignmentEpoch, partitions: group.targetOf(after) }
    const member = mustRebalance ? after : reconcileMember(step, target, mustBump, owned)
    for (const { memberId } of group.members()) timers.clear(turn, groupId, memberId)
    this.#downgrade.inPlaceOf(turn, group, { replaced: downgraded, member, mustRebalance })
    return member
  }

  #subscriptionIn(group: ConsumerGroup, { protocolType, protocols }: JoinGroupRequest, memberId: string): Subscription {
    const [preferred] = protocols
    if (preferred && group.supportsClassicProtocols(protocolType, new Set(protocols.map(({ name }) => name)))) {
      try {
        return readSubscription(preferred.metadata, this.#context.topics)
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error
      }
    }
    throw new CoordinatorError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, `Member ${memberId}'s protocols are not supported.`)
  }

  sync(turn: GroupTurn, group: ConsumerGroup, request: SyncGroupRequest, parked: Parked<SyncAnswer>): void {
    const { groupId, protocolType, protocolName } = request
    const { member, classic } = classicMemberOf(group, request)
    const [preferred] = classic.supportedProtocols
    const isOther = (said: string | null, is: string | undefined) => said !== null && said !== is
    if (isOther(protocolType, consumerProtocolType) || isOther(protocolName, preferred?.name)) {
      throw new CoordinatorError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    }
    const { timers } = this.#departure
    if (group.assignmentEpoch > member.memberEpoch && member.state !== MemberState.UNREVOKED_PARTITIONS) {
      timers.join(turn, groupId, member)
      return turn.answer(parked, { errorCode: ErrorCode.REBALANCE_IN_PROGRESS })
    }
    timers.synced(turn, groupId, member.memberId)
    timers.session(turn, groupId, member.memberId, classic.sessionTimeoutMs)
    const { topics } = this.#context
    const assignment = writeAssignment(withoutEpochs(member.assignedPartitions), preferred?.metadata ?? Buffer.alloc(0), topics)
    turn.answer(parked, { protocolType, protocolName, assignment })
  }

  /** The error code: REBALANCE_IN_PROGRESS where the member must join anew. */
  heartbeat(turn: GroupTurn, group: ConsumerGroup, request: HeartbeatRequest): number {
    const { groupId } = request
    const { member, classic } = classicMemberOf(group, request)
    const { timers } = this.#departure
    timers.session(turn, groupId, member.memberId, classic.sessionTimeoutMs)
    const canGoOn =
      member.state === MemberState.STABLE || (member.state === MemberState.UNRELEASED_PARTITIONS && group.waitsForOthers(member))
    if (member.memberEpoch >= group.assignmentEpoch && canGoOn) return ErrorCode.NONE
    timers.join(turn, groupId, member)
    return ErrorCode.REBALANCE_IN_PROGRESS
  }

  leave(turn: GroupTurn, group: ConsumerGroup, leaving: readonly LeavingMember[]): LeaveAnswer {
    const found = new Set<ConsumerMember>()
    const members = leaving.map(({ memberId, groupInstanceId }) => {
      try {
        const holder = groupInstanceId === null ? undefined : group.staticMember(groupInstanceId)
        // Without a member id: somebody else takes out a static member.
        found.add(memberOf(group, memberId === '' && holder ? holder.memberId : memberId, groupInstanceId))
        return { memberId, groupInstanceId, errorCode: ErrorCode.NONE }
      } catch (error) {
        if (!(error instanceof CoordinatorError)) throw error
        return { memberId, groupInstanceId, errorCode: error.code }
      }
    })
    this.#departure.depart(turn, group, [...found])
    return { members }
  }
}

interface Asking {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationId: number
}

function classicMemberOf(group: ConsumerGroup, { memberId, groupInstanceId, generationId }: Asking) {
  const member = memberOf(group, memberId, groupInstanceId)
  const { classic } = member
  if (classic === null) throw new CoordinatorError(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} does not use the classic protocol.`)
  if (generationId !== member.memberEpoch) throw new CoordinatorError(ErrorCode.ILLEGAL_GENERATION)
  return { member, classic }
}

/** Copies the bytes that it keeps. */
function withRequest(
  member: ConsumerMember,
  { groupInstanceId, rebalanceTimeoutMs, sessionTimeoutMs, protocols }: JoinGroupRequest,
  { clientId, host, apiVersion }: Client,
  { topics, rackId }: Subscription,
): ConsumerMember {
  const classic: ClassicMetadata = {
    sessionTimeoutMs,
    supportedProtocols: protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
  }
  const ownTimeout = apiVersion === 0 || rebalanceTimeoutMs === -1 ? sessionTimeoutMs : rebalanceTimeoutMs
  return {
    ...member,
    instanceId: groupInstanceId ?? member.instanceId,
    rackId: rackId ?? member.rackId,
    rebalanceTimeoutMs: ownTimeout,
    subscribedTopicNames: new Set(topics),
    subscribedTopicRegex: '',
    clientId,
    clientHost: host,
    classic,
  }
}
