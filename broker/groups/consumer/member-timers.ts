/**
 * How long members may be silent, or take to do what they must: each has a timer of its own in the group's shard.
 * Owns: their keys, and which are set where that matters. Never: says what follows; the group does (fence).
 */
import type { Millis } from '../../platform/clock.ts'
import type { GroupTurn } from '../group.ts'
import { type ConsumerMember, MemberState } from './member.ts'

export interface Fencing {
  /** The member is out of the group, if it is still in it; at this epoch, where one is given. */
  fence(turn: GroupTurn, groupId: string, memberId: string, why: string, atEpoch?: number): void
}

export class MemberTimers {
  readonly #fencing: Fencing
  readonly #awaitedJoins = new Set<string>()

  constructor(fencing: Fencing) {
    this.#fencing = fencing
  }

  /** From the member's last request on. */
  session(turn: GroupTurn, groupId: string, memberId: string, timeout: Millis): void {
    turn.schedule(key('session', groupId, memberId), timeout, (later) =>
      this.#fencing.fence(later, groupId, memberId, 'its session expired'),
    )
  }

  /** To give up partitions: from when it is told to. */
  revocation(turn: GroupTurn, groupId: string, { memberId, memberEpoch, state, rebalanceTimeoutMs }: ConsumerMember): void {
    const name = key('revocation', groupId, memberId)
    if (state !== MemberState.UNREVOKED_PARTITIONS) return turn.cancel(name)
    turn.schedule(name, rebalanceTimeoutMs, (later) =>
      this.#fencing.fence(later, groupId, memberId, 'it did not give up partitions in time', memberEpoch),
    )
  }

  /** Of a classic member, to join again: from when it was first told to. */
  join(turn: GroupTurn, groupId: string, { memberId, rebalanceTimeoutMs }: ConsumerMember): void {
    const name = key('join', groupId, memberId)
    if (this.#awaitedJoins.has(name)) return
    this.#awaitedJoins.add(name)
    turn.schedule(name, rebalanceTimeoutMs, (later) => {
      this.#awaitedJoins.delete(name)
      this.#fencing.fence(later, groupId, memberId, 'it did not join again in time')
    })
  }

  joined(turn: GroupTurn, groupId: string, memberId: string): void {
    const name = key('join', groupId, memberId)
    this.#awaitedJoins.delete(name)
    turn.cancel(name)
  }

  /** Of a classic member, to ask for its assignment: from when it joined. */
  sync(turn: GroupTurn, groupId: string, memberId: string, timeout: Millis): void {
    turn.schedule(key('sync', groupId, memberId), timeout, (later) =>
      this.#fencing.fence(later, groupId, memberId, 'it did not ask for its assignment in time'),
    )
  }

  synced(turn: GroupTurn, groupId: string, memberId: string): void {
    turn.cancel(key('sync', groupId, memberId))
  }

  clear(turn: GroupTurn, groupId: string, memberId: string): void {
    turn.cancel(key('session', groupId, memberId))
    turn.cancel(key('revocation', groupId, memberId))
    this.joined(turn, groupId, memberId)
    this.synced(turn, groupId, memberId)
  }
}

/** Ids may hold anything: the length of the first tells where it ends. */
function key(kind: string, groupId: string, memberId: string): string {
  return `consumer ${kind} ${groupId.length} ${groupId} ${memberId}`
}
