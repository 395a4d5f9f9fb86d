/**
 * A consumer group (KIP-848): its members, who is to have what, who has what, as the records say.
 *
 *   group epoch       rises with every change of members, subscriptions or topics
 *   assignment epoch  the group epoch that the target was made for
 *   member epoch      the assignment epoch that a member has come to
 *
 * Owns: that state, and what follows from it (counts, who holds a partition). It changes by `apply` alone.
 * Never: decides (heartbeat.ts and its neighbours do), or keeps time.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import type { Millis } from '../../platform/clock.ts'
import { nothingAssigned, type TopicPartitions } from '../assignors/assignor.ts'
import type { Committer, Group, GroupTurn, PartitionCheck } from '../group.ts'
import type { ConsumerGroupRecord } from '../records.ts'
import { checkCommit, checkFetch } from './commit-check.ts'
import { dissolution, targetOf, withAssignment, withMetadata } from './consumer-records.ts'
import { Counts } from './counts.ts'
import { type ConsumerMember, isReconciled, MemberState, newMember, noEpochs, type PartitionEpochs } from './member.ts'
import type { ResolvedRegularExpression } from './regular-expressions.ts'
import { Subscriptions } from './subscriptions.ts'

/** Kafka's names. */
export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

export const firstEpoch = 1

export class ConsumerGroup implements Group {
  readonly type = 'Consumer'
  readonly protocolType = 'consumer'
  readonly groupId: string
  readonly #members = new Map<string, ConsumerMember>()
  /** Member ids by instance id. */
  readonly #staticMembers = new Map<string, string>()
  readonly #targets = new Map<string, TopicPartitions>()
  /** By topic id and partition: the epoch of the member that has it, or has not yet said that it gave it up. */
  readonly #held = new Map<string, Map<number, number>>()
  readonly #expressions = new Map<string, ResolvedRegularExpression>()
  readonly #subscriptions = new Subscriptions()
  readonly #assignors = new Counts<string>()
  readonly #classicProtocols = new Counts<string>()
  #classicMemberCount = 0
  #epoch = firstEpoch
  #metadataHash = 0
  #assignmentEpoch = firstEpoch
  #assignmentTimestamp = 0
  #hasPartitionMetadata = false
  /** The group was compared with the topics since it was loaded and they changed. No record stands for it. */
  #isCompared = false

  constructor(groupId: string) {
    this.groupId = groupId
  }

  get epoch(): number {
    return this.#epoch
  }

  get assignmentEpoch(): number {
    return this.#assignmentEpoch
  }

  /** When the target was made, milliseconds since the Unix epoch; 0: never. */
  get assignmentTimestamp(): number {
    return this.#assignmentTimestamp
  }

  get metadataHash(): number {
    return this.#metadataHash
  }

  get hasPartitionMetadata(): boolean {
    return this.#hasPartitionMetadata
  }

  get stateName(): ConsumerGroupState {
    if (this.#members.size === 0) return 'Empty'
    if (this.#epoch > this.#assignmentEpoch) return 'Assigning'
    return this.#members.values().every((member) => isReconciled(member, this.#assignmentEpoch)) ? 'Stable' : 'Reconciling'
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  get memberCount(): number {
    return this.#members.size
  }

  /** How many of the members speak the classic protocol. */
  get classicMemberCount(): number {
    return this.#classicMemberCount
  }

  members(): IterableIterator<ConsumerMember> {
    return this.#members.values()
  }

  member(memberId: string): ConsumerMember | undefined {
    return this.#members.get(memberId)
  }

  staticMember(instanceId: string): ConsumerMember | undefined {
    const memberId = this.#staticMembers.get(instanceId)
    return memberId === undefined ? undefined : this.#members.get(memberId)
  }

  target(memberId: string): TopicPartitions {
    return this.#targets.get(memberId) ?? nothingAssigned
  }

  hasTarget(memberId: string): boolean {
    return this.#targets.has(memberId)
  }

  /** Of a static member: of whoever has its instance id now. */
  targetOf({ memberId, instanceId }: ConsumerMember): TopicPartitions {
    if (instanceId === null) return this.target(memberId)
    const holder = this.#staticMembers.get(instanceId)
    return holder === undefined ? nothingAssigned : this.target(holder)
  }

  isHeld(topicId: string, partition: number): boolean {
    return this.#held.get(topicId)?.has(partition) === true
  }

  get subscriptions(): Subscriptions {
    return this.#subscriptions
  }

  /** What an expression was found to match, when it was last looked at. */
  expression(text: string): ResolvedRegularExpression | undefined {
    return this.#expressions.get(text)
  }

  get expressions(): ReadonlyMap<string, ResolvedRegularExpression> {
    return this.#expressions
  }

  /** By name; what members ask for. */
  get assignors(): Counts<string> {
    return this.#assignors.copy()
  }

  /** Whether a classic member with these protocols, all of type `consumer`, shares one with every classic member. */
  supportsClassicProtocols(protocolType: string, names: Iterable<string>): boolean {
    if (protocolType !== 'consumer') return false
    return [...names].some((name) => this.isEmpty || this.#classicProtocols.get(name) === this.#classicMemberCount)
  }

  /** A member waits for partitions that others have not given up yet. */
  waitsForOthers(member: ConsumerMember): boolean {
    if (member.state !== MemberState.UNRELEASED_PARTITIONS) return false
    for (const [topicId, partitions] of this.target(member.memberId)) {
      const has = member.assignedPartitions.get(topicId)
      if (partitions.some((partition) => !has?.has(partition) && this.isHeld(topicId, partition))) return true
    }
    return false
  }

  get mustCompareTopics(): boolean {
    return !this.#isCompared
  }

  topicsCompared(): void {
    this.#isCompared = true
  }

  topicsChanged(): void {
    this.#isCompared = false
  }

  apply(record: ConsumerGroupRecord): void {
    switch (record.kind) {
      case 'ConsumerGroupMemberMetadata': {
        const { memberId } = record.key
        if (record.value) this.#memberIs(withMetadata(this.#members.get(memberId) ?? newMember(memberId), record.value))
        else this.#memberGone(memberId)
        break
      }
      case 'ConsumerGroupCurrentMemberAssignment': {
        const { memberId } = record.key
        const member = this.#members.get(memberId)
        if (record.value) this.#memberIs(withAssignment(member ?? newMember(memberId), record.value))
        else if (member) this.#memberIs(withNothing(member))
        break
      }
      case 'ConsumerGroupTargetAssignmentMember':
        if (record.value) this.#targets.set(record.key.memberId, targetOf(record.value))
        else this.#targets.delete(record.key.memberId)
        break
      case 'ConsumerGroupTargetAssignmentMetadata':
        this.#assignmentEpoch = record.value?.assignmentEpoch ?? -1
        this.#assignmentTimestamp = record.value?.assignmentTimestamp ?? 0
        break
      case 'ConsumerGroupMetadata':
        // Taken back, there is no group any more: who holds it lets go of it.
        this.#epoch = record.value?.epoch ?? firstEpoch
        this.#metadataHash = record.value?.metadataHash ?? 0
        break
      case 'ConsumerGroupPartitionMetadata':
        this.#hasPartitionMetadata = record.value !== null
        break
      case 'ConsumerGroupRegularExpression':
        this.#expressionIs(
          record.key.regularExpression,
          record.value ? { ...record.value, topics: new Set(record.value.topics) } : undefined,
        )
        break
      default:
        record satisfies never
    }
  }

  checkCommit(committer: Committer): PartitionCheck | undefined {
    return checkCommit(this, committer)
  }

  checkFetch(memberId: string | null, memberEpoch: number): void {
    checkFetch(this, memberId, memberEpoch)
  }

  /** Members say themselves what they are subscribed to: offsets of other topics may go. */
  checkOffsetDelete(): void {}

  checkDelete(): void {
    if (!this.isEmpty) throw new CoordinatorError(ErrorCode.NON_EMPTY_GROUP)
  }

  isSubscribedTo(topic: string): boolean {
    return this.#subscriptions.has(topic)
  }

  retainedSince(committedAt: Millis): Millis {
    return committedAt
  }

  appendTombstones(turn: GroupTurn): void {
    for (const record of dissolution(this)) turn.append(record)
  }

  #expressionIs(text: string, resolved: ResolvedRegularExpression | undefined): void {
    this.#subscriptions.resolved(this.#expressions.get(text), resolved)
    if (resolved) this.#expressions.set(text, resolved)
    else this.#expressions.delete(text)
  }

  #memberIs(member: ConsumerMember): void {
    const before = this.#members.get(member.memberId)
    this.#members.set(member.memberId, member)
    if (member.instanceId !== null) this.#staticMembers.set(member.instanceId, member.memberId)
    this.#counted(before, member)
    if (before) this.#release(before)
    this.#hold(member.assignedPartitions, member.memberEpoch)
    this.#hold(member.partitionsPendingRevocation, member.memberEpoch)
  }

  #memberGone(memberId: string): void {
    const before = this.#members.get(memberId)
    if (!before) return
    this.#members.delete(memberId)
    if (before.instanceId !== null && this.#staticMembers.get(before.instanceId) === memberId) this.#staticMembers.delete(before.instanceId)
    this.#counted(before, undefined)
    this.#release(before)
  }

  #counted(before: ConsumerMember | undefined, after: ConsumerMember | undefined): void {
    if (before && after && isOfOneMetadata(before, after)) return
    this.#subscriptions.memberChanged(before, after)
    for (const [member, difference] of [
      [before, -1],
      [after, 1],
    ] as const) {
      if (!member) continue
      if (member.serverAssignor !== null) this.#assignors.add(member.serverAssignor, difference)
      if (member.classic === null) continue
      this.#classicMemberCount += difference
      for (const { name } of member.classic.supportedProtocols) this.#classicProtocols.add(name, difference)
    }
  }

  #hold(epochs: PartitionEpochs, memberEpoch: number): void {
    for (const [topicId, partitions] of epochs) {
      let held = this.#held.get(topicId)
      if (!held) this.#held.set(topicId, (held = new Map()))
      for (const partition of partitions.keys()) held.set(partition, memberEpoch)
    }
  }

  /** Nothing of what another got meanwhile: an old log can be read in an order in which that comes first. */
  #release({ assignedPartitions, partitionsPendingRevocation, memberEpoch }: ConsumerMember): void {
    for (const epochs of [assignedPartitions, partitionsPendingRevocation]) {
      for (const [topicId, partitions] of epochs) {
        const held = this.#held.get(topicId)
        if (!held) continue
        for (const partition of partitions.keys()) if (held.get(partition) === memberEpoch) held.delete(partition)
        if (held.size === 0) this.#held.delete(topicId)
      }
    }
  }
}

/** One is the other with another assignment. */
function isOfOneMetadata(a: ConsumerMember, b: ConsumerMember): boolean {
  return (
    a.subscribedTopicNames === b.subscribedTopicNames &&
    a.subscribedTopicRegex === b.subscribedTopicRegex &&
    a.serverAssignor === b.serverAssignor &&
    a.classic === b.classic
  )
}

function withNothing(member: ConsumerMember): ConsumerMember {
  return { ...member, memberEpoch: -1, previousMemberEpoch: -1, assignedPartitions: noEpochs, partitionsPendingRevocation: noEpochs }
}
