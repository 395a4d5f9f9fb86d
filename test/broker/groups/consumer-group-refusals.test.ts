import t from 'tap'
import { checkHeartbeat, type HeartbeatRequest } from '../../../broker/groups/consumer/heartbeat-request.ts'
import { GroupStage, refusalOf } from '../../support/group-stage.ts'

const joining: HeartbeatRequest = {
  groupId: 'g',
  memberId: 'a',
  memberEpoch: 0,
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: 60_000,
  subscribedTopicNames: ['t'],
  subscribedTopicRegex: null,
  serverAssignor: null,
  topicPartitions: [],
}

/** What is wrong with a request whatever the group: the field that is other than in a good one, and Kafka's answer. */
const malformed: [about: string, other: Partial<HeartbeatRequest>, code: string, apiVersion?: number][] = [
  ['nothing', {}, 'NONE'],
  ['no member id, which the broker made in version 0', { memberId: '' }, 'NONE', 0],
  ['no member id', { memberId: '' }, 'INVALID_REQUEST'],
  ['a blank member id', { memberId: ' ' }, 'INVALID_REQUEST'],
  ['no member id, though it has joined', { memberId: '', memberEpoch: 1 }, 'INVALID_REQUEST', 0],
  ['no group id', { groupId: '' }, 'INVALID_REQUEST'],
  ['an empty instance id', { instanceId: '' }, 'INVALID_REQUEST'],
  ['an empty rack', { rackId: '' }, 'INVALID_REQUEST'],
  ['no rebalance timeout', { rebalanceTimeoutMs: -1 }, 'INVALID_REQUEST'],
  ['no rebalance timeout, once it was given', { rebalanceTimeoutMs: -1, memberEpoch: 1 }, 'NONE'],
  ['a member that has something before it joins', { topicPartitions: [{ topicId: 'x', partitions: [0] }] }, 'INVALID_REQUEST'],
  ['a member that does not say what it has as it joins', { topicPartitions: null }, 'INVALID_REQUEST'],
  ['no subscription', { subscribedTopicNames: null }, 'INVALID_REQUEST'],
  ['a subscription by expression alone', { subscribedTopicNames: null, subscribedTopicRegex: 'a' }, 'NONE'],
  ['a dynamic member that leaves for now', { memberEpoch: -2 }, 'INVALID_REQUEST'],
  ['an epoch that means nothing', { memberEpoch: -3 }, 'INVALID_REQUEST'],
  ['an assignor that is not offered', { serverAssignor: 'sticky' }, 'UNSUPPORTED_ASSIGNOR'],
  ['an assignor that is', { serverAssignor: 'range' }, 'NONE'],
]

t.test('what is wrong with a heartbeat by itself', async (t) => {
  for (const [about, other, code, apiVersion = 1] of malformed) {
    const refusal = refusalOf(() => checkHeartbeat({ ...joining, ...other }, apiVersion, ['uniform', 'range']))
    t.equal(refusal, code, about)
  }
})

/** In a group of `a` (has 0 and 1), `b` (has 2), and the static member `s` of instance `one` (has 3), all at epoch 4; `a` was at 2 before. */
const outOfPlace: [about: string, request: Partial<HeartbeatRequest>, code: string, membersMax?: number][] = [
  ['a member that lives', { memberId: 'a', memberEpoch: 4 }, 'NONE'],
  ['a group that does not exist', { groupId: 'none', memberId: 'a', memberEpoch: 1 }, 'GROUP_ID_NOT_FOUND'],
  ['who leaves a group that does not exist', { groupId: 'none', memberId: 'a', memberEpoch: -1 }, 'GROUP_ID_NOT_FOUND'],
  ['a member that never joined', { memberId: 'x', memberEpoch: 1 }, 'UNKNOWN_MEMBER_ID'],
  ['who leaves without having joined', { memberId: 'x', memberEpoch: -1 }, 'UNKNOWN_MEMBER_ID'],
  ['an epoch of the future', { memberId: 'a', memberEpoch: 9 }, 'FENCED_MEMBER_EPOCH'],
  ['an epoch of long ago', { memberId: 'a', memberEpoch: 1 }, 'FENCED_MEMBER_EPOCH'],
  ['the epoch before, without a word on what it has', { memberId: 'a', memberEpoch: 2 }, 'FENCED_MEMBER_EPOCH'],
  [
    'the epoch before, with more than it was given',
    { memberId: 'a', memberEpoch: 2, topicPartitions: [{ topicId: 't', partitions: [0, 3] }] },
    'FENCED_MEMBER_EPOCH',
  ],
  [
    'the epoch before, with what it was given',
    { memberId: 'a', memberEpoch: 2, topicPartitions: [{ topicId: 't', partitions: [0] }] },
    'NONE',
  ],
  ['an instance id that nobody has', { memberId: 'a', memberEpoch: 4, instanceId: 'two' }, 'UNKNOWN_MEMBER_ID'],
  ['an instance id that another member has', { memberId: 'a', memberEpoch: 4, instanceId: 'one' }, 'FENCED_INSTANCE_ID'],
  ['who leaves with an instance id that another has', { memberId: 'a', memberEpoch: -1, instanceId: 'one' }, 'FENCED_INSTANCE_ID'],
  ['who leaves for now with an instance id that nobody has', { memberId: 'a', memberEpoch: -2, instanceId: 'two' }, 'UNKNOWN_MEMBER_ID'],
  ['an instance id whose member has not left', { ...joining, memberId: 'y', instanceId: 'one' }, 'UNRELEASED_INSTANCE_ID'],
  ['a fourth member where three is all', { ...joining, memberId: 'y' }, 'GROUP_MAX_SIZE_REACHED', 3],
  ['one of the three that begins anew', { ...joining, memberId: 'a' }, 'NONE', 3],
  ['an expression that is none', { memberId: 'a', memberEpoch: 4, subscribedTopicRegex: '[a' }, 'INVALID_REGULAR_EXPRESSION'],
  ['an expression that RE2 does not have', { memberId: 'a', memberEpoch: 4, subscribedTopicRegex: '(a)\\1' }, 'INVALID_REGULAR_EXPRESSION'],
]

function settledGroup(membersMax = 4): GroupStage {
  const stage = new GroupStage({ membersMax })
  stage.setTopic('t', 4)
  stage.join('a')
  stage.join('b')
  stage.join('s', { instanceId: 'one' })
  const topicId = stage.topics.idOf('t')
  for (let round = 0; round < 4; round++) {
    for (const member of [...stage.group().members()]) {
      const partitions = [...(member.assignedPartitions.get(topicId)?.keys() ?? [])]
      const { memberId, memberEpoch, instanceId } = member
      stage.heartbeat({ memberId, memberEpoch, instanceId, topicPartitions: [{ topicId, partitions }] })
    }
  }
  return stage
}

t.test('steps that are illegal as the group stands, each with Kafka’s code', async (t) => {
  const settled = settledGroup().shown()
  t.same(settled, ['a 4:0,1 STABLE', 'b 4:2 STABLE', 's 4:3 STABLE'])
  for (const [about, request, code, membersMax] of outOfPlace) {
    const stage = settledGroup(membersMax)
    const written = stage.log.length
    const topicPartitions = request.topicPartitions?.map((each) => ({ ...each, topicId: stage.topics.idOf('t') })) ?? null
    t.equal(
      refusalOf(() => stage.heartbeat({ ...request, topicPartitions })),
      code,
      about,
    )
    if (code !== 'NONE') t.same([stage.shown(), stage.log.length], [settled, written], 'and nothing has happened')
  }
})

/** By `a`, whose epoch is 4 and which got its partitions at epoch 2. */
const commits: [about: string, committer: object, code: string, partition?: number][] = [
  ['its epoch', { generationIdOrMemberEpoch: 4 }, 'NONE'],
  ['an epoch of the future', { generationIdOrMemberEpoch: 5 }, 'STALE_MEMBER_EPOCH'],
  ['an older epoch, of what it has had since before', { generationIdOrMemberEpoch: 3 }, 'NONE', 0],
  ['an older epoch, of what it has not', { generationIdOrMemberEpoch: 3 }, 'STALE_MEMBER_EPOCH', 3],
  ['an epoch from before it got it', { generationIdOrMemberEpoch: 1 }, 'STALE_MEMBER_EPOCH', 0],
  ['nobody of the group', { memberId: 'x', generationIdOrMemberEpoch: 4 }, 'UNKNOWN_MEMBER_ID'],
  ['nobody at all, while there are members', { memberId: '', generationIdOrMemberEpoch: -1 }, 'UNKNOWN_MEMBER_ID'],
  ['nobody at all, in a transaction', { memberId: '', generationIdOrMemberEpoch: -1, isTransactional: true }, 'NONE'],
  ['a version that knows no epochs', { generationIdOrMemberEpoch: 4, apiVersion: 8 }, 'UNSUPPORTED_VERSION'],
]

t.test('who may commit offsets', async (t) => {
  const stage = settledGroup()
  for (const [about, committer, code, partition = 0] of commits) {
    const whole = {
      memberId: 'a',
      groupInstanceId: null,
      generationIdOrMemberEpoch: 0,
      apiVersion: 9,
      isTransactional: false,
      ...committer,
    }
    const refusal = refusalOf(() => stage.group().checkCommit(whole)?.(stage.topics.idOf('t'), partition))
    t.equal(refusal, code, about)
  }
  t.equal(
    refusalOf(() => stage.group().checkFetch(null, -1)),
    'NONE',
    'anybody may fetch',
  )
  t.equal(
    refusalOf(() => stage.group().checkFetch('a', 4)),
    'NONE',
  )
  t.equal(
    refusalOf(() => stage.group().checkFetch('a', 3)),
    'STALE_MEMBER_EPOCH',
  )
  t.equal(
    refusalOf(() => stage.group().checkFetch('x', 4)),
    'UNKNOWN_MEMBER_ID',
  )
  t.equal(
    refusalOf(() => stage.group().checkDelete()),
    'NON_EMPTY_GROUP',
  )
})
