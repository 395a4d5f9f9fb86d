/**
 * The parts of a consumer group as its records, made from what the group's code works with, and the other way round.
 * Owns: that mapping. Never: says which records a step writes, or in which order.
 */
import type { TopicPartitions } from '../assignors/assignor.ts'
import type { ConsumerGroupRecord } from '../records.ts'
import type { ConsumerMember, PartitionEpochs } from './member.ts'
import type { ResolvedRegularExpression } from './regular-expressions.ts'

type RecordOf<K extends ConsumerGroupRecord['kind']> = Extract<ConsumerGroupRecord, { kind: K }>
type ValueOf<K extends ConsumerGroupRecord['kind']> = NonNullable<RecordOf<K>['value']>

export function memberRecord(groupId: string, member: ConsumerMember): ConsumerGroupRecord {
  const { memberId, instanceId, rackId, clientId, clientHost, subscribedTopicRegex, rebalanceTimeoutMs, serverAssignor, classic } = member
  return {
    kind: 'ConsumerGroupMemberMetadata',
    key: { groupId, memberId },
    value: {
      instanceId,
      rackId,
      clientId,
      clientHost,
      subscribedTopicNames: [...member.subscribedTopicNames].sort(),
      subscribedTopicRegex,
      rebalanceTimeoutMs,
      serverAssignor,
      classicMemberMetadata: classic && {
        sessionTimeoutMs: classic.sessionTimeoutMs,
        supportedProtocols: classic.supportedProtocols.map(({ name, metadata }) => ({ name, metadata })),
      },
    },
  }
}

export function memberTombstone(groupId: string, memberId: string): ConsumerGroupRecord {
  return { kind: 'ConsumerGroupMemberMetadata', key: { groupId, memberId }, value: null }
}

/** The member as it was, with what a record says of it. Bytes are copied: the record's are only lent. */
export function withMetadata(member: ConsumerMember, value: ValueOf<'ConsumerGroupMemberMetadata'>): ConsumerMember {
  const { instanceId, rackId, clientId, clientHost, subscribedTopicRegex, rebalanceTimeoutMs, serverAssignor, classicMemberMetadata } =
    value
  return {
    ...member,
    instanceId,
    rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    serverAssignor,
    subscribedTopicNames: new Set(value.subscribedTopicNames),
    subscribedTopicRegex: subscribedTopicRegex ?? '',
    classic: classicMemberMetadata && {
      sessionTimeoutMs: classicMemberMetadata.sessionTimeoutMs,
      supportedProtocols: classicMemberMetadata.supportedProtocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
    },
  }
}

export function assignmentRecord(groupId: string, member: ConsumerMember): ConsumerGroupRecord {
  const { memberId, memberEpoch, previousMemberEpoch, state } = member
  return {
    kind: 'ConsumerGroupCurrentMemberAssignment',
    key: { groupId, memberId },
    value: {
      memberEpoch,
      previousMemberEpoch,
      state,
      assignedPartitions: fromEpochs(member.assignedPartitions),
      partitionsPendingRevocation: fromEpochs(member.partitionsPendingRevocation),
    },
  }
}

export function assignmentTombstone(groupId: string, memberId: string): ConsumerGroupRecord {
  return { kind: 'ConsumerGroupCurrentMemberAssignment', key: { groupId, memberId }, value: null }
}

type StoredEpochs = ValueOf<'ConsumerGroupCurrentMemberAssignment'>['assignedPartitions']

function fromEpochs(epochs: PartitionEpochs): StoredEpochs {
  return [...epochs].map(([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions.keys()],
    assignmentEpochs: [...partitions.values()],
  }))
}

export function withAssignment(member: ConsumerMember, value: ValueOf<'ConsumerGroupCurrentMemberAssignment'>): ConsumerMember {
  const { memberEpoch, previousMemberEpoch, state } = value
  return {
    ...member,
    memberEpoch,
    previousMemberEpoch,
    state,
    assignedPartitions: toEpochs(value.assignedPartitions, memberEpoch),
    partitionsPendingRevocation: toEpochs(value.partitionsPendingRevocation, memberEpoch),
  }
}

/** Kafka before 4.3 did not write when a partition was assigned: as far as it can tell, at the member's own epoch. */
function toEpochs(stored: StoredEpochs, memberEpoch: number): PartitionEpochs {
  return new Map(
    stored.map(({ topicId, partitions, assignmentEpochs }) => {
      const epochs = assignmentEpochs?.length === partitions.length ? assignmentEpochs : []
      return [topicId, new Map(partitions.map((partition, index) => [partition, epochs[index] ?? Math.max(0, memberEpoch)]))]
    }),
  )
}

export function groupRecord(groupId: string, epoch: number, metadataHash: number): ConsumerGroupRecord {
  return { kind: 'ConsumerGroupMetadata', key: { groupId }, value: { epoch, metadataHash } }
}

export function groupTombstone(groupId: string): ConsumerGroupRecord {
  return { kind: 'ConsumerGroupMetadata', key: { groupId }, value: null }
}

/** Kafka 4.0 kept the partitions of subscribed topics in a record of its own; newer ones take it back. */
export function partitionMetadataTombstone(groupId: string): ConsumerGroupRecord {
  return { kind: 'ConsumerGroupPartitionMetadata', key: { groupId }, value: null }
}

export function targetRecord(groupId: string, memberId: string, target: TopicPartitions): ConsumerGroupRecord {
  const topicPartitions = [...target].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions] }))
  return { kind: 'ConsumerGroupTargetAssignmentMember', key: { groupId, memberId }, value: { topicPartitions } }
}

export function targetTombstone(groupId: string, memberId: string): ConsumerGroupRecord {
  return { kind: 'ConsumerGroupTargetAssignmentMember', key: { groupId, memberId }, value: null }
}

export function targetOf({ topicPartitions }: ValueOf<'ConsumerGroupTargetAssignmentMember'>): TopicPartitions {
  return new Map(topicPartitions.map(({ topicId, partitions }) => [topicId, partitions.toSorted((a, b) => a - b)]))
}

export function assignmentEpochRecord(groupId: string, assignmentEpoch: number, assignmentTimestamp: number): ConsumerGroupRecord {
  return { kind: 'ConsumerGroupTargetAssignmentMetadata', key: { groupId }, value: { assignmentEpoch, assignmentTimestamp } }
}

export function assignmentEpochTombstone(groupId: string): ConsumerGroupRecord {
  return { kind: 'ConsumerGroupTargetAssignmentMetadata', key: { groupId }, value: null }
}

export function regularExpressionRecord(
  groupId: string,
  regularExpression: string,
  resolved: ResolvedRegularExpression,
): ConsumerGroupRecord {
  const { topics, version, timestamp } = resolved
  const value = { topics: [...topics].sort(), version, timestamp }
  return { kind: 'ConsumerGroupRegularExpression', key: { groupId, regularExpression }, value }
}

export function regularExpressionTombstone(groupId: string, regularExpression: string): ConsumerGroupRecord {
  return { kind: 'ConsumerGroupRegularExpression', key: { groupId, regularExpression }, value: null }
}

export interface Dissolved {
  readonly groupId: string
  members(): Iterable<ConsumerMember>
  readonly expressions: ReadonlyMap<string, ResolvedRegularExpression>
}

/** All that takes a group back, in Kafka's order. `replaced` stands in for a member that this step replaces. */
export function dissolution(
  group: Dissolved,
  replaced?: { readonly before: string; readonly after: string },
): readonly ConsumerGroupRecord[] {
  const { groupId } = group
  const memberIds = [...group.members()].map(({ memberId }) => (memberId === replaced?.before ? replaced.after : memberId))
  return [
    ...memberIds.map((memberId) => assignmentTombstone(groupId, memberId)),
    ...memberIds.map((memberId) => targetTombstone(groupId, memberId)),
    assignmentEpochTombstone(groupId),
    ...memberIds.map((memberId) => memberTombstone(groupId, memberId)),
    ...[...group.expressions.keys()].map((text) => regularExpressionTombstone(groupId, text)),
    partitionMetadataTombstone(groupId),
    groupTombstone(groupId),
  ]
}
