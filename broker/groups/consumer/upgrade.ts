/**
 * A classic group of consumers becomes a consumer group, when the first member that speaks the consumer protocol joins it: the others stay
 * its members, served by the classic protocol's requests (classic-members.ts).
 * Owns: whether that can be, and the group's first records. Members have what they had in the classic group's last generation.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { DecodeError } from '../../../client/protocol/malformed.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import { ClassicGroup } from '../classic/classic-group.ts'
import { type ClassicMember, noBytes } from '../classic/classic-member.ts'
import type { TopicPartitions } from '../assignors/assignor.ts'
import type { Group, GroupTurn } from '../group.ts'
import type { ConsumerGroupRecord } from '../records.ts'
import type { ConsumerGroupsContext } from './consumer-context.ts'
import { ConsumerGroup, firstEpoch } from './consumer-group.ts'
import { assignmentEpochRecord, assignmentRecord, groupRecord, memberRecord, targetRecord } from './consumer-records.ts'
import { consumerProtocolType, readAssignment, readSubscription } from './embedded-protocol.ts'
import { type ConsumerMember, newMember, withEpoch } from './member.ts'
import { metadataHash } from './metadata-hash.ts'
import type { MemberTimers } from './member-timers.ts'

interface Moved {
  readonly member: ConsumerMember
  readonly target: TopicPartitions
  readonly sessionTimeoutMillis: number
}

export class Upgrade {
  readonly #context: ConsumerGroupsContext
  readonly #timers: MemberTimers

  constructor(context: ConsumerGroupsContext, timers: MemberTimers) {
    this.#context = context
    this.#timers = timers
  }

  /** The group as its records, appended in this turn, will make it. Throws CoordinatorError (GROUP_ID_NOT_FOUND), as Kafka does where it cannot be. */
  upgraded(turn: GroupTurn, group: Group): ConsumerGroup {
    const { groupId } = group
    if (!(group instanceof ClassicGroup)) throw refused(groupId, 'it is of another type')
    const { migrationPolicy, membersMax } = this.#context.settings(groupId)
    if (migrationPolicy !== 'bidirectional' && migrationPolicy !== 'upgrade') throw refused(groupId, 'online upgrade is disabled')
    if (group.protocolType !== consumerProtocolType) throw refused(groupId, 'its members are no consumers')
    if (group.members.size > membersMax) throw refused(groupId, 'it has too many members')
    const moved = [...group.members.values()].map((member) => this.#move(group, member))
    group.appendTombstones(turn)
    const upgraded = new ConsumerGroup(groupId)
    for (const record of recordsOf(group, moved, this.#hashOf(moved))) {
      turn.append(record)
      upgraded.apply(record)
    }
    release(turn, group)
    for (const { member, sessionTimeoutMillis } of moved) this.#timers.session(turn, groupId, member.memberId, sessionTimeoutMillis)
    this.#context.logger.info({ group: groupId }, 'A classic group has become a consumer group: a member speaks the consumer protocol')
    return upgraded
  }

  #move(group: ClassicGroup, { identity, terms, assignment }: ClassicMember): Moved {
    const { groupId, generation, protocolName } = group
    const { topics } = this.#context
    // While its first generation is being prepared the group has chosen no protocol yet.
    const chosen = terms.protocols.find(({ name }) => name === protocolName) ?? terms.protocols[0]
    try {
      const { partitions, hasUserData } = readAssignment(assignment, topics)
      if (hasUserData) throw refused(groupId, 'a custom assignor of its members is in use, whose data would be lost')
      const subscription = readSubscription(chosen?.metadata ?? noBytes, topics)
      return {
        target: partitions,
        sessionTimeoutMillis: terms.sessionTimeoutMillis,
        member: {
          ...newMember(identity.memberId),
          memberEpoch: generation,
          previousMemberEpoch: generation,
          instanceId: identity.groupInstanceId,
          rackId: subscription.rackId,
          rebalanceTimeoutMs: terms.rebalanceTimeoutMillis,
          clientId: identity.clientId,
          clientHost: identity.clientHost,
          subscribedTopicNames: new Set(subscription.topics),
          assignedPartitions: withEpoch(partitions, generation),
          classic: { sessionTimeoutMs: terms.sessionTimeoutMillis, supportedProtocols: terms.protocols },
        },
      }
    } catch (error) {
      throw error instanceof DecodeError ? refused(groupId, 'what its members told each other cannot be read') : error
    }
  }

  #hashOf(moved: readonly Moved[]): number {
    return metadataHash(new Set(moved.flatMap(({ member }) => [...member.subscribedTopicNames])), this.#context.topics)
  }
}

/** Who waits in a rebalance is told to begin anew. */
function release(turn: GroupTurn, group: ClassicGroup): void {
  const errorCode = ErrorCode.REBALANCE_IN_PROGRESS
  for (const member of group.members.values()) {
    const { memberId, awaitingJoin, awaitingSync } = member
    if (awaitingJoin) turn.answer(awaitingJoin, { errorCode, memberId })
    if (awaitingSync) turn.answer(awaitingSync, { errorCode })
    group.park(member, undefined)
    member.awaitingSync = undefined
  }
}

function recordsOf({ groupId, generation }: ClassicGroup, moved: readonly Moved[], hash: number): readonly ConsumerGroupRecord[] {
  // A group that has not come to its first generation begins at epoch 1: at 0 a consumer would join again and again.
  const epoch = Math.max(generation, firstEpoch)
  return [
    ...moved.map(({ member }) => memberRecord(groupId, member)),
    groupRecord(groupId, epoch, hash),
    ...moved.map(({ member, target }) => targetRecord(groupId, member.memberId, target)),
    assignmentEpochRecord(groupId, epoch, 0),
    ...moved.map(({ member }) => assignmentRecord(groupId, member)),
  ]
}

function refused(groupId: string, why: string): CoordinatorError {
  return new CoordinatorError(ErrorCode.GROUP_ID_NOT_FOUND, `Cannot upgrade classic group ${groupId} to consumer group because ${why}.`)
}
