/** Illegal steps of the classic group protocol, and bad commits. */
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../../../client/protocol/messages/delete-topics.ts'
import { type Case, nowhere } from './case.ts'
import { TestGroup } from './group.ts'
import type { Topic, Verdict, World } from './world.ts'

type Ask = (group: TestGroup, topic: Topic, world: World) => Promise<Verdict | readonly Verdict[]>

/** With a group that is not there yet. */
const withGroup =
  (ask: Ask): Case['ask'] =>
  async (world, topic) =>
    ask(await TestGroup.open(world), topic, world)

/** One after the other. */
async function each(...asks: (() => Promise<Verdict>)[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const ask of asks) verdicts.push(await ask())
  return verdicts
}

export const groupCases: Case[] = [
  {
    name: 'JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetDelete: an empty group id',
    ask: async (world, topic) => {
      const group = await TestGroup.open(world, '')
      const member = await group.member()
      return each(
        () => member.join(),
        () => member.sync(),
        () => member.heartbeat(),
        () => member.leave(),
        () => member.leave({ version: 2 }),
        () => group.forget(topic),
      )
    },
    answer: ['INVALID_GROUP_ID', 'INVALID_GROUP_ID', 'INVALID_GROUP_ID', 'INVALID_GROUP_ID', 'INVALID_GROUP_ID', 'INVALID_GROUP_ID'],
  },
  {
    name: 'JoinGroup: a session timeout that is too short, and one that is too long',
    ask: withGroup(async (group) => {
      const member = await group.member()
      return each(
        () => member.join({ session: 5999 }),
        () => member.join({ session: 1_800_001 }),
        () => member.join({ session: -1 }),
        () => group.describe(),
      )
    }),
    answer: ['INVALID_SESSION_TIMEOUT', 'INVALID_SESSION_TIMEOUT', 'INVALID_SESSION_TIMEOUT', 'GROUP_ID_NOT_FOUND Dead'],
  },
  {
    name: 'JoinGroup: a member id of nobody, where there is no group, and where there is one',
    ask: withGroup(async (group) => {
      const member = await group.member()
      const stranger = () => member.join({ memberId: 'nobody' })
      return each(
        stranger,
        () => group.describe(),
        async () => ((await group.leader()).memberId === '' ? 'no leader' : 'NONE'),
        stranger,
      )
    }),
    answer: ['UNKNOWN_MEMBER_ID', 'GROUP_ID_NOT_FOUND Dead', 'NONE', 'UNKNOWN_MEMBER_ID'],
  },
  {
    name: 'JoinGroup: no member id, before and after one is required (KIP-394)',
    ask: withGroup(async (group) => {
      const member = await group.member()
      return each(
        () => member.join({ version: 4 }),
        () => group.describe(),
        () => member.join({ version: 4 }),
      )
    }),
    answer: ['MEMBER_ID_REQUIRED', 'NONE Empty', 'NONE'],
  },
  {
    name: 'JoinGroup: no protocols, none in common, no type, and another type',
    ask: withGroup(async (group) => {
      const member = await group.member()
      return each(
        () => member.join({ protocols: [] }),
        () => member.join({ type: '' }),
        () => group.describe(),
        async () => ((await group.leader()).memberId === '' ? 'no leader' : 'NONE'),
        () => member.join({ protocols: ['sticky'] }),
        () => member.join({ protocols: [] }),
        () => member.join({ type: 'connect' }),
      )
    }),
    answer: [
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'NONE Empty',
      'NONE',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INCONSISTENT_GROUP_PROTOCOL',
    ],
  },
  {
    name: 'SyncGroup, Heartbeat, LeaveGroup: of a group that is not there',
    ask: withGroup(async (group) => {
      const member = await group.member()
      return each(
        () => member.sync({ memberId: 'a', generation: 1 }),
        () => member.heartbeat({ memberId: 'a', generation: 1 }),
        () => member.leave({ memberId: 'a' }),
        () => member.leave({ memberId: 'a', version: 2 }),
        () => group.describe(),
      )
    }),
    answer: ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'NONE UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID', 'GROUP_ID_NOT_FOUND Dead'],
  },
  {
    name: 'SyncGroup, Heartbeat, LeaveGroup: of nobody, and of another generation',
    ask: withGroup(async (group) => {
      const leader = await group.leader()
      return each(
        () => leader.sync({ memberId: 'nobody' }),
        () => leader.sync({ generation: 2 }),
        () => leader.sync({ generation: 0 }),
        () => leader.heartbeat({ memberId: 'nobody' }),
        () => leader.heartbeat({ generation: 2 }),
        () => leader.heartbeat({ generation: 0 }),
        () => leader.leave({ memberId: 'nobody' }),
        () => leader.leave({ memberId: '' }),
        () => leader.heartbeat(),
      )
    }),
    answer: [
      'UNKNOWN_MEMBER_ID',
      'ILLEGAL_GENERATION',
      'ILLEGAL_GENERATION',
      'UNKNOWN_MEMBER_ID',
      'ILLEGAL_GENERATION',
      'ILLEGAL_GENERATION',
      'NONE UNKNOWN_MEMBER_ID',
      'NONE UNKNOWN_MEMBER_ID',
      'NONE',
    ],
  },
  {
    name: 'SyncGroup: a protocol that is not the one of the generation, and none where there must be one',
    ask: withGroup(async (group) => {
      const leader = await group.leader()
      return each(
        () => leader.sync({ version: 5, type: 'connect', protocol: 'range' }),
        () => leader.sync({ version: 5, type: 'consumer', protocol: 'sticky' }),
        () => leader.sync({ version: 5 }),
        () => leader.sync({ version: 5, type: 'consumer', protocol: 'range' }),
      )
    }),
    answer: ['INCONSISTENT_GROUP_PROTOCOL', 'INCONSISTENT_GROUP_PROTOCOL', 'INCONSISTENT_GROUP_PROTOCOL', 'NONE'],
  },
  {
    name: 'while members join again, and while the leader divides the work',
    ask: withGroup(async (group, topic) => {
      const leader = await group.leader()
      const joining = await group.member()
      const joined = joining.join()
      while ((await group.describe()) !== 'NONE PreparingRebalance') await new Promise((resolve) => setTimeout(resolve, 10))
      const during = await each(
        () => leader.heartbeat(),
        () => leader.sync(),
        () => leader.commit(topic),
        () => group.delete(),
      )
      await leader.join()
      await joined
      const between = await each(
        () => leader.heartbeat(),
        () => leader.commit(topic),
        () => leader.heartbeat({ generation: 1 }),
      )
      return [...during, ...between]
    }),
    answer: [
      'REBALANCE_IN_PROGRESS',
      'REBALANCE_IN_PROGRESS',
      'NONE',
      'NON_EMPTY_GROUP',
      'NONE',
      'REBALANCE_IN_PROGRESS',
      'ILLEGAL_GENERATION',
    ],
  },
  {
    name: 'a static member that another one has taken the place of, and instances of nobody',
    ask: withGroup(async (group, topic) => {
      const first = await group.leader({ version: 5, instance: 'i1' })
      const second = await group.member()
      await second.join({ version: 5, instance: 'i1' })
      return each(
        () => first.join({ version: 5, instance: 'i1' }),
        () => first.sync({ instance: 'i1' }),
        () => first.heartbeat({ instance: 'i1' }),
        () => first.commit(topic, { instance: 'i1' }),
        () => first.leave({ instance: 'i1' }),
        () => second.heartbeat({ instance: 'i2' }),
        () => second.sync({ instance: 'i2' }),
        () => second.commit(topic, { instance: 'i2' }),
        () => second.leave({ instance: 'i2', memberId: '' }),
        () => second.heartbeat({ instance: 'i1' }),
      )
    }),
    answer: [
      'FENCED_INSTANCE_ID',
      'FENCED_INSTANCE_ID',
      'FENCED_INSTANCE_ID',
      'FENCED_INSTANCE_ID',
      'NONE FENCED_INSTANCE_ID',
      'UNKNOWN_MEMBER_ID',
      'UNKNOWN_MEMBER_ID',
      'UNKNOWN_MEMBER_ID',
      'NONE UNKNOWN_MEMBER_ID',
      'NONE',
    ],
  },
  {
    name: 'OffsetCommit: to a group that is not there, by somebody who says to be its member',
    ask: withGroup(async (group, topic) => {
      const member = await group.member()
      return each(
        () => member.commit(topic, { memberId: 'a', generation: 1, version: 8 }),
        () => member.commit(topic, { memberId: 'a', generation: 1, version: 9 }),
        () => group.describe(),
        () => member.commit(topic),
        () => group.describe(),
      )
    }),
    answer: ['ILLEGAL_GENERATION', 'GROUP_ID_NOT_FOUND', 'GROUP_ID_NOT_FOUND Dead', 'NONE', 'NONE Empty'],
  },
  {
    name: 'OffsetCommit: of another generation, of nobody, and by somebody who is in no group while it has members',
    ask: withGroup(async (group, topic) => {
      const leader = await group.leader()
      const none = { memberId: '', generation: -1 }
      return each(
        () => leader.commit(topic, { generation: 2 }),
        () => leader.commit(topic, { generation: 0 }),
        () => leader.commit(topic, { memberId: 'nobody' }),
        () => leader.commit(topic, none),
        () => leader.commit(topic, { memberId: '' }),
        () => leader.commit(topic),
        () => leader.leave(),
        () => leader.commit(topic),
        () => leader.commit(topic, none),
      )
    }),
    answer: [
      'ILLEGAL_GENERATION',
      'ILLEGAL_GENERATION',
      'UNKNOWN_MEMBER_ID',
      'UNKNOWN_MEMBER_ID',
      'UNKNOWN_MEMBER_ID',
      'NONE',
      'NONE NONE',
      'UNKNOWN_MEMBER_ID',
      'NONE',
    ],
  },
  {
    name: 'OffsetCommit: of topics and partitions that are not there, and with too long a text',
    ask: withGroup(async (group, topic) => {
      const member = await group.member()
      return each(
        () => member.commit(nowhere),
        () => member.commit(nowhere, { version: 10 }),
        () => member.commit(topic, { partition: 1 }),
        () => member.commit(topic, { partition: -1 }),
        () => member.commit(topic, { partition: 1, version: 10 }),
        () => member.commit(topic, { metadata: 'x'.repeat(4097) }),
        () => member.commit(topic, { metadata: 'x'.repeat(4096) }),
        () => member.commit(topic, { version: 10 }),
        () => member.commit(topic, { offset: -1 }),
        () => member.commit(topic, { offset: -7 }),
        () => group.fetch(topic),
      )
    }),
    answer: [
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_ID',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'OFFSET_METADATA_TOO_LARGE',
      'NONE',
      'NONE',
      'NONE',
      'NONE',
      'NONE -7',
    ],
  },
  {
    name: 'OffsetFetch: of groups, topics and partitions that are not there',
    ask: withGroup(async (group, topic) =>
      each(
        () => group.fetch(topic),
        () => group.fetch(nowhere),
        () => group.fetch(nowhere, { version: 10 }),
        () => group.fetch(topic, { version: 10, partition: 9 }),
        () => group.fetch(topic, { version: 7, partition: -1 }),
        () => group.fetch(topic, { version: 2 }),
      ),
    ),
    answer: ['NONE -1', 'NONE -1', 'NONE UNKNOWN_TOPIC_ID', 'NONE -1', 'NONE -1', 'NONE -1'],
  },
  {
    name: 'OffsetFetch: of a topic that was deleted after the commit',
    ask: withGroup(async (group, topic, world) => {
      await (await group.member()).commit(topic, { offset: 5 })
      const before = await group.fetch(topic)
      await world.ask(DeleteTopicsRequest, DeleteTopicsResponse, 5, { topicNames: [topic.name], timeoutMs: 5000 })
      let after = before
      while (after === before) after = await group.fetch(topic)
      return [before, after, await group.fetch(topic, { version: 10 })]
    }),
    answer: ['NONE 5', 'NONE -1', 'NONE UNKNOWN_TOPIC_ID'],
  },
  {
    name: 'DescribeGroups, DeleteGroups, OffsetDelete: of a group that is not there',
    ask: withGroup(async (group, topic) =>
      each(
        () => group.describe(5),
        () => group.describe(6),
        () => group.delete(),
        () => group.forget(topic),
        () => group.forget(nowhere),
      ),
    ),
    answer: ['NONE Dead', 'GROUP_ID_NOT_FOUND Dead', 'GROUP_ID_NOT_FOUND', 'GROUP_ID_NOT_FOUND', 'GROUP_ID_NOT_FOUND'],
  },
  {
    name: 'ListGroups: states and types in any case, and ones that there are not',
    ask: withGroup(async (group) => {
      await group.leader()
      return each(
        () => group.listed(),
        () => group.listed({ statesFilter: ['sTABLE', 'Nonsense'] }),
        () => group.listed({ statesFilter: ['Empty'] }),
        () => group.listed({ statesFilter: ['Nonsense'] }),
        () => group.listed({ typesFilter: ['CLASSIC'] }),
        () => group.listed({ typesFilter: ['consumer'] }),
        () => group.listed({ typesFilter: ['nonsense'] }),
      )
    }),
    answer: [
      'consumer Stable classic',
      'consumer Stable classic',
      'NONE nothing',
      'NONE nothing',
      'consumer Stable classic',
      'NONE nothing',
      'NONE nothing',
    ],
  },
  {
    name: 'DeleteGroups, OffsetDelete: of a group with members',
    ask: withGroup(async (group, topic, world) => {
      const leader = await group.leader({ topics: [topic.name] })
      const other = await world.topic()
      await leader.commit(topic)
      return each(
        () => group.delete(),
        () => group.forget(topic),
        () => group.forget(other),
        () => group.forget(nowhere),
        () => group.forget(topic, 3),
        () => leader.leave(),
        () => group.forget(topic),
        () => group.delete(),
        () => group.describe(),
      )
    }),
    answer: [
      'NON_EMPTY_GROUP',
      'GROUP_SUBSCRIBED_TO_TOPIC',
      'NONE',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'NONE NONE',
      'NONE',
      'NONE',
      'GROUP_ID_NOT_FOUND Dead',
    ],
  },
  {
    name: 'OffsetDelete: of a group whose members are no consumers',
    ask: withGroup(async (group, topic) => {
      const leader = await group.leader({ type: 'connect' })
      return each(
        () => group.forget(topic),
        () => leader.leave(),
        () => group.forget(topic),
      )
    }),
    answer: ['NON_EMPTY_GROUP', 'NONE NONE', 'NONE'],
  },
]
