import t from 'tap'
import type { JoinAnswer, SyncAnswer } from '../../../broker/groups/classic/classic-member.ts'
import type { ClassicGroup } from '../../../broker/groups/classic/classic-group.ts'
import { readAssignment } from '../../../broker/groups/consumer/embedded-protocol.ts'
import { ConsumerProtocolAssignment } from '../../../client/protocol/messages/records/consumer-protocol-assignment.ts'
import { ConsumerProtocolSubscription } from '../../../client/protocol/messages/records/consumer-protocol-subscription.ts'
import { errorOf } from '../../../client/protocol/errors.ts'
import { decodeVersioned, encodeVersioned } from '../../../client/protocol/stored.ts'
import { GroupStage, refusalOf, StageParked } from '../../support/group-stage.ts'

const client = { clientId: 'c', host: '/127.0.0.1', apiVersion: 9 }

interface Joining {
  memberId?: string
  groupInstanceId?: string | null
  owned?: number[]
  topics?: string[]
  protocolType?: string
  protocolName?: string
}

function subscription({ owned = [], topics = ['t'] }: Joining): Buffer {
  const ownedPartitions = owned.length > 0 ? [{ topic: 't', partitions: owned }] : []
  return Buffer.from(
    encodeVersioned(ConsumerProtocolSubscription, 3, { topics, userData: null, ownedPartitions, generationId: -1, rackId: null }),
  )
}

function joinRequest(joining: Joining) {
  const { memberId = '', groupInstanceId = null, protocolType = 'consumer', protocolName = 'cooperative-sticky' } = joining
  return {
    groupId: 'g',
    memberId,
    groupInstanceId,
    protocolType,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 20_000,
    protocols: [{ name: protocolName, metadata: subscription(joining) }],
    reason: null,
  }
}

function join(stage: GroupStage, joining: Joining): JoinAnswer | undefined {
  const request = joinRequest(joining)
  return stage.ask<JoinAnswer>((turn, parked) => stage.machine.join({ request, client, parked }, turn))
}

function sync(stage: GroupStage, memberId: string, generationId: number, shares: Record<string, number[]> = {}): SyncAnswer | undefined {
  const assignments = Object.entries(shares).map(([member, partitions]) => ({ memberId: member, assignment: assigned(partitions) }))
  const request = {
    groupId: 'g',
    memberId,
    generationId,
    groupInstanceId: null,
    protocolType: 'consumer',
    protocolName: 'cooperative-sticky',
    assignments,
  }
  return stage.ask<SyncAnswer>((turn, parked) => stage.machine.sync(request, parked, turn))
}

function assigned(partitions: number[], userData: Buffer | null = null): Buffer {
  return Buffer.from(encodeVersioned(ConsumerProtocolAssignment, 3, { assignedPartitions: [{ topic: 't', partitions }], userData }))
}

function partitionsIn(answer: SyncAnswer | undefined): number[] {
  const { value } = decodeVersioned(ConsumerProtocolAssignment, answer?.assignment as Buffer)
  return value.assignedPartitions.flatMap(({ partitions }) => partitions)
}

function heartbeat(stage: GroupStage, memberId: string, generationId: number): string {
  const request = { groupId: 'g', memberId, generationId, groupInstanceId: null }
  return errorOf(stage.turn((turn) => stage.machine.heartbeat(request, turn))).name
}

/** One classic member, which has all of t. Its id, and its generation. */
function classicGroup(settings = {}): { stage: GroupStage; memberId: string; generation: number } {
  const stage = new GroupStage(settings)
  stage.setTopic('t', 4)
  const memberId = join(stage, {})?.memberId ?? ''
  join(stage, { memberId })
  stage.advance(3000)
  const group = stage.machine.groups.get('g') as ClassicGroup
  sync(stage, memberId, group.generation, { [memberId]: [0, 1, 2, 3] })
  return { stage, memberId, generation: group.generation }
}

t.test('a consumer that joins a classic group makes a consumer group of it, in which the classic member keeps what it has', async (t) => {
  const { stage, memberId, generation } = classicGroup()
  t.equal(stage.machine.groups.get('g')?.type, 'Classic')
  stage.join('n')
  t.same([stage.group().classicMemberCount, stage.group().memberCount], [1, 2])
  t.same(stage.shown(), [`${memberId} ${generation}:0,1,2,3 STABLE`, `n ${generation + 1}: UNRELEASED`])
  stage.restart()
  t.same(stage.shown(), [`${memberId} ${generation}:0,1,2,3 STABLE`, `n ${generation + 1}: UNRELEASED`])
})

t.test('what a leader assigned counts, though it named a topic more than once', async (t) => {
  const assignedPartitions = [[1], [0, 3], [1, 2]].map((partitions) => ({ topic: 't', partitions }))
  const stage = new GroupStage()
  stage.setTopic('t', 4)
  const { partitions } = readAssignment(
    Buffer.from(encodeVersioned(ConsumerProtocolAssignment, 3, { assignedPartitions, userData: null })),
    stage.topics,
  )
  t.same([...partitions.values()], [[0, 1, 2, 3]])
})

t.test(
  'a group that was to rebalance when it went back does so under the next broker too: what the one that left had is nobody\u2019s',
  (t) => {
    const { stage, memberId, generation } = classicGroup()
    stage.join('n')
    join(stage, { memberId, owned: [0, 1, 2, 3] })
    sync(stage, memberId, generation)
    join(stage, { memberId, owned: [0, 1] })
    stage.heartbeat({ memberId: 'n', memberEpoch: generation + 1 })
    stage.heartbeat({ memberId: 'n', memberEpoch: -1 })
    stage.restart()
    const classic = stage.machine.groups.get('g') as ClassicGroup
    t.same([classic.type, classic.state, classic.leader], ['Classic', 'PreparingRebalance', memberId])
    t.equal(heartbeat(stage, memberId, classic.generation), 'REBALANCE_IN_PROGRESS')
    const again = join(stage, { memberId, owned: [0, 1] })
    t.same([again?.leader, again?.generationId], [memberId, classic.generation])
    t.end()
  },
)

t.test('a consumer joins while the classic group prepares its first generation: who waits there is told to begin anew', async (t) => {
  const stage = new GroupStage()
  stage.setTopic('t', 4)
  const memberId = join(stage, {})?.memberId ?? ''
  const waiting = new StageParked()
  stage.turn((turn) => stage.machine.join({ request: joinRequest({ memberId }), client, parked: waiting }, turn))
  t.notOk(waiting.isAnswered)
  const { memberEpoch } = stage.join('n', { subscribedTopicRegex: 't.*' })
  t.equal(memberEpoch, 1, 'epoch 0 would be to join again')
  stage.advance(0)
  t.equal(errorOf((waiting.given as JoinAnswer).errorCode ?? 0).name, 'REBALANCE_IN_PROGRESS')
  t.same([stage.group().classicMemberCount, stage.group().memberCount], [1, 2])
  const joined = join(stage, { memberId })
  t.same(partitionsIn(sync(stage, memberId, joined?.generationId ?? 0)), [0, 2])
})

t.test('a classic member of a consumer group is led by rebalances, and the group goes back when the last consumer leaves', async (t) => {
  const { stage, memberId, generation } = classicGroup()
  stage.join('n')
  t.equal(heartbeat(stage, memberId, generation), 'REBALANCE_IN_PROGRESS')

  const first = join(stage, { memberId, owned: [0, 1, 2, 3] })
  t.same([first?.memberId, first?.generationId, first?.protocolName], [memberId, generation, 'cooperative-sticky'])
  t.same(partitionsIn(sync(stage, memberId, generation)), [0, 1], 'it must give up two, and learns so')
  t.equal(heartbeat(stage, memberId, generation), 'REBALANCE_IN_PROGRESS')

  const second = join(stage, { memberId, owned: [0, 1] })
  t.same(second?.generationId, generation + 1)
  t.same(partitionsIn(sync(stage, memberId, generation + 1)), [0, 1])
  t.equal(heartbeat(stage, memberId, generation + 1), 'NONE')
  stage.heartbeat({ memberId: 'n', memberEpoch: generation + 1 })
  t.same(stage.shown(), [`${memberId} ${generation + 1}:0,1 STABLE`, `n ${generation + 1}:2,3 STABLE`])

  stage.heartbeat({ memberId: 'n', memberEpoch: -1 })
  const classic = stage.machine.groups.get('g') as ClassicGroup
  t.same([classic.type, classic.state, [...classic.members.keys()]], ['Classic', 'PreparingRebalance', [memberId]])
  const third = join(stage, { memberId, owned: [0, 1] })
  t.same([third?.leader, third?.members?.length], [memberId, 1], 'it divides the work again')
  stage.restart()
  t.equal(stage.machine.groups.get('g')?.type, 'Classic')
})

t.test('a group that goes back and forth gives nobody what a classic member has not given up', async (t) => {
  const { stage, memberId: first } = classicGroup()
  stage.join('n')
  const second = join(stage, {})?.memberId ?? ''
  join(stage, { memberId: second })
  stage.heartbeat({ memberId: 'n', memberEpoch: -1 })
  t.equal(stage.machine.groups.get('g')?.type, 'Classic')
  stage.join('m')
  const has = (id: string) => [...(stage.group().member(id)?.assignedPartitions.values() ?? [])].flatMap((epochs) => [...epochs.keys()])
  t.same([has(first), has(second), has('m')], [[0, 1, 2, 3], [], []])
})

t.test('a classic member that joins a consumer group gets its share, and is put out when it is silent', async (t) => {
  const stage = new GroupStage()
  stage.setTopic('t', 2)
  stage.join('n')
  const memberId = join(stage, {})?.memberId ?? ''
  const joined = join(stage, { memberId })
  t.same([joined?.generationId, joined?.errorCode ?? 0], [3, 0])
  stage.heartbeat({ memberId: 'n', memberEpoch: 2 })
  stage.heartbeat({ memberId: 'n', memberEpoch: 2, topicPartitions: [{ topicId: stage.topics.idOf('t'), partitions: [0] }] })
  t.same(partitionsIn(sync(stage, memberId, 3)), [], 'it has nothing yet')
  t.equal(heartbeat(stage, memberId, 3), 'REBALANCE_IN_PROGRESS', 'there is something to fetch')
  join(stage, { memberId })
  t.same(partitionsIn(sync(stage, memberId, 3)), [1])
  stage.advance(9999)
  t.equal(heartbeat(stage, memberId, 3), 'NONE')
  stage.advance(10_000)
  t.equal(stage.group().memberCount, 1)
})

t.test('a classic member that does not join again when it is told to is put out, though it heartbeats', async (t) => {
  const { stage, memberId, generation } = classicGroup()
  stage.join('n')
  for (let second = 0; second < 20; second += 5) {
    t.equal(heartbeat(stage, memberId, generation), 'REBALANCE_IN_PROGRESS')
    stage.advance(5000)
  }
  t.same(
    [...stage.group().members()].map(({ memberId: id }) => id),
    ['n'],
  )
})

t.test('a static member moves from the classic protocol to the other by a restart, and back', async (t) => {
  const stage = new GroupStage()
  stage.setTopic('t', 2)
  stage.join('n', { instanceId: 'one' })
  stage.join('m')
  const joined = join(stage, { groupInstanceId: 'one' })
  t.equal(stage.group().staticMember('one')?.memberId, joined?.memberId)
  t.ok(stage.group().staticMember('one')?.classic)
  t.same(stage.group().classicMemberCount, 1)
  stage.join('k', { instanceId: 'one' })
  t.same([stage.group().classicMemberCount, stage.group().staticMember('one')?.memberId], [0, 'k'])
})

t.test('a static consumer, the last one, that comes back with the classic protocol takes the group with it', async (t) => {
  const stage = new GroupStage()
  stage.setTopic('t', 2)
  stage.join('n', { instanceId: 'one' })
  stage.heartbeat({ memberId: 'n', memberEpoch: -2, instanceId: 'one' })
  const joined = join(stage, { groupInstanceId: 'one' })
  const classic = stage.machine.groups.get('g') as ClassicGroup
  t.same([classic.type, classic.generation, classic.state], ['Classic', joined?.generationId, 'Stable'])
  t.same(partitionsIn(sync(stage, joined?.memberId ?? '', classic.generation)), [0, 1])
  stage.restart()
  t.equal(stage.machine.groups.get('g')?.type, 'Classic')
})

t.test('an empty group changes its protocol whatever the policy', async (t) => {
  const stage = new GroupStage({ migrationPolicy: 'disabled' })
  stage.setTopic('t', 2)
  stage.join('n')
  stage.heartbeat({ memberId: 'n', memberEpoch: -1 })
  join(stage, {})
  t.equal(stage.machine.groups.get('g')?.type, 'Classic')
  stage.advance(10_000)
  stage.join('n')
  t.equal(stage.machine.groups.get('g')?.type, 'Consumer')
  stage.restart()
  t.equal(stage.group().memberCount, 1)
})

t.test('what cannot be converted is refused with Kafka’s codes', async (t) => {
  for (const migrationPolicy of ['disabled', 'downgrade'] as const) {
    t.equal(
      refusalOf(() => classicGroup({ migrationPolicy }).stage.join('n')),
      'GROUP_ID_NOT_FOUND',
      migrationPolicy,
    )
  }
  t.equal(
    refusalOf(() => classicGroup({ membersMax: 0 }).stage.join('n')),
    'GROUP_ID_NOT_FOUND',
    'more members than may be',
  )
  const { stage, memberId, generation } = classicGroup()
  const group = stage.machine.groups.get('g') as ClassicGroup
  const member = group.members.get(memberId)
  if (member) member.assignment = assigned([0], Buffer.from('of an assignor of its own'))
  t.equal(
    refusalOf(() => stage.join('n')),
    'GROUP_ID_NOT_FOUND',
    'an assignor’s own data would be lost',
  )
  t.equal(
    refusalOf(() => stage.heartbeat({ memberId, memberEpoch: generation })),
    'GROUP_ID_NOT_FOUND',
    'not by who is in it already',
  )

  const disabled = new GroupStage({ migrationPolicy: 'disabled' })
  disabled.setTopic('t', 1)
  disabled.join('n')
  t.equal(
    refusalOf(() => join(disabled, {})),
    'INCONSISTENT_GROUP_PROTOCOL',
  )
  const enabled = new GroupStage()
  enabled.setTopic('t', 1)
  enabled.join('n')
  t.equal(
    refusalOf(() => join(enabled, { protocolType: 'connect' })),
    'INCONSISTENT_GROUP_PROTOCOL',
  )
  t.equal(
    refusalOf(() => heartbeat(enabled, 'n', 2)),
    'UNKNOWN_MEMBER_ID',
    'it does not speak the classic protocol',
  )
  t.equal(
    refusalOf(() => sync(enabled, 'n', 2)),
    'UNKNOWN_MEMBER_ID',
  )
  const joined = join(enabled, { memberId: 'k' })
  t.equal(
    refusalOf(() => heartbeat(enabled, 'k', (joined?.generationId ?? 0) + 1)),
    'ILLEGAL_GENERATION',
  )
})
