/**
 * A member of a classic group: joins, divides the partitions if it leads, takes its share, and says that it lives.
 * Owns: its generation, and when it must join again. Eager members give up all that they have before they join; cooperative ones (KIP-429)
 * keep it, and join once more after they gave up what is another one's.
 */
import type { TopicPartition } from '../consumer/consumed.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { DecodeError } from '../protocol/malformed.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../protocol/messages/heartbeat.ts'
import { JoinGroupRequest, JoinGroupResponse } from '../protocol/messages/join-group.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../protocol/messages/leave-group.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../protocol/messages/sync-group.ts'
import type { Assignor } from './assignors/assignor.ts'
import { assignors } from './assignors/roster.ts'
import { assignmentBytes, assignmentIn, memberOf, protocolType, subscriptionBytes } from './consumer-protocol.ts'
import { GroupLink, type GroupParts } from './group-link.ts'
import type { MemberIdentity, Membership } from './membership.ts'
import { Settlement } from './settlement.ts'

/** The member is to join again, at once or once it has given up what it has. */
class Rejoin extends Error {
  override readonly name = 'Rejoin'
  readonly isLost: boolean

  constructor(isLost: boolean) {
    super('the group goes on without this member: it joins anew')
    this.isLost = isLost
  }
}

const noGeneration = -1

export class ClassicMembership implements Membership {
  readonly #parts: GroupParts
  readonly #link: GroupLink
  readonly #settlement: Settlement
  readonly #assignors: readonly Assignor[]
  readonly #isCooperative: boolean
  isJoining = false
  #isMember = false
  /** As the leader has divided them: it has them divided again when that changes. */
  #divided: ReadonlyMap<string, number> | undefined
  #subscribed: readonly string[] = []
  #lookedAt = 0

  constructor(parts: GroupParts) {
    this.#parts = parts
    this.#link = new GroupLink(parts)
    this.#settlement = new Settlement(parts.assignee)
    this.#assignors = parts.options.assignors.map((name) => assignors[name])
    this.#isCooperative = this.#assignors.every(({ isCooperative }) => isCooperative)
  }

  get identity(): MemberIdentity {
    return this.#link.identity
  }

  get isPending(): boolean {
    return this.#settlement.isPending && !(this.isJoining && this.#settlement.isJoinWanted)
  }

  async settle(): Promise<void> {
    const { assignee } = this.#parts
    while (this.isPending && !this.#link.isClosed) {
      await this.#settlement.settleLosses()
      const target = this.#settlement.takeTarget()
      if (target) await this.#take(target)
      else if (this.#settlement.isJoinWanted && !this.isJoining) {
        const held = assignee.assigned()
        if (!this.#isCooperative && held.length > 0) await assignee.revoke(held)
        this.#settlement.joins()
        void this.#join()
      }
    }
  }

  async #take(target: readonly TopicPartition[]): Promise<void> {
    const hasGivenUp = await this.#settlement.take(target)
    // Whoever waits for what was given up gets it in the next generation.
    if (hasGivenUp && this.#isCooperative) this.#settlement.wantJoin()
  }

  async #join(): Promise<void> {
    this.isJoining = true
    this.#link.rest()
    try {
      const target = await this.#joined()
      this.#isMember = true
      this.#settlement.target(target)
    } catch (error) {
      this.#failed(error)
    } finally {
      this.isJoining = false
      if (this.#isMember) this.#beatLater()
      if (this.#settlement.isPending) this.#parts.assignee.wake()
    }
  }

  #failed(error: unknown): void {
    if (this.#link.isClosed) return
    if (error instanceof Rejoin) {
      this.#isMember &&= !error.isLost
      if (error.isLost && this.#parts.assignee.assigned().length > 0) this.#settlement.lose()
      else this.#settlement.wantJoin()
      return
    }
    this.#isMember = false
    const known = error instanceof ClientError ? error : new ClientError('UNKNOWN', `cannot join: ${String(error)}`, { cause: error })
    this.#settlement.fail(known)
  }

  /** Joins until it has its share. */
  async #joined(): Promise<TopicPartition[]> {
    const { subscription } = this.#parts
    await subscription.refresh()
    this.#lookedAt = this.#link.now()
    this.#subscribed = subscription.names
    for (;;) {
      const joined = await this.#askToJoin()
      if (!joined) continue
      const { generationId, protocolName, leader, memberId } = joined
      this.#link.become(memberId, generationId)
      const assignor = this.#assignors.find(({ name }) => name === protocolName)
      if (!assignor)
        throw new ClientError('INCONSISTENT_GROUP_PROTOCOL', `the group agreed on '${protocolName}', which this member did not offer`)
      this.#divided = undefined
      const shares = leader === memberId ? await this.#divide(joined, assignor) : new Map<string, TopicPartition[]>()
      const share = await this.#sync(joined, shares)
      if (share) return share
    }
  }

  /** Undefined: again, as somebody else. */
  async #askToJoin(): Promise<JoinGroupResponse | undefined> {
    const { options, assignee } = this.#parts
    const { groupId, sessionTimeoutMs, maxPollIntervalMs, instanceId, rack } = options
    const owned = assignee.assigned()
    const body = () => {
      const { memberId, generationId: generation } = this.identity
      const subscribing = { topics: this.#subscribed, owned, generation, rack }
      return {
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs: maxPollIntervalMs,
        memberId,
        groupInstanceId: instanceId,
        protocolType,
        protocols: this.#assignors.map((assignor) => ({ name: assignor.name, metadata: subscriptionBytes(assignor, subscribing) })),
      }
    }
    let isAgain = false
    const answer = await this.#link.ask({
      request: JoinGroupRequest,
      response: JoinGroupResponse,
      body,
      brokerWaitsMs: maxPollIntervalMs,
      check: ({ errorCode, memberId }) => {
        isAgain = errorCode === ErrorCode.MEMBER_ID_REQUIRED
        if (isAgain) this.#link.become(memberId, noGeneration)
        else this.#check(errorCode, 'cannot join')
      },
    })
    return isAgain ? undefined : answer
  }

  /** A leader that comes back by its instance id leaves all as it is, but watches over it again (KIP-814). */
  async #divide({ members, skipAssignment }: JoinGroupResponse, assignor: Assignor): Promise<Map<string, TopicPartition[]>> {
    try {
      const joined = members.map((member) => memberOf(member, assignor))
      this.#divided = await this.#parts.subscription.partitionCounts(joined.flatMap(({ topics }) => topics))
      return skipAssignment ? new Map() : assignor.assign(joined, this.#divided)
    } catch (cause) {
      if (!(cause instanceof DecodeError)) throw cause
      const why = `a member of group '${this.#parts.options.groupId}' says what no consumer says: ${cause.message}`
      throw new ClientError('INCONSISTENT_GROUP_PROTOCOL', why, { cause })
    }
  }

  /** Undefined: the group is joining again already. */
  async #sync({ protocolName }: JoinGroupResponse, shares: ReadonlyMap<string, TopicPartition[]>): Promise<TopicPartition[] | undefined> {
    const { groupId, instanceId, maxPollIntervalMs } = this.#parts.options
    let isAgain = false
    const { assignment } = await this.#link.ask({
      request: SyncGroupRequest,
      response: SyncGroupResponse,
      body: () => ({
        groupId,
        generationId: this.identity.generationId,
        memberId: this.identity.memberId,
        groupInstanceId: instanceId,
        protocolType,
        protocolName,
        assignments: [...shares].map(([memberId, share]) => ({ memberId, assignment: assignmentBytes(share) })),
      }),
      brokerWaitsMs: maxPollIntervalMs,
      check: ({ errorCode }) => {
        isAgain = errorCode === ErrorCode.REBALANCE_IN_PROGRESS
        if (!isAgain) this.#check(errorCode, 'cannot take its share')
      },
    })
    if (isAgain) return undefined
    try {
      return assignmentIn(assignment)
    } catch (cause) {
      if (!(cause instanceof DecodeError)) throw cause
      const why = `the leader of group '${groupId}' gave what is no assignment: ${cause.message}`
      throw new ClientError('INCONSISTENT_GROUP_PROTOCOL', why, { cause })
    }
  }

  #beatLater(): void {
    this.#link.wakeIn(this.#parts.options.heartbeatMs, () => void this.#beat())
  }

  async #beat(): Promise<void> {
    const { options } = this.#parts
    const { identity } = this
    // What is said of who it was before means nothing now.
    const isCurrent = () => this.identity === identity && !this.isJoining
    try {
      if (this.#link.isDeserted()) return await this.#desert()
      let errorCode: number = ErrorCode.NONE
      await this.#link.ask({
        request: HeartbeatRequest,
        response: HeartbeatResponse,
        body: () => ({ groupId: options.groupId, ...identity }),
        check: (answer) => {
          errorCode = answer.errorCode
          const error = answeredError(errorCode, `heartbeat of group '${options.groupId}'`)
          if (errorCode !== ErrorCode.NONE && error.retriable) throw error
        },
      })
      if (!isCurrent()) return
      if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) this.#settlement.wantJoin()
      else this.#check(errorCode, 'is no member any more of')
      await this.#lookAgain()
    } catch (error) {
      if (!(error instanceof Rejoin) && !isCurrent()) return
      this.#isMember = false
      this.#failed(error)
    }
    if (this.#isMember && !this.isJoining) this.#beatLater()
  }

  /** The others go on without an application that does not come back; if it does, it joins anew. */
  async #desert(): Promise<void> {
    this.#isMember = false
    const leaving = this.#sayGoodbye()
    this.#link.become('', noGeneration)
    this.#settlement.lose()
    await leaving
  }

  /** New topics, or partitions, are to be divided too. */
  async #lookAgain(): Promise<void> {
    const { subscription, options } = this.#parts
    if (this.#link.now() - this.#lookedAt < options.metadataMs) return
    this.#lookedAt = this.#link.now()
    const divided = this.#divided
    try {
      await subscription.refresh()
      const counts = divided && (await subscription.partitionCounts([...divided.keys()]))
      const isOther = subscription.names.join() !== this.#subscribed.join()
      if (isOther || (divided && counts && !isSame(divided, counts))) this.#settlement.wantJoin()
    } catch (error) {
      // Next time, then.
      if (!(error instanceof ClientError)) throw error
      this.#link.logger.warn({ group: options.groupId, error: error.code }, `cannot look for new topics: ${error.message}`)
    }
  }

  /** Throws Rejoin, or a ClientError that says what to do. */
  #check(errorCode: number, what: string): void {
    if (errorCode === ErrorCode.NONE) return
    const { memberId } = this.identity
    const { groupId } = this.#parts.options
    switch (errorCode) {
      case ErrorCode.UNKNOWN_MEMBER_ID:
        this.#link.become('', noGeneration)
        throw new Rejoin(true)
      case ErrorCode.ILLEGAL_GENERATION:
        this.#link.become(memberId, noGeneration)
        throw new Rejoin(true)
      case ErrorCode.FENCED_INSTANCE_ID:
        throw this.#link.fenced()
      case ErrorCode.INCONSISTENT_GROUP_PROTOCOL:
        throw answeredError(errorCode, `${what} group '${groupId}'`, {
          message: `its members divide otherwise than by ${this.#assignors.map(({ name }) => name).join(', ')}, or speak the other protocol: give 'assignors' that all of them have`,
        })
      case ErrorCode.INVALID_SESSION_TIMEOUT:
        throw answeredError(errorCode, `${what} group '${groupId}'`, {
          message: `the brokers do not take a 'sessionTimeoutMs' of ${this.#parts.options.sessionTimeoutMs}`,
        })
      default:
        throw answeredError(errorCode, `${what} group '${groupId}'`)
    }
  }

  /** A static member's partitions are kept for it, until its session ends. */
  async #sayGoodbye(): Promise<void> {
    const { groupId, instanceId } = this.#parts.options
    const { memberId } = this.identity
    if (instanceId !== null || memberId === '') return
    const body = { groupId, members: [{ memberId, groupInstanceId: null }] }
    await this.#link.goodbye(LeaveGroupRequest, LeaveGroupResponse, body)
  }

  leave(): Promise<void> {
    return this.#link.leave(() => this.#sayGoodbye())
  }
}

function isSame(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([topic, count]) => b.get(topic) === count)
}
