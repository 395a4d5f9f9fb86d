import t from 'tap'
import { groupRecord } from '../../../broker/groups/consumer/consumer-records.ts'
import { groupCodec } from '../../../broker/groups/records.ts'
import { GroupStage } from '../../support/group-stage.ts'

function stageWithTopic(partitions = 4, overrides = {}): GroupStage {
  const stage = new GroupStage(overrides)
  stage.setTopic('t', partitions)
  return stage
}

t.test('the first member gets everything at once, and the records are written in Kafka’s order', async (t) => {
  const stage = stageWithTopic()
  const { assignment, ...answer } = stage.join('a')
  t.same(answer, { memberId: 'a', memberEpoch: 2, heartbeatIntervalMs: 5000 })
  t.same(assignment, { topicPartitions: [{ topicId: stage.topics.idOf('t'), partitions: [0, 1, 2, 3] }] })
  t.same(stage.written, [
    'ConsumerGroupMemberMetadata',
    'ConsumerGroupMetadata',
    'ConsumerGroupTargetAssignmentMember',
    'ConsumerGroupTargetAssignmentMetadata',
    'ConsumerGroupCurrentMemberAssignment',
  ])
  t.equal(stage.group().stateName, 'Stable')
})

t.test('a heartbeat that changes nothing writes nothing and says nothing of the assignment', async (t) => {
  const stage = stageWithTopic()
  stage.join('a')
  stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  const { assignment, memberEpoch } = stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  t.same([assignment, memberEpoch, stage.written], [null, 2, []])
})

t.test('a second member gets what the first gives up, once it has', async (t) => {
  const stage = stageWithTopic()
  stage.join('a')
  stage.join('b')
  t.same(stage.shown(), ['a 2:0,1,2,3 STABLE', 'b 3: UNRELEASED'])

  const told = stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  t.same(told.assignment?.topicPartitions[0]?.partitions, [0, 1])
  t.same(stage.shown(), ['a 2:0,1 UNREVOKED', 'b 3: UNRELEASED'])
  stage.heartbeat({ memberId: 'b', memberEpoch: 3 })
  t.same(stage.shown(), ['a 2:0,1 UNREVOKED', 'b 3: UNRELEASED'], 'a still has 2 and 3, for all that is known')

  stage.heartbeat({ memberId: 'a', memberEpoch: 2, topicPartitions: [{ topicId: stage.topics.idOf('t'), partitions: [0, 1] }] })
  const given = stage.heartbeat({ memberId: 'b', memberEpoch: 3 })
  t.same(given.assignment?.topicPartitions[0]?.partitions, [2, 3])
  t.same(stage.shown(), ['a 3:0,1 STABLE', 'b 3:2,3 STABLE'])
})

t.test('who leaves is gone at once, and the others get its partitions', async (t) => {
  const stage = stageWithTopic()
  stage.join('a')
  stage.join('b')
  t.same(stage.heartbeat({ memberId: 'a', memberEpoch: -1 }), { memberId: 'a', memberEpoch: -1, heartbeatIntervalMs: 0, assignment: null })
  stage.heartbeat({ memberId: 'b', memberEpoch: 3 })
  t.same(stage.shown(), ['b 4:0,1,2,3 STABLE'])
  stage.heartbeat({ memberId: 'b', memberEpoch: -1 })
  t.same([stage.group().stateName, stage.group().epoch], ['Empty', 5])
})

t.test('who is silent for its session is put out; who heartbeats is not', async (t) => {
  const stage = stageWithTopic()
  stage.join('a')
  stage.join('b')
  for (let i = 0; i < 5; i++) {
    stage.advance(10_000)
    stage.heartbeat({ memberId: 'b', memberEpoch: 3 })
  }
  t.same(stage.shown(), ['b 4:0,1,2,3 STABLE'])
})

t.test('who does not give up its partitions within its rebalance timeout is put out', async (t) => {
  const stage = stageWithTopic()
  stage.join('a', { rebalanceTimeoutMs: 20_000 })
  stage.join('b')
  stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  stage.advance(19_999)
  stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  t.equal(stage.group().memberCount, 2)
  stage.advance(1)
  t.equal(stage.group().memberCount, 1)
})

t.test('a topic that grows, comes or goes begins a new group epoch with the next heartbeat', async (t) => {
  const stage = stageWithTopic(2)
  stage.join('a', { subscribedTopicNames: ['t', 'u'] })
  stage.setTopic('t', 3)
  stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  t.same(stage.shown(), ['a 3:0,1,2 STABLE'])
  stage.setTopic('u', 1)
  stage.heartbeat({ memberId: 'a', memberEpoch: 3 })
  t.same(stage.shown('u'), ['a 4:0 STABLE'])
  stage.deleteTopic('t')
  // What it loses it must give up, though nobody else could have it.
  stage.heartbeat({ memberId: 'a', memberEpoch: 4 })
  t.same([stage.shown('u'), stage.group().assignmentEpoch], [['a 4:0 UNREVOKED'], 5])
  stage.setTopic('other', 1)
  stage.heartbeat({ memberId: 'a', memberEpoch: 4, topicPartitions: [] })
  t.same([stage.shown('u'), stage.group().epoch], [['a 5:0 STABLE'], 5])
})

t.test('a new target is made no sooner than the assignment interval after the last', async (t) => {
  const stage = stageWithTopic(4, { assignmentIntervalMillis: 1000 })
  stage.join('a')
  stage.join('b')
  t.same([stage.group().stateName, stage.group().epoch, stage.group().assignmentEpoch], ['Assigning', 3, 2])
  stage.advance(999)
  stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  t.equal(stage.group().assignmentEpoch, 2)
  stage.advance(1)
  stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  t.equal(stage.group().assignmentEpoch, 3)
})

t.test('a static member that comes back soon finds what it had, under another member id', async (t) => {
  const stage = stageWithTopic()
  stage.join('a', { instanceId: 'one' })
  stage.join('b', { instanceId: 'two' })
  t.same(stage.heartbeat({ memberId: 'a', memberEpoch: -2, instanceId: 'one' }).memberEpoch, -2)
  stage.heartbeat({ memberId: 'b', memberEpoch: 3, instanceId: 'two' })
  t.same(stage.shown(), ['a -2:0,1,2,3 STABLE', 'b 3: UNRELEASED'], 'its partitions wait for it')
  const back = stage.join('c', { instanceId: 'one' })
  t.same([back.memberEpoch, back.assignment?.topicPartitions[0]?.partitions], [3, [0, 1]])
  stage.heartbeat({ memberId: 'b', memberEpoch: 3, instanceId: 'two' })
  t.same(stage.shown(), ['b 3:2,3 STABLE', 'c 3:0,1 STABLE'])
})

t.test('a static member that does not come back within its session is gone', async (t) => {
  const stage = stageWithTopic()
  stage.join('a', { instanceId: 'one' })
  stage.heartbeat({ memberId: 'a', memberEpoch: -2, instanceId: 'one' })
  stage.advance(45_000)
  t.equal(stage.group().stateName, 'Empty')
})

t.test('a member that no longer subscribes to a topic gives it up before there is a new target', async (t) => {
  const stage = stageWithTopic(2, { assignmentIntervalMillis: 1000 })
  stage.setTopic('u', 1)
  stage.join('a', { subscribedTopicNames: ['t', 'u'] })
  const { assignment } = stage.heartbeat({ memberId: 'a', memberEpoch: 2, subscribedTopicNames: ['u'] })
  t.same(assignment?.topicPartitions, [{ topicId: stage.topics.idOf('u'), partitions: [0] }])
  t.same(stage.shown(), ['a 2: UNREVOKED'])
})

t.test('the assignor is the one that most members name', async (t) => {
  const stage = stageWithTopic()
  stage.join('a', { serverAssignor: 'range' })
  stage.join('b', { serverAssignor: 'range' })
  stage.join('c', { serverAssignor: 'uniform' })
  t.equal(stage.machine.consumers.describe('g').assignorName, 'range')
})

t.test('regular expressions match in a turn of their own, and again when topics come', async (t) => {
  const stage = new GroupStage()
  stage.setTopic('t-1', 1)
  stage.setTopic('x-t-1', 1)
  const joined = stage.join('a', { subscribedTopicRegex: 't-.*' })
  t.same([joined.memberEpoch, joined.assignment?.topicPartitions], [1, []], 'what it matches is not known yet')
  stage.advance(0)
  t.same(stage.written, ['ConsumerGroupRegularExpression', 'ConsumerGroupMetadata'])
  const told = stage.heartbeat({ memberId: 'a', memberEpoch: 1 })
  t.same(
    told.assignment?.topicPartitions.map(({ topicId }) => stage.topics.nameOf(topicId)),
    ['t-1'],
    'a whole name must match',
  )

  stage.setTopic('t-2', 1)
  stage.advance(5000)
  stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  stage.advance(0)
  t.equal(stage.group().epoch, 2, 'not looked at again so soon')
  stage.advance(5001)
  stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  stage.advance(0)
  stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  t.same([stage.shown('t-2'), stage.shown('t-1')], [['a 3:0 STABLE'], ['a 3:0 STABLE']])

  stage.heartbeat({ memberId: 'a', memberEpoch: -1 })
  t.ok(stage.written.includes('-ConsumerGroupRegularExpression'), 'nobody subscribes by it any more')
})

t.test('a restart loses nothing but what was about to time out', async (t) => {
  const stage = stageWithTopic()
  stage.setTopic('r1', 1)
  stage.join('a', { instanceId: 'one' })
  stage.join('b', { subscribedTopicRegex: 'r.*', serverAssignor: 'uniform' })
  stage.advance(0)
  stage.heartbeat({ memberId: 'a', memberEpoch: 2, instanceId: 'one' })
  const before = [stage.machine.consumers.describe('g'), stage.shown()]
  stage.restart()
  t.same([stage.machine.consumers.describe('g'), stage.shown()], before)
  stage.advance(44_000)
  stage.heartbeat({ memberId: 'b', memberEpoch: stage.group().member('b')?.memberEpoch ?? 0 })
  stage.advance(44_000)
  t.same(
    [...stage.group().members()].map(({ memberId }) => memberId),
    ['b'],
    'members that do not say that they live are put out',
  )
})

t.test('a group whose metadata Kafka has hashed begins one epoch more, in which nobody loses anything', async (t) => {
  const stage = stageWithTopic()
  stage.join('a')
  stage.join('b')
  stage.heartbeat({ memberId: 'a', memberEpoch: 2 })
  const all = [{ topicId: stage.topics.idOf('t'), partitions: [0, 1] }]
  stage.heartbeat({ memberId: 'a', memberEpoch: 2, topicPartitions: all })
  stage.heartbeat({ memberId: 'b', memberEpoch: 3 })
  t.same(stage.shown(), ['a 3:0,1 STABLE', 'b 3:2,3 STABLE'])
  // Kafka's takes all of 64 bits, which a number rounds.
  stage.log.push(groupCodec.encode(groupRecord('g', 3, -0x7edc_ba98_7654_3000)))
  stage.restart()
  const [toA, toB] = ['a', 'b'].map((memberId) => stage.heartbeat({ memberId, memberEpoch: 3 }))
  t.same([stage.group().epoch, toA?.memberEpoch, toB?.memberEpoch], [4, 4, 4])
  t.same(stage.shown(), ['a 4:0,1 STABLE', 'b 4:2,3 STABLE'])
  stage.restart()
  for (const memberId of ['a', 'b']) {
    stage.heartbeat({ memberId, memberEpoch: 4 })
    t.same(stage.written, [], 'and that is all')
  }
})

t.test('a group that is deleted is gone from the log too', async (t) => {
  const stage = stageWithTopic()
  stage.join('a', { subscribedTopicRegex: 'r.*' })
  stage.advance(0)
  stage.heartbeat({ memberId: 'a', memberEpoch: -1 })
  stage.turn((turn) => stage.machine.delete('g', turn))
  t.equal(stage.machine.groups.size, 0)
  stage.restart()
  t.equal(stage.machine.groups.size, 0)
})
