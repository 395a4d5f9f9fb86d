/**
 * How a classic group comes from one generation to the next: all members join, or run out of time; the leader divides the work; all are told.
 * Owns: the timers of groups and their members. Never: judges requests (joining.ts, syncing.ts, leaving.ts).
 * A member is told of a generation, and of its share of the work, once that is committed.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import type { Millis } from '../../platform/clock.ts'
import type { GroupTurn } from '../group.ts'
import type { GroupSettings } from '../group-settings.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, type JoinAnswer, noBytes, type SyncAnswer } from './classic-member.ts'
import { groupMetadata, isTooLarge } from './group-metadata.ts'

export interface RebalanceOptions {
  readonly settings: GroupSettings
  /** Undefined: the group is gone, or of another protocol now. */
  find(groupId: string): ClassicGroup | undefined
  /** A generation is under way. */
  onSettled(): void
}

const sessionKey = (group: ClassicGroup, memberId: string) => `classic session ${group.groupId} ${memberId}`
const joinKey = (group: ClassicGroup) => `classic join ${group.groupId}`
const syncKey = (group: ClassicGroup) => `classic sync ${group.groupId}`

export class Rebalance {
  readonly #settings: GroupSettings
  readonly #find: (groupId: string) => ClassicGroup | undefined
  readonly #onSettled: () => void

  constructor({ settings, find, onSettled }: RebalanceOptions) {
    this.#settings = settings
    this.#find = find
    this.#onSettled = onSettled
  }

  /** A member came, changed or left. */
  begin(group: ClassicGroup, turn: GroupTurn): void {
    if (group.state === 'PreparingRebalance') this.completeIfAllJoined(group, turn)
    else this.prepare(group, turn)
  }

  /** All members must join anew. */
  prepare(group: ClassicGroup, turn: GroupTurn): void {
    if (group.state === 'CompletingRebalance') this.#cancelSyncs(group, ErrorCode.REBALANCE_IN_PROGRESS, turn)
    this.#forgetSyncs(group, turn)
    group.become('PreparingRebalance', turn.now)
    if (group.isInitialRebalance) {
      const delay = this.#settings.initialRebalanceDelay
      this.#waitForMore(group, turn, delay, Math.max(group.rebalanceTimeoutMillis - delay, 0))
    } else if (group.hasAllJoined) this.#complete(group, turn)
    else this.#scheduleCompletion(group, turn)
  }

  /** While a group is being prepared. The first time its timer completes it, and nothing else. */
  completeIfAllJoined(group: ClassicGroup, turn: GroupTurn): void {
    if (group.state === 'PreparingRebalance' && !group.isInitialRebalance && group.hasAllJoined) this.#complete(group, turn)
  }

  #scheduleCompletion(group: ClassicGroup, turn: GroupTurn): void {
    const { groupId } = group
    turn.schedule(joinKey(group), group.rebalanceTimeoutMillis, (later) => {
      const found = this.#find(groupId)
      if (found?.state === 'PreparingRebalance') this.#complete(found, later)
    })
  }

  /** Many members start at about the same time: a group that none has joined yet waits for as long as more come, within limits. */
  #waitForMore(group: ClassicGroup, turn: GroupTurn, delay: Millis, remaining: Millis): void {
    const { groupId } = group
    turn.schedule(joinKey(group), delay, (later) => {
      const found = this.#find(groupId)
      if (found?.state !== 'PreparingRebalance') return
      if (!found.hasNewMember || remaining === 0) return this.#complete(found, later)
      found.hasNewMember = false
      this.#waitForMore(found, later, Math.min(this.#settings.initialRebalanceDelay, remaining), Math.max(remaining - delay, 0))
    })
  }

  /** Who has not joined by now is no member any more, but for static members: their session decides. */
  #complete(group: ClassicGroup, turn: GroupTurn): void {
    turn.cancel(joinKey(group))
    for (const { memberId, awaitingJoin, isStatic } of [...group.members.values()]) {
      if (awaitingJoin || isStatic) continue
      group.remove(memberId)
      turn.cancel(sessionKey(group, memberId))
    }
    // Static members that do not come back within their sessions go by themselves.
    if (!group.electLeader() && group.members.size > 0) return this.#scheduleCompletion(group, turn)
    group.nextGeneration(turn.now)
    if (group.isEmpty) turn.append(groupMetadata(group))
    else this.#announce(group, turn)
  }

  #announce(group: ClassicGroup, turn: GroupTurn): void {
    for (const member of group.members.values()) {
      this.answerJoin(group, member, currentGeneration(group, member.memberId), turn)
      this.keepAlive(group, member, turn)
      member.isNew = false
      group.pendingSyncs.add(member.memberId)
    }
    const { groupId, generation } = group
    turn.schedule(syncKey(group), group.rebalanceTimeoutMillis, (later) => {
      const found = this.#find(groupId)
      if (found?.generation === generation) this.#expireSyncs(found, later)
    })
  }

  /** Who joined and was not heard of since is dead: the others divide its share. */
  #expireSyncs(group: ClassicGroup, turn: GroupTurn): void {
    if (group.pendingSyncs.size === 0 || (group.state !== 'CompletingRebalance' && group.state !== 'Stable')) return
    for (const memberId of [...group.pendingSyncs]) {
      group.remove(memberId)
      turn.cancel(sessionKey(group, memberId))
    }
    this.prepare(group, turn)
  }

  /** It asked for its share, as it must. */
  heardOf(group: ClassicGroup, memberId: string, turn: GroupTurn): void {
    group.pendingSyncs.delete(memberId)
    if (group.pendingSyncs.size === 0) turn.cancel(syncKey(group))
  }

  #forgetSyncs(group: ClassicGroup, turn: GroupTurn): void {
    group.pendingSyncs.clear()
    turn.cancel(syncKey(group))
  }

  /** The leader has divided the work: the generation begins. */
  settle(group: ClassicGroup, shares: ReadonlyMap<string, Buffer>, turn: GroupTurn): void {
    for (const member of group.members.values()) member.assignment = shares.get(member.memberId) ?? noBytes
    const record = groupMetadata(group)
    if (isTooLarge(record)) {
      this.#cancelSyncs(group, ErrorCode.UNKNOWN_SERVER_ERROR, turn)
      return this.prepare(group, turn)
    }
    turn.append(record)
    group.become('Stable', turn.now)
    for (const member of group.members.values()) this.#answerSync(group, member, share(group, member), turn)
    turn.whenCommitted(this.#onSettled)
  }

  #cancelSyncs(group: ClassicGroup, errorCode: number, turn: GroupTurn): void {
    for (const member of group.members.values()) {
      member.assignment = noBytes
      this.#answerSync(group, member, { errorCode }, turn)
    }
  }

  answerJoin(group: ClassicGroup, member: ClassicMember, answer: JoinAnswer, turn: GroupTurn): void {
    if (member.awaitingJoin) turn.answer(member.awaitingJoin, answer)
    group.park(member, undefined)
  }

  #answerSync(group: ClassicGroup, member: ClassicMember, answer: SyncAnswer, turn: GroupTurn): void {
    if (!member.awaitingSync) return
    turn.answer(member.awaitingSync, answer)
    member.awaitingSync = undefined
    // While it waited for us its session could have run out.
    this.keepAlive(group, member, turn)
  }

  /** Whoever waits under the id that is replaced is a second one of the same instance. */
  fence(group: ClassicGroup, member: ClassicMember, turn: GroupTurn): void {
    const errorCode = ErrorCode.FENCED_INSTANCE_ID
    this.answerJoin(group, member, { errorCode, memberId: member.memberId }, turn)
    if (member.awaitingSync) turn.answer(member.awaitingSync, { errorCode })
    member.awaitingSync = undefined
  }

  /** It lives: its session begins anew. */
  keepAlive(group: ClassicGroup, member: ClassicMember, turn: GroupTurn, timeout = member.terms.sessionTimeoutMillis): void {
    this.#scheduleSession(group, member.memberId, turn, timeout)
  }

  /** It was told its id, and has its session's time to come back with it. */
  expect(group: ClassicGroup, memberId: string, turn: GroupTurn, timeout: Millis): void {
    group.pendingJoins.add(memberId)
    this.#scheduleSession(group, memberId, turn, timeout)
  }

  #scheduleSession(group: ClassicGroup, memberId: string, turn: GroupTurn, timeout: Millis): void {
    const { groupId } = group
    turn.schedule(sessionKey(group, memberId), timeout, (later) => {
      const found = this.#find(groupId)
      if (found) this.#expireSession(found, memberId, later)
    })
  }

  #expireSession(group: ClassicGroup, memberId: string, turn: GroupTurn): void {
    const member = group.members.get(memberId)
    if (group.pendingJoins.has(memberId)) group.remove(memberId)
    else if (member && !member.isExcused) {
      this.remove(group, member, turn)
      if (group.state === 'CompletingRebalance' || group.state === 'Stable') return this.prepare(group, turn)
    }
    if (group.state === 'PreparingRebalance' && group.hasAllJoined) this.#complete(group, turn)
  }

  /** It is no member any more. If it still waits, it may join anew. */
  remove(group: ClassicGroup, member: ClassicMember, turn: GroupTurn): void {
    turn.cancel(sessionKey(group, member.memberId))
    this.answerJoin(group, member, { errorCode: ErrorCode.UNKNOWN_MEMBER_ID }, turn)
    group.remove(member.memberId)
  }

  /** It will not come back with the id it was told. */
  removePending(group: ClassicGroup, memberId: string, turn: GroupTurn): void {
    group.remove(memberId)
    turn.cancel(sessionKey(group, memberId))
  }

  /** From the log: members that live will say so. */
  loaded(group: ClassicGroup, turn: GroupTurn): void {
    group.loaded()
    for (const member of group.members.values()) this.keepAlive(group, member, turn)
    const [first] = group.members.keys()
    const wasToRebalance = first !== undefined && group.leader === null
    if (wasToRebalance) group.leader = first
    if (wasToRebalance || group.members.size > this.#settings.membersMax) this.prepare(group, turn)
  }
}

/** What a member is told of the generation; the leader is told who else is in it. */
export function currentGeneration(group: ClassicGroup, memberId: string): JoinAnswer {
  const { generation, leader, protocolName, protocolType } = group
  const isLeader = leader === memberId
  return {
    generationId: generation,
    protocolType,
    protocolName,
    leader: leader ?? '',
    memberId,
    members: isLeader ? [...group.members.values()].map((member) => listed(member, protocolName)) : [],
  }
}

function listed(member: ClassicMember, protocolName: string | null) {
  const { memberId, groupInstanceId } = member.identity
  return { memberId, groupInstanceId, metadata: member.metadata(protocolName) }
}

/** What a member is told of its share of the work. */
export function share({ protocolName, protocolType }: ClassicGroup, { assignment }: ClassicMember): SyncAnswer {
  return { protocolType, protocolName, assignment }
}
