/** A consumer group as ConsumerGroupDescribe tells it. */
import type { ConsumerGroupDescribeResponse } from '../../../client/protocol/messages/consumer-group-describe.ts'
import type { Input } from '../../../client/protocol/schema.ts'
import type { TopicPartitions } from '../assignors/assignor.ts'
import type { Topics } from '../topics.ts'
import type { ConsumerGroupsContext } from './consumer-context.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerMember, type PartitionEpochs, withoutEpochs } from './member.ts'
import { mostAskedFor } from './member-step.ts'

export type DescribedConsumerGroup = NonNullable<Input<typeof ConsumerGroupDescribeResponse>['groups']>[number]

const memberTypes = { classic: 0, consumer: 1 } as const

export function described(group: ConsumerGroup, { topics, settings }: ConsumerGroupsContext): DescribedConsumerGroup {
  const { groupId, epoch, assignmentEpoch, stateName } = group
  return {
    groupId,
    groupState: stateName,
    groupEpoch: epoch,
    assignmentEpoch,
    assignorName: mostAskedFor(group.assignors.entries()) ?? settings(groupId).assignors[0] ?? '',
    members: [...group.members()].map((member) => describedMember(member, group, topics)),
  }
}

function describedMember(member: ConsumerMember, group: ConsumerGroup, topics: Topics) {
  const { memberId, memberEpoch, instanceId, rackId, clientId, clientHost, subscribedTopicNames, subscribedTopicRegex, classic } = member
  const has = joined(member.assignedPartitions, member.partitionsPendingRevocation)
  return {
    memberId,
    memberEpoch,
    instanceId,
    rackId,
    clientId,
    clientHost,
    subscribedTopicNames: [...subscribedTopicNames],
    subscribedTopicRegex,
    assignment: { topicPartitions: named(withoutEpochs(has), topics) },
    targetAssignment: { topicPartitions: named(group.target(memberId), topics) },
    memberType: classic ? memberTypes.classic : memberTypes.consumer,
  }
}

function joined(a: PartitionEpochs, b: PartitionEpochs): PartitionEpochs {
  const all = new Map(a)
  for (const [topicId, epochs] of b) all.set(topicId, new Map([...(all.get(topicId) ?? []), ...epochs]))
  return all
}

/** Of topics that exist. */
function named(partitions: TopicPartitions, topics: Topics) {
  return [...partitions].flatMap(([topicId, indices]) => {
    const topicName = topics.nameOf(topicId)
    return topicName === undefined ? [] : [{ topicId, topicName, partitions: [...indices] }]
  })
}
