/** Illegal steps of the consumer group protocol (KIP-848), and of classic members in such groups. */
import {
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponse,
} from '../../../../client/protocol/messages/consumer-group-describe.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../../../client/protocol/messages/consumer-group-heartbeat.ts'
import type { Input } from '../../../../client/protocol/schema.ts'
import type { Case } from './case.ts'
import { TestGroup } from './group.ts'
import { nameOf, type Topic, type Verdict, type World } from './world.ts'

type Heartbeat = Input<typeof ConsumerGroupHeartbeatRequest>

/** A consumer group that has a coordinator, and its members' words, in a topic of one partition. */
class Consumers {
  readonly group: TestGroup
  readonly topic: Topic

  constructor(group: TestGroup, topic: Topic) {
    this.group = group
    this.topic = topic
  }

  async heartbeat(says: Heartbeat, version = 1): Promise<Verdict> {
    const { world, id: groupId } = this.group
    const answer = await world.ask(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, version, { groupId, ...says })
    return nameOf(answer?.errorCode)
  }

  join(says: Heartbeat, version = 1): Promise<Verdict> {
    const whole = { memberEpoch: 0, rebalanceTimeoutMs: 60_000, topicPartitions: [], subscribedTopicNames: [this.topic.name] }
    return this.heartbeat({ ...whole, ...says }, version)
  }

  /** The state of the group, and each member's epoch. */
  async describe(groupId = this.group.id): Promise<Verdict> {
    const asked = { groupIds: [groupId] }
    const answer = await this.group.world.ask(ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, 1, asked)
    const { errorCode, groupState, members = [] } = answer?.groups[0] ?? {}
    return [nameOf(errorCode), groupState, ...members.map(({ memberId, memberEpoch }) => `${memberId}@${memberEpoch}`)].join(' ').trim()
  }
}

const withGroup =
  (ask: (consumers: Consumers) => Promise<Verdict[]>): Case['ask'] =>
  async (world: World, topic: Topic) =>
    ask(new Consumers(await TestGroup.open(world), topic))

async function each(...asks: (() => Promise<Verdict>)[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const ask of asks) verdicts.push(await ask())
  return verdicts
}

export const consumerGroupCases: Case[] = [
  {
    name: 'ConsumerGroupHeartbeat: what a member must say when it joins',
    ask: withGroup((group) =>
      each(
        () => group.join({ memberId: '' }),
        () => group.join({ memberId: ' ' }),
        () => group.join({ memberId: 'a', groupId: '' }),
        () => group.join({ memberId: 'a', instanceId: '' }),
        () => group.join({ memberId: 'a', rackId: '' }),
        () => group.join({ memberId: 'a', rebalanceTimeoutMs: -1 }),
        () => group.join({ memberId: 'a', topicPartitions: null }),
        () => group.join({ memberId: 'a', topicPartitions: [{ topicId: group.topic.id, partitions: [0] }] }),
        () => group.join({ memberId: 'a', subscribedTopicNames: null }),
        () => group.join({ memberId: 'a', serverAssignor: 'sticky' }),
        () => group.join({ memberId: 'a', subscribedTopicRegex: '[a' }),
        () => group.describe(),
      ),
    ),
    answer: [
      ...Array.from({ length: 9 }, () => 'INVALID_REQUEST'),
      'UNSUPPORTED_ASSIGNOR',
      'INVALID_REGULAR_EXPRESSION',
      'GROUP_ID_NOT_FOUND',
    ],
  },
  {
    name: 'ConsumerGroupHeartbeat: a group that is not there',
    ask: withGroup((group) =>
      each(
        () => group.heartbeat({ memberId: 'a', memberEpoch: 1 }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: -1 }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: -2 }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: -2, instanceId: 'i' }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: -3 }),
        () => group.describe(''),
      ),
    ),
    answer: ['GROUP_ID_NOT_FOUND', 'GROUP_ID_NOT_FOUND', 'INVALID_REQUEST', 'GROUP_ID_NOT_FOUND', 'INVALID_REQUEST', 'INVALID_GROUP_ID'],
  },
  {
    name: 'ConsumerGroupHeartbeat: strangers, and epochs that are not the member’s',
    ask: withGroup((group) =>
      each(
        () => group.join({ memberId: 'a' }),
        () => group.heartbeat({ memberId: 'x', memberEpoch: 1 }),
        () => group.heartbeat({ memberId: 'x', memberEpoch: -1 }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: 9 }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: 1 }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: 2 }),
        () => group.describe(),
      ),
    ),
    answer: ['NONE', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'FENCED_MEMBER_EPOCH', 'FENCED_MEMBER_EPOCH', 'NONE', 'NONE Stable a@2'],
  },
  {
    name: 'ConsumerGroupHeartbeat: static members',
    ask: withGroup((group) =>
      each(
        () => group.join({ memberId: 'a', instanceId: 'i' }),
        () => group.join({ memberId: 'b', instanceId: 'i' }),
        () => group.heartbeat({ memberId: 'b', memberEpoch: 2, instanceId: 'i' }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: 2, instanceId: 'k' }),
        () => group.heartbeat({ memberId: 'b', memberEpoch: -2, instanceId: 'i' }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: -2, instanceId: 'i' }),
        () => group.join({ memberId: 'b', instanceId: 'i' }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: 2, instanceId: 'i' }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: 2 }),
        () => group.describe(),
      ),
    ),
    answer: [
      'NONE',
      'UNRELEASED_INSTANCE_ID',
      'FENCED_INSTANCE_ID',
      'UNKNOWN_MEMBER_ID',
      'FENCED_INSTANCE_ID',
      'NONE',
      'NONE',
      'FENCED_INSTANCE_ID',
      'UNKNOWN_MEMBER_ID',
      'NONE Stable b@2',
    ],
  },
  {
    name: 'OffsetCommit, DeleteGroups: a consumer group with a member',
    ask: withGroup(async (group) => {
      const { topic } = group
      const member = await group.group.member()
      const commit = (says: object) => member.commit(topic, { version: 9, memberId: 'a', ...says })
      return each(
        () => group.join({ memberId: 'a' }),
        () => commit({ generation: 2 }),
        () => commit({ generation: 3 }),
        () => commit({ generation: 1 }),
        () => commit({ generation: -1 }),
        () => commit({ generation: 2, memberId: 'x' }),
        () => commit({ generation: -1, memberId: '' }),
        () => commit({ generation: 2, version: 8 }),
        () => group.group.delete(),
        () => group.heartbeat({ memberId: 'a', memberEpoch: -1 }),
        () => commit({ generation: 2 }),
        () => group.group.delete(),
        () => commit({ generation: 2 }),
      )
    }),
    answer: [
      'NONE',
      'NONE',
      'STALE_MEMBER_EPOCH',
      'STALE_MEMBER_EPOCH',
      'STALE_MEMBER_EPOCH',
      'UNKNOWN_MEMBER_ID',
      'UNKNOWN_MEMBER_ID',
      'UNSUPPORTED_VERSION',
      'NON_EMPTY_GROUP',
      'NONE',
      'UNKNOWN_MEMBER_ID',
      'NONE',
      'GROUP_ID_NOT_FOUND',
    ],
  },
  {
    name: 'JoinGroup, SyncGroup, Heartbeat, LeaveGroup: a consumer group, by members that it does not have, or not as classic ones',
    ask: withGroup(async (group) => {
      const member = await group.group.member()
      return each(
        () => group.join({ memberId: 'a' }),
        () => member.join({ version: 4, type: 'connect', topics: [group.topic.name] }),
        () => member.sync({ memberId: 'a', generation: 2 }),
        () => member.heartbeat({ memberId: 'a', generation: 2 }),
        () => member.heartbeat({ memberId: 'x', generation: 2 }),
        () => member.leave({ memberId: 'x' }),
        () => member.join({ topics: [group.topic.name] }),
        () => member.heartbeat({ generation: 9 }),
        () => member.sync({ version: 5, type: 'consumer', protocol: 'sticky' }),
        () => member.sync({ version: 5, type: 'connect', protocol: 'range' }),
        () => member.leave(),
      )
    }),
    answer: [
      'NONE',
      'INCONSISTENT_GROUP_PROTOCOL',
      'UNKNOWN_MEMBER_ID',
      'UNKNOWN_MEMBER_ID',
      'UNKNOWN_MEMBER_ID',
      'NONE UNKNOWN_MEMBER_ID',
      'NONE',
      'ILLEGAL_GENERATION',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'NONE NONE',
    ],
  },
  {
    name: 'ConsumerGroupHeartbeat: a classic group whose members are no consumers',
    ask: withGroup(async (group) => {
      await group.group.leader({ type: 'connect' })
      return each(
        () => group.join({ memberId: 'a' }),
        () => group.heartbeat({ memberId: 'a', memberEpoch: 1 }),
        () => group.describe(),
      )
    }),
    answer: ['GROUP_ID_NOT_FOUND', 'GROUP_ID_NOT_FOUND', 'GROUP_ID_NOT_FOUND'],
  },
]
