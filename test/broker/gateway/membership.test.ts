/** Stories of a member that a stream is in its client's name: answers of the coordinator, and what follows from them. */
import t from 'tap'
import { Membership, type MembershipEffect, type TopicPartition } from '../../../broker/gateway/membership.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'

function brief(effect: MembershipEffect): string {
  const names = (partitions: readonly TopicPartition[]) => partitions.map(({ topicId, partition }) => `${topicId}-${partition}`).join(' ')
  switch (effect.type) {
    case 'heartbeat':
      return effect.afterMs === 0 ? 'heartbeat now' : `heartbeat in ${effect.afterMs}`
    case 'assign':
      return `assign ${names(effect.partitions)}`
    case 'revoke':
      return `${effect.isLost ? 'lose' : 'revoke'} ${names(effect.partitions)}`
    case 'fail':
      return `fail ${effect.code}`
    default:
      return effect satisfies never
  }
}

/** As a coordinator says it. */
const given = (memberEpoch: number, partitions?: number[]) => ({
  memberEpoch,
  heartbeatIntervalMs: 5000,
  assignment: partitions ? { topicPartitions: [{ topicId: 'a', partitions }] } : null,
})
const owned = (partitions: number[]) => [{ topicId: 'a', partitions }]

t.test('it joins, takes what it is given, and says so at once', (t) => {
  const member = new Membership()
  t.ok(member.isJoining)
  t.strictSame(member.toReport, [])
  t.strictSame(member.answered(given(1, [0, 1])).map(brief), ['assign a-0 a-1', 'heartbeat now'])
  t.strictSame(member.toReport, owned([0, 1]))
  t.strictSame(member.answered(given(1)).map(brief), ['heartbeat in 5000'])
  t.equal(member.toReport, null, 'after that it only lives')
  t.end()
})

t.test('what it must give up is its own until the client has released it', (t) => {
  const member = new Membership()
  member.answered(given(1, [0, 1, 2]))
  member.answered(given(1))
  t.strictSame(member.answered(given(1, [0])).map(brief), ['revoke a-1 a-2', 'heartbeat in 5000'])
  t.equal(member.toReport, null)
  t.strictSame(member.released([{ topicId: 'a', partition: 1 }]).map(brief), [])
  t.strictSame(member.released([{ topicId: 'a', partition: 1 }]).map(brief), [], 'twice is once')
  t.strictSame(member.released(member.revoking).map(brief), ['heartbeat now'])
  t.strictSame(member.toReport, owned([0]))
  t.strictSame(member.answered(given(2)).map(brief), ['heartbeat in 5000'])
  t.end()
})

t.test('a member that is fenced has lost everything, and joins again', (t) => {
  const member = new Membership()
  member.answered(given(4, [0]))
  t.strictSame(member.answered({ errorCode: ErrorCode.FENCED_MEMBER_EPOCH }).map(brief), ['lose a-0', 'heartbeat in 500'])
  t.ok(member.isJoining)
  t.strictSame(member.toReport, [])
  t.notOk(member.owns({ topicId: 'a', partition: 0 }))
  t.strictSame(member.answered(given(6, [0])).map(brief), ['assign a-0', 'heartbeat now'])
  t.end()
})

t.test('a coordinator that is not ready is asked again; one that refuses ends it', (t) => {
  const member = new Membership()
  t.strictSame(member.answered({ errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS }).map(brief), ['heartbeat in 500'])
  member.answered(given(1, [0]))
  t.strictSame(member.answered({ errorCode: ErrorCode.GROUP_MAX_SIZE_REACHED }).map(brief), [
    'lose a-0',
    `fail ${ErrorCode.GROUP_MAX_SIZE_REACHED}`,
  ])
  t.end()
})
