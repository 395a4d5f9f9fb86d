/**
 * JoinGroup, of groups of the classic protocol: who may join, under which id, and whether that calls for a rebalance.
 * Owns: nothing that lasts. Never: completes a rebalance by itself (rebalance.ts).
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import type { JoinGroupRequest } from '../../../client/protocol/messages/join-group.ts'
import { randomUuid, uuidBytes } from '../../../client/protocol/uuid.ts'
import type { Parked } from '../../coordinator/state-machine.ts'
import type { Millis } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Client, GroupTurn } from '../group.ts'
import type { GroupSettings } from '../group-settings.ts'
import type { ClassicGroup } from './classic-group.ts'
import { ClassicMember, type JoinAnswer, type MemberTerms, type Protocol } from './classic-member.ts'
import { groupMetadata, isTooLarge } from './group-metadata.ts'
import { currentGeneration, type Rebalance } from './rebalance.ts'

const firstVersionWithRequiredId = 4
const firstVersionWithSkippedAssignment = 9

/** A new member cannot say that it lives while it waits for its first answer, and may ask again under another id: it gets this long. */
const newMemberTimeout: Millis = 300_000

/** One request to join. */
export interface Join {
  readonly request: JoinGroupRequest
  readonly client: Client
  readonly parked: Parked<JoinAnswer>
}

export class Joining {
  readonly #settings: GroupSettings
  readonly #random: Random
  readonly #rebalance: Rebalance

  constructor({ settings, random, rebalance }: { settings: GroupSettings; random: Random; rebalance: Rebalance }) {
    this.#settings = settings
    this.#random = random
    this.#rebalance = rebalance
  }

  join(group: ClassicGroup, join: Join, turn: GroupTurn): void {
    const { request, parked } = join
    const { memberId, protocolType, protocols } = request
    if (!this.#hasRoom(group, memberId)) {
      group.remove(memberId)
      turn.answer(parked, { errorCode: ErrorCode.GROUP_MAX_SIZE_REACHED })
      // The others need not wait for it.
      this.#rebalance.completeIfAllJoined(group, turn)
    } else if (!group.supports(protocolType, protocols)) {
      turn.answer(parked, { errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL, memberId })
    } else if (memberId === '') this.#joinAsNew(group, join, turn)
    else if (group.pendingJoins.has(memberId) && request.groupInstanceId === null) this.#add(group, memberId, join, turn)
    else this.#joinAgain(group, join, turn)
  }

  #hasRoom(group: ClassicGroup, memberId: string): boolean {
    const { membersMax } = this.#settings
    const member = group.members.get(memberId)
    switch (group.state) {
      case 'Empty':
        return true
      case 'PreparingRebalance':
        // Members that have not joined yet are not counted: where there are too many, the last to come find no room.
        return member?.awaitingJoin !== undefined || group.awaitingJoinCount < membersMax
      default:
        return member !== undefined || group.members.size < membersMax
    }
  }

  #joinAsNew(group: ClassicGroup, join: Join, turn: GroupTurn): void {
    const { request, client, parked } = join
    const { groupInstanceId } = request
    const memberId = `${groupInstanceId ?? client.clientId}-${this.#uniquePart()}`
    const holder = group.staticMember(groupInstanceId)
    if (holder !== undefined) this.#replace(group, group.member(holder, groupInstanceId), memberId, join, turn)
    else if (groupInstanceId === null && client.apiVersion >= firstVersionWithRequiredId) {
      this.#rebalance.expect(group, memberId, turn, request.sessionTimeoutMs)
      turn.answer(parked, { errorCode: ErrorCode.MEMBER_ID_REQUIRED, memberId })
    } else this.#add(group, memberId, join, turn)
  }

  #add(group: ClassicGroup, memberId: string, { request, client, parked }: Join, turn: GroupTurn): void {
    const { groupInstanceId, protocolType } = request
    const identity = { memberId, groupInstanceId, clientId: client.clientId, clientHost: client.host }
    const member = new ClassicMember(identity, termsOf(request, client))
    member.isNew = true
    if (group.isInitialRebalance) group.hasNewMember = true
    group.add(member, protocolType, parked)
    this.#rebalance.keepAlive(group, member, turn, newMemberTimeout)
    this.#rebalance.begin(group, turn)
  }

  /** A member of the group joins once more: it, or its topics, may have changed. */
  #joinAgain(group: ClassicGroup, { request, client, parked }: Join, turn: GroupTurn): void {
    const { memberId, groupInstanceId } = request
    const member = group.member(memberId, groupInstanceId)
    const terms = termsOf(request, client)
    const isUnchanged = member.knowsJust(terms.protocols)
    switch (group.state) {
      case 'CompletingRebalance':
        // It may not have received the answer, and asks again.
        if (isUnchanged) return turn.answer(parked, currentGeneration(group, memberId))
        break
      case 'Stable':
        // Where the leader joins, what it divides has changed.
        if (isUnchanged && group.leader !== memberId) return turn.answer(parked, currentGeneration(group, memberId))
        break
      case 'Empty':
        return turn.answer(parked, { errorCode: ErrorCode.UNKNOWN_MEMBER_ID, memberId })
      default:
    }
    group.update(member, terms)
    this.#park(group, member, parked, turn)
    this.#rebalance.begin(group, turn)
  }

  /** An earlier attempt of the same member is not answered any more by what comes; it is told at once. */
  #park(group: ClassicGroup, member: ClassicMember, parked: Parked<JoinAnswer>, turn: GroupTurn): void {
    this.#rebalance.answerJoin(group, member, { errorCode: ErrorCode.REBALANCE_IN_PROGRESS, memberId: member.memberId }, turn)
    group.park(member, parked)
  }

  /** A static member that was restarted takes the place it had: where nothing else changes, nobody else need know. */
  #replace(group: ClassicGroup, old: ClassicMember, memberId: string, { request, client, parked }: Join, turn: GroupTurn): void {
    const oldLeader = group.leader
    this.#rebalance.fence(group, old, turn)
    const member = group.replace(old, memberId)
    this.#rebalance.keepAlive(group, member, turn)
    group.update(member, termsOf(request, client))
    switch (group.state) {
      case 'Stable': {
        const record = groupMetadata(group)
        if (group.selectProtocol() !== group.protocolName || isTooLarge(record)) break
        turn.append(record)
        return turn.answer(parked, keptGeneration(group, memberId, oldLeader ?? '', client.apiVersion))
      }
      case 'CompletingRebalance':
        // The leader divides the work among members of which one has gone by this id.
        group.park(member, parked)
        return this.#rebalance.prepare(group, turn)
      default:
    }
    group.park(member, parked)
    this.#rebalance.begin(group, turn)
  }

  /** A UUID as Java prints it. */
  #uniquePart(): string {
    const hex = uuidBytes(randomUuid(this.#random)).toString('hex')
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
  }
}

/** Copies what it keeps. Before version 1 there was one timeout for both. */
function termsOf(request: JoinGroupRequest, { apiVersion }: Client): MemberTerms {
  const { sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request
  return {
    rebalanceTimeoutMillis: apiVersion === 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
    sessionTimeoutMillis: sessionTimeoutMs,
    protocols: protocols.map(({ name, metadata }): Protocol => ({ name, metadata: Buffer.from(metadata) })),
  }
}

/** A replaced leader is told to leave the division as it is (KIP-814); older clients would divide anew, so they are told that the old one leads. */
function keptGeneration(group: ClassicGroup, memberId: string, oldLeader: string, apiVersion: number): JoinAnswer {
  const current = currentGeneration(group, memberId)
  if (apiVersion < firstVersionWithSkippedAssignment) return { ...current, leader: oldLeader, members: [] }
  return { ...current, skipAssignment: group.leader === memberId }
}
