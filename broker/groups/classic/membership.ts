/**
 * What members of a running generation ask: SyncGroup, Heartbeat and LeaveGroup, of groups of the classic protocol.
 * Owns: nothing that lasts. The checks throw CoordinatorError.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import type { LeaveGroupRequest, LeaveGroupResponse } from '../../../client/protocol/messages/leave-group.ts'
import type { SyncGroupRequest } from '../../../client/protocol/messages/sync-group.ts'
import type { HeartbeatRequest } from '../../../client/protocol/messages/heartbeat.ts'
import type { Input } from '../../../client/protocol/schema.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import type { Parked } from '../../coordinator/state-machine.ts'
import type { GroupTurn } from '../group.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, noBytes, type SyncAnswer } from './classic-member.ts'
import { type Rebalance, share } from './rebalance.ts'

export type LeaveAnswer = Input<typeof LeaveGroupResponse>
export type LeavingMember = LeaveGroupRequest['members'][number]

export class Membership {
  readonly #rebalance: Rebalance

  constructor(rebalance: Rebalance) {
    this.#rebalance = rebalance
  }

  sync(group: ClassicGroup, request: SyncGroupRequest, parked: Parked<SyncAnswer>, turn: GroupTurn): void {
    const member = memberOf(group, request)
    const { protocolType, protocolName } = request
    const isOther = (said: string | null, is: string | null) => said !== null && said !== is
    if (isOther(protocolType, group.protocolType) || isOther(protocolName, group.protocolName)) {
      throw new CoordinatorError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    }
    if (group.state === 'PreparingRebalance') throw new CoordinatorError(ErrorCode.REBALANCE_IN_PROGRESS)
    this.#rebalance.heardOf(group, member.memberId, turn)
    if (group.state === 'Stable') return turn.answer(parked, share(group, member))
    // An earlier attempt of the same member.
    if (member.awaitingSync) turn.answer(member.awaitingSync, { errorCode: ErrorCode.REBALANCE_IN_PROGRESS })
    member.awaitingSync = parked
    if (group.leader === member.memberId) this.#rebalance.settle(group, sharesIn(request, group), turn)
  }

  /** The error code: what is to be done, where that is something else than to go on. */
  heartbeat(group: ClassicGroup, request: HeartbeatRequest, turn: GroupTurn): number {
    const member = memberOf(group, request)
    this.#rebalance.keepAlive(group, member, turn)
    return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE
  }

  leave(group: ClassicGroup, leaving: readonly LeavingMember[], turn: GroupTurn): LeaveAnswer {
    const members = leaving.map((member) => {
      const { memberId, groupInstanceId } = member
      return { memberId, groupInstanceId, errorCode: this.#leave(group, member, turn) }
    })
    if (members.some(({ errorCode }) => errorCode === ErrorCode.NONE) && !group.isEmpty) this.#rebalance.begin(group, turn)
    return { members }
  }

  /** Without a member id: somebody else takes out a static member. */
  #leave(group: ClassicGroup, { memberId, groupInstanceId }: LeavingMember, turn: GroupTurn): number {
    if (group.pendingJoins.has(memberId)) {
      this.#rebalance.removePending(group, memberId, turn)
      return ErrorCode.NONE
    }
    const leaving = memberId === '' ? group.staticMember(groupInstanceId) : memberId
    if (leaving === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
    try {
      this.#rebalance.remove(group, group.member(leaving, groupInstanceId), turn)
      return ErrorCode.NONE
    } catch (error) {
      if (error instanceof CoordinatorError) return error.code
      throw error
    }
  }
}

interface Asking {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationId: number
}

function memberOf(group: ClassicGroup, { memberId, groupInstanceId, generationId }: Asking): ClassicMember {
  const member = group.member(memberId, groupInstanceId)
  if (generationId !== group.generation) throw new CoordinatorError(ErrorCode.ILLEGAL_GENERATION)
  return member
}

/** Who is forgotten by the leader has nothing to do. Copies, as the shares are kept. */
function sharesIn({ assignments }: SyncGroupRequest, { members }: ClassicGroup): Map<string, Buffer> {
  const shares = new Map<string, Buffer>()
  for (const { memberId, assignment } of assignments) {
    if (members.has(memberId)) shares.set(memberId, assignment.length === 0 ? noBytes : Buffer.from(assignment))
  }
  return shares
}
