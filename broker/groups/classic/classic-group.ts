/**
 * A group whose members divide the work among themselves: its members, generation, state and votes.
 * Owns: those, and who of them waits for what. Never: keeps time, appends, or decides when to rebalance (rebalance.ts).
 * Invariants: the leader is a member; all members speak one protocol type; one member for each instance id; `awaitingJoinCount` is how
 * many members wait for the answer to a join.
 */
import assert from 'node:assert/strict'
import { DecodeError } from '../../../client/protocol/malformed.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { ConsumerProtocolSubscription } from '../../../client/protocol/messages/records/consumer-protocol-subscription.ts'
import { decode } from '../../../client/protocol/compile.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import type { Parked } from '../../coordinator/state-machine.ts'
import type { Millis } from '../../platform/clock.ts'
import type { Committer, Group, GroupTurn } from '../group.ts'
import { ClassicMember, type JoinAnswer, type MemberTerms, type Protocol } from './classic-member.ts'

export type ClassicState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

const before: Readonly<Record<ClassicState, readonly ClassicState[]>> = {
  Empty: ['PreparingRebalance'],
  PreparingRebalance: ['Empty', 'CompletingRebalance', 'Stable'],
  CompletingRebalance: ['PreparingRebalance'],
  Stable: ['CompletingRebalance'],
}

interface Start {
  readonly groupId: string
  readonly state: ClassicState
  readonly generation: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leader: string | null
  /** -1: unknown, the record is from before it was written. */
  readonly since: Millis
}

export class ClassicGroup implements Group {
  readonly groupId: string
  readonly type = 'Classic'
  readonly members = new Map<string, ClassicMember>()
  /** Members that were told their id, and have not come back with it yet (KIP-394). */
  readonly pendingJoins = new Set<string>()
  /** Of this generation, not heard of since they were told of it. */
  readonly pendingSyncs = new Set<string>()
  /** Since the first rebalance was put off: it is put off once more. */
  hasNewMember = false
  protocolName: string | null
  leader: string | null
  subscribedTopics: ReadonlySet<string> | undefined
  #state: ClassicState
  #previous: ClassicState | undefined
  #generation: number
  #protocolType: string | null
  #since: Millis
  #awaitingJoinCount = 0
  readonly #staticMembers = new Map<string, string>()
  /** How many members know a protocol. */
  readonly #support = new Map<string, number>()

  constructor({ groupId, state, generation, protocolType, protocolName, leader, since }: Start) {
    this.groupId = groupId
    this.#state = state
    this.#generation = generation
    this.#protocolType = protocolType
    this.protocolName = protocolName
    this.leader = leader
    this.#since = since
  }

  static empty(groupId: string, since: Millis): ClassicGroup {
    return new ClassicGroup({ groupId, state: 'Empty', generation: 0, protocolType: null, protocolName: null, leader: null, since })
  }

  get state(): ClassicState {
    return this.#state
  }

  get stateName(): string {
    return this.#state
  }

  /** It gets its first members, and waits for more of them. */
  get isInitialRebalance(): boolean {
    return this.#state === 'PreparingRebalance' && this.#previous === 'Empty'
  }

  get generation(): number {
    return this.#generation
  }

  get protocolType(): string {
    return this.#protocolType ?? ''
  }

  get isEmpty(): boolean {
    return this.#state === 'Empty'
  }

  get memberCount(): number {
    return this.members.size
  }

  /** When it came into its state. */
  get since(): Millis {
    return this.#since
  }

  get awaitingJoinCount(): number {
    return this.#awaitingJoinCount
  }

  get hasAllJoined(): boolean {
    return this.members.size === this.#awaitingJoinCount && this.pendingJoins.size === 0
  }

  get rebalanceTimeoutMillis(): Millis {
    let longest = 0
    for (const { terms } of this.members.values()) longest = Math.max(longest, terms.rebalanceTimeoutMillis)
    return longest
  }

  become(state: ClassicState, now: Millis): void {
    assert(before[state].includes(this.#state), `a group is not ${state} after it was ${this.#state}`)
    this.#previous = this.#state
    this.#state = state
    this.#since = now
  }

  /** The member that has an instance id now. */
  staticMember(groupInstanceId: string | null): string | undefined {
    return groupInstanceId === null ? undefined : this.#staticMembers.get(groupInstanceId)
  }

  /** The member of this id, which must be the one that has the instance id. Throws CoordinatorError. */
  member(memberId: string, groupInstanceId: string | null): ClassicMember {
    if (groupInstanceId !== null) {
      const holder = this.#staticMembers.get(groupInstanceId)
      if (holder === undefined) throw new CoordinatorError(ErrorCode.UNKNOWN_MEMBER_ID)
      if (holder !== memberId) throw new CoordinatorError(ErrorCode.FENCED_INSTANCE_ID)
    }
    const member = this.members.get(memberId)
    if (!member) throw new CoordinatorError(ErrorCode.UNKNOWN_MEMBER_ID)
    return member
  }

  add(member: ClassicMember, protocolType: string, parked?: Parked<JoinAnswer>): void {
    const { memberId, groupInstanceId } = member.identity
    if (groupInstanceId !== null) {
      assert(!this.#staticMembers.has(groupInstanceId), 'an instance id has one member')
      this.#staticMembers.set(groupInstanceId, memberId)
    }
    if (this.members.size === 0) this.#protocolType = protocolType
    assert(this.#protocolType === protocolType, 'all members are of one protocol type')
    this.leader ??= memberId
    this.members.set(memberId, member)
    this.#count(member, 1)
    this.park(member, parked)
    this.pendingJoins.delete(memberId)
  }

  remove(memberId: string): void {
    const member = this.members.get(memberId)
    if (member) {
      this.members.delete(memberId)
      this.#count(member, -1)
      this.park(member, undefined)
      if (member.identity.groupInstanceId !== null) this.#staticMembers.delete(member.identity.groupInstanceId)
    }
    if (this.leader === memberId) this.leader = this.members.keys().next().value ?? null
    this.pendingJoins.delete(memberId)
    this.pendingSyncs.delete(memberId)
  }

  /** A static member comes back under another id, in the place of the one that had its instance id. */
  replace(old: ClassicMember, memberId: string): ClassicMember {
    const { groupInstanceId } = old.identity
    assert(groupInstanceId !== null && !old.awaitingJoin, 'only a static member that waits for nothing is replaced')
    this.members.delete(old.memberId)
    const member = new ClassicMember({ ...old.identity, memberId }, old.terms, old.assignment)
    this.members.set(memberId, member)
    if (this.leader === old.memberId) this.leader = memberId
    this.#staticMembers.set(groupInstanceId, memberId)
    return member
  }

  /** What the member says of itself now. */
  update(member: ClassicMember, terms: MemberTerms): void {
    this.#count(member, -1)
    member.terms = terms
    this.#count(member, 1)
  }

  /** It waits for the answer to a join, or does no longer. */
  park(member: ClassicMember, parked: Parked<JoinAnswer> | undefined): void {
    if (member.awaitingJoin) this.#awaitingJoinCount--
    member.awaitingJoin = parked
    if (parked) this.#awaitingJoinCount++
  }

  /** Is the leader here, or can another member that has joined lead? */
  electLeader(): boolean {
    const leader = this.leader === null ? undefined : this.members.get(this.leader)
    if (!leader) return false
    if (leader.awaitingJoin) return true
    for (const { awaitingJoin, memberId } of this.members.values()) {
      if (!awaitingJoin) continue
      this.leader = memberId
      return true
    }
    return false
  }

  /** Members with the protocol that most like best, or none. */
  nextGeneration(now: Millis): void {
    this.#generation++
    this.protocolName = this.members.size > 0 ? this.selectProtocol() : null
    this.subscribedTopics = this.#subscriptions()
    this.become(this.members.size > 0 ? 'CompletingRebalance' : 'Empty', now)
    this.pendingSyncs.clear()
  }

  /** What it has been given is that of this generation. */
  loaded(): void {
    this.subscribedTopics = this.#subscriptions()
  }

  /** The protocol that most members like best, of those that all know. */
  selectProtocol(): string {
    const candidates = new Set<string>()
    for (const [name, count] of this.#support) if (count === this.members.size) candidates.add(name)
    const votes = new Map<string, number>()
    for (const member of this.members.values()) {
      const vote = member.vote(candidates)
      assert(vote !== undefined, 'all members know a protocol in common')
      votes.set(vote, (votes.get(vote) ?? 0) + 1)
    }
    const [first, ...others] = votes
    assert(first !== undefined, 'who votes is a member')
    return others.reduce((best, next) => (next[1] > best[1] ? next : best), first)[0]
  }

  /** Would a member with these find a protocol in common with all others? */
  supports(protocolType: string, protocols: readonly Protocol[]): boolean {
    if (this.#state === 'Empty') return protocolType !== '' && protocols.length > 0
    if (this.#protocolType !== protocolType) return false
    return protocols.some(({ name }) => (this.#support.get(name) ?? 0) === this.members.size)
  }

  #count({ terms: { protocols } }: ClassicMember, by: 1 | -1): void {
    for (const name of new Set(protocols.map(({ name }) => name))) {
      const count = (this.#support.get(name) ?? 0) + by
      if (count > 0) this.#support.set(name, count)
      else this.#support.delete(name)
    }
  }

  /** Undefined: it is not known, as the members speak of something else than topics. */
  #subscriptions(): ReadonlySet<string> | undefined {
    if (this.#protocolType !== consumerProtocol) return undefined
    const topics = new Set<string>()
    if (this.members.size > 0 && this.protocolName === null) return undefined
    try {
      // Every version begins as the first one does.
      for (const member of this.members.values()) {
        const metadata = member.metadata(this.protocolName)
        if (metadata.length < 2) return undefined
        for (const topic of decode(ConsumerProtocolSubscription, 0, metadata, 2).topics) topics.add(topic)
      }
      return topics
    } catch (error) {
      if (error instanceof DecodeError) return undefined
      throw error
    }
  }

  checkCommit({ memberId, groupInstanceId, generationIdOrMemberEpoch: generation, isTransactional }: Committer): undefined {
    if (generation < 0 && this.isEmpty) return undefined
    if (generation >= 0 || memberId !== '' || groupInstanceId !== null) {
      this.member(memberId, groupInstanceId)
      if (generation !== this.#generation) throw new CoordinatorError(ErrorCode.ILLEGAL_GENERATION)
    } else if (!isTransactional) {
      // Somebody outside of the group, while members could be at work.
      throw new CoordinatorError(ErrorCode.UNKNOWN_MEMBER_ID)
    }
    // What is consumed under this generation is committed under it too, but it has not begun.
    if (!isTransactional && this.#state === 'CompletingRebalance') throw new CoordinatorError(ErrorCode.REBALANCE_IN_PROGRESS)
    return undefined
  }

  checkFetch(): void {}

  checkOffsetDelete(): void {
    if (!this.isEmpty && this.#protocolType !== consumerProtocol) throw new CoordinatorError(ErrorCode.NON_EMPTY_GROUP)
  }

  checkDelete(): void {
    if (!this.isEmpty) throw new CoordinatorError(ErrorCode.NON_EMPTY_GROUP)
  }

  isSubscribedTo(topic: string): boolean {
    return this.subscribedTopics?.has(topic) ?? this.#protocolType === consumerProtocol
  }

  get retainedSince(): ((committedAt: Millis) => Millis) | undefined {
    const { isEmpty, since } = this
    // Offsets that somebody keeps who is in no group: each by itself.
    if (this.#protocolType === null) return (committedAt) => committedAt
    if (isEmpty) return (committedAt) => (since === -1 ? committedAt : since)
    const isKnown = this.#state === 'Stable' && this.#protocolType === consumerProtocol && this.subscribedTopics !== undefined
    return isKnown ? (committedAt) => committedAt : undefined
  }

  appendTombstones(turn: GroupTurn): void {
    turn.append({ kind: 'GroupMetadata', key: { group: this.groupId }, value: null })
  }
}

/** The protocol type of consumers: what their members know is read here, to tell which topics they are subscribed to. */
export const consumerProtocol = 'consumer'
