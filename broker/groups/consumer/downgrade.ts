/**
 * A consumer group whose members all speak the classic protocol becomes a classic group again, when the last one that does not leaves.
 * Owns: when that is, and the group as it is then. It rebalances where somebody left, or the target was out of date; else members have in its first
 * generation what they were to have.
 */
import type { GroupTurn } from '../group.ts'
import { ClassicGroup } from '../classic/classic-group.ts'
import { ClassicMember } from '../classic/classic-member.ts'
import { groupMetadata } from '../classic/group-metadata.ts'
import type { TopicPartitions } from '../assignors/assignor.ts'
import type { ConsumerGroupsContext } from './consumer-context.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { dissolution } from './consumer-records.ts'
import { consumerProtocolType, writeAssignment } from './embedded-protocol.ts'
import type { ConsumerMember } from './member.ts'

export class Downgrade {
  readonly #context: ConsumerGroupsContext

  constructor(context: ConsumerGroupsContext) {
    this.#context = context
  }

  /** These leave; of the rest, all speak the classic protocol, and there are some. */
  isDueWithout(group: ConsumerGroup, leaving: readonly ConsumerMember[]): boolean {
    const rest = group.memberCount - leaving.length
    const classic = group.classicMemberCount - leaving.filter(({ classic }) => classic !== null).length
    return rest > 0 && classic === rest && this.#isAllowed(group, rest)
  }

  /** A classic member takes this one's place, and all others speak the classic protocol. */
  isDueInPlaceOf(group: ConsumerGroup, replaced: ConsumerMember): boolean {
    const isLast = group.classicMemberCount === group.memberCount - 1 && replaced.classic === null
    return isLast && this.#isAllowed(group, group.memberCount)
  }

  #isAllowed({ groupId }: ConsumerGroup, memberCount: number): boolean {
    const { migrationPolicy, classicMembersMax } = this.#context.settings(groupId)
    return (migrationPolicy === 'bidirectional' || migrationPolicy === 'downgrade') && memberCount <= classicMembersMax
  }

  without(turn: GroupTurn, group: ConsumerGroup, leaving: readonly ConsumerMember[]): void {
    for (const record of dissolution(group)) turn.append(record)
    const rest = [...group.members()].filter((member) => !leaving.some(({ memberId }) => memberId === member.memberId))
    // They rebalance at once. Until they have, what counts is what each has, not what it was to get from others that have it still.
    const classic = this.#become(turn, group, rest, held, true)
    this.#context.classic.rebalance(classic, turn)
  }

  inPlaceOf(turn: GroupTurn, group: ConsumerGroup, { replaced, member, mustRebalance }: Replacement): void {
    for (const record of dissolution(group, { before: replaced.memberId, after: member.memberId })) turn.append(record)
    const rest = [...group.members()].filter(({ memberId }) => memberId !== replaced.memberId)
    const classic = this.#become(turn, group, [...rest, member], (each) => group.targetOf(each), mustRebalance)
    if (mustRebalance) this.#context.classic.rebalance(classic, turn)
  }

  #become(
    turn: GroupTurn,
    group: ConsumerGroup,
    members: readonly ConsumerMember[],
    shareOf: (member: ConsumerMember) => TopicPartitions,
    mustRebalance: boolean,
  ): ClassicGroup {
    const classic = classicGroupOf(group, members, turn.now)
    for (const member of classic.members.values()) {
      const consumer = members.find(({ memberId }) => memberId === member.memberId)
      if (!consumer) continue
      member.assignment = writeAssignment(shareOf(consumer), member.metadata(classic.protocolName), this.#context.topics)
    }
    const record = groupMetadata(classic)
    // Should this broker die before they have begun, the next one finds them without a leader, and has them rebalance.
    turn.append(mustRebalance && record.value ? { ...record, value: { ...record.value, leader: null } } : record)
    this.#context.classic.adopted(classic, turn)
    this.#context.logger.info(
      { group: group.groupId },
      'A consumer group is a classic group again: all its members speak the classic protocol',
    )
    return classic
  }
}

interface Replacement {
  readonly replaced: ConsumerMember
  readonly member: ConsumerMember
  readonly mustRebalance: boolean
}

/** What it has, and what it has not given up yet. */
function held({ assignedPartitions, partitionsPendingRevocation }: ConsumerMember): TopicPartitions {
  const partitions = new Map<string, readonly number[]>()
  for (const [topicId, indexes] of [...assignedPartitions, ...partitionsPendingRevocation]) {
    partitions.set(
      topicId,
      [...(partitions.get(topicId) ?? []), ...indexes.keys()].sort((a, b) => a - b),
    )
  }
  return partitions
}

function classicGroupOf({ groupId, epoch }: ConsumerGroup, members: readonly ConsumerMember[], now: number): ClassicGroup {
  const group = new ClassicGroup({
    groupId,
    state: 'Stable',
    generation: epoch,
    protocolType: consumerProtocolType,
    protocolName: null,
    leader: null,
    since: now,
  })
  for (const { memberId, instanceId: groupInstanceId, clientId, clientHost, rebalanceTimeoutMs, classic } of members) {
    const terms = {
      rebalanceTimeoutMillis: rebalanceTimeoutMs,
      sessionTimeoutMillis: classic?.sessionTimeoutMs ?? 0,
      protocols: classic?.supportedProtocols ?? [],
    }
    group.add(new ClassicMember({ memberId, groupInstanceId, clientId, clientHost }, terms), consumerProtocolType)
  }
  group.protocolName = group.selectProtocol()
  return group
}
