/** Each checker of groups has a case in which it speaks, and the like of it in which it is right not to. */
import t from 'tap'
import { ConsumerGroup } from '../../../broker/groups/consumer/consumer-group.ts'
import { assignmentRecord, memberRecord, targetRecord } from '../../../broker/groups/consumer/consumer-records.ts'
import { newMember, withEpoch } from '../../../broker/groups/consumer/member.ts'
import { Assignments } from './assignments.ts'
import { CommittedOffsets, type TransactionFate } from './committed-offsets.ts'
import { CoordinatorView } from './coordinator-view.ts'
import { Settling } from './settling.ts'

const said = (text: string) => ({ name: 'Violation', message: new RegExp(text) })
const topicId = 'ko95w7t8R3mKjurWWd9m6w'

/** Offsets of one place, with who fetches as short as can be. */
function place() {
  const offsets = new CommittedOffsets()
  const fetch = (offset: number, { isStable = false, sentAt = offsets.now() } = {}) =>
    offsets.fetched('p', offset, { by: 'reader', sentAt, isStable })
  return { offsets, fetch, send: (transaction?: TransactionFate) => offsets.send('p', 'member', transaction) }
}

t.test('an acknowledged commit is what is fetched, until the next', async (t) => {
  const { offsets, fetch, send } = place()
  fetch(-1)
  const first = send()
  fetch(-1)
  fetch(first.offset)
  offsets.acknowledged(first)
  const second = send()
  fetch(first.offset)
  offsets.acknowledged(second)
  fetch(second.offset)
  t.doesNotThrow(() => offsets.check())
  fetch(first.offset)
  t.throws(() => offsets.check(), said('was fetched after'))
})

t.test('an acknowledged commit that nobody ever fetches is lost', async (t) => {
  const { offsets, fetch, send } = place()
  const first = send()
  offsets.acknowledged(first)
  offsets.acknowledged(send())
  fetch(first.offset)
  t.throws(() => offsets.check(), said('is lost'))
})

t.test('a commit without an answer counts at any later moment, or never, and stays once it was seen', async (t) => {
  const { offsets, fetch, send } = place()
  const first = send()
  offsets.acknowledged(first)
  const [late] = [send(), send()]
  fetch(first.offset)
  fetch(late.offset)
  t.doesNotThrow(() => offsets.check())
  fetch(first.offset)
  t.throws(() => offsets.check(), said('is lost'))
})

t.test('a fetch that was under way may see what was before', async (t) => {
  const { offsets, fetch, send } = place()
  const sentAt = offsets.now()
  const commit = send()
  offsets.acknowledged(commit)
  fetch(-1, { sentAt })
  t.doesNotThrow(() => offsets.check())
})

t.test('what was refused, or never committed, is never fetched', async (t) => {
  const { offsets, fetch, send } = place()
  const refused = send()
  offsets.refused(refused)
  t.throws(() => fetch(refused.offset), said('though it was refused'))
  t.throws(() => fetch(99), said('nobody committed there'))
  const seen = send()
  fetch(seen.offset)
  t.throws(() => offsets.refused(seen), said('could be fetched'))
})

t.test('a commit in a transaction counts with it, for who wants stable offsets at once', async (t) => {
  const fate: TransactionFate = { fate: 'open', committedAt: Number.POSITIVE_INFINITY }
  const { offsets, fetch, send } = place()
  const commit = send(fate)
  offsets.acknowledged(commit)
  t.throws(() => fetch(commit.offset), said('in a transaction that is open'))
  fate.fate = 'aborted'
  t.throws(() => fetch(commit.offset), said('in a transaction that is aborted'))
  fate.fate = 'committed'
  fate.committedAt = offsets.now()
  fetch(-1)
  t.doesNotThrow(() => offsets.check(), 'the marker may not be written yet')
  fetch(-1, { isStable: true })
  fetch(-1, { isStable: true })
  t.throws(() => offsets.check(), said('is lost'))
})

function grouped(members: Record<string, { has: number[]; epoch: number }>): ConsumerGroup {
  const group = new ConsumerGroup('g')
  for (const [memberId, { has, epoch }] of Object.entries(members)) {
    const assignedPartitions = withEpoch(new Map([[topicId, has]]), epoch)
    const member = { ...newMember(memberId), memberEpoch: epoch, assignedPartitions }
    group.apply(memberRecord('g', member))
    group.apply(targetRecord('g', memberId, new Map([[topicId, has]])))
    group.apply(assignmentRecord('g', member))
  }
  return group
}

t.test('the broker has a partition as one member’s', async (t) => {
  const view = new CoordinatorView(['g'])
  view.observe(1, () => grouped({ a: { has: [0], epoch: 2 }, b: { has: [1], epoch: 2 } }))
  t.throws(() => view.observe(1, () => grouped({ a: { has: [0], epoch: 2 }, b: { has: [0], epoch: 2 } })), said("as a's and b's"))
})

t.test('a member comes to an epoch with no more than is part of its target there', async (t) => {
  const view = new CoordinatorView(['g'])
  view.observe(1, () => grouped({ a: { has: [0], epoch: 1 } }))
  const ahead = grouped({ a: { has: [0, 1], epoch: 1 } })
  ahead.apply(targetRecord('g', 'a', new Map([[topicId, [1]]])))
  t.throws(() => view.observe(1, () => ahead), said('not part of its target'))
})

t.test('a commit could be taken while its member was at that epoch, and not when it no longer was', async (t) => {
  const view = new CoordinatorView(['g'])
  const claim = { memberId: 'a', epoch: 2, topicId, partition: 1, isTransactional: false }
  t.notOk(view.couldCommit('g', claim, view.step), 'no member yet')
  view.observe(1, () => grouped({ a: { has: [0], epoch: 2 } }))
  const before = view.step
  t.ok(view.couldCommit('g', claim, before))
  view.observe(1, () => grouped({ a: { has: [0], epoch: 3 } }))
  t.ok(view.couldCommit('g', claim, before), 'it was sent before')
  view.observe(1, () => undefined)
  t.notOk(view.couldCommit('g', claim, view.step))
  t.notOk(view.couldCommit('g', { ...claim, partition: 0 }, view.step), 'it has had the partition since epoch 3')
  const era = view.era('g')
  view.observe(1, () => null)
  t.ok(view.era('g') > era, 'the next group of that name is another')
})

t.test('members are told of one owner in a generation, and of a new one when the last has given up', async (t) => {
  const view = new CoordinatorView(['g'])
  view.observe(1, () => grouped({ a: { has: [], epoch: 2 }, b: { has: [], epoch: 2 } }))
  const assignments = new Assignments(view)
  const told = (memberId: string, epoch: number, partitions: string[]) =>
    assignments.told({ groupId: 'g', memberId, instanceId: null, era: view.era('g'), epoch, partitions })
  told('a', 2, ['t-0'])
  t.throws(() => told('b', 2, ['t-0']), said('in generation 2 t-0 was given to a, and to b'))
  t.throws(() => told('b', 3, ['t-0']), said('has not given it up'))
  assignments.keeps('g', 'a', [])
  told('b', 4, ['t-0'])
  view.observe(1, () => grouped({ a: { has: [], epoch: 2 } }))
  told('a', 5, ['t-0'])
  // Put out, and back by the same name.
  view.observe(1, () => grouped({ b: { has: [], epoch: 6 } }))
  assignments.check()
  view.observe(1, () => grouped({ a: { has: [], epoch: 7 }, b: { has: [], epoch: 7 } }))
  told('b', 7, ['t-0'])
  assignments.check()
  t.throws(() => told('a', 8, ['t-0']), said('has not given it up'))
})

t.test('a group is at rest when all who live are members at its epoch, and every partition is one’s', async (t) => {
  const view = new CoordinatorView(['g'])
  const settling = new Settling(view, () => 2)
  const member = { groupId: 'g', memberId: 'a', epoch: 1, subscription: ['t'], partitions: ['t-0'] }
  settling.lives(member)
  t.match(settling.unrest(), /its state is/)
  view.observe(1, () => grouped({ a: { has: [0], epoch: 1 }, b: { has: [1], epoch: 1 } }))
  t.match(settling.unrest(), /b is a member, and does not live/)
  view.observe(1, () => grouped({ a: { has: [0], epoch: 1 } }))
  t.match(settling.unrest(), /t-1 is nobody's/)
  const other = { ...member, memberId: 'b', partitions: ['t-1'] }
  settling.lives(other)
  t.match(settling.unrest(), /b lives, and is no member/)
  view.observe(1, () => grouped({ a: { has: [0], epoch: 1 }, b: { has: [1], epoch: 1 } }))
  t.equal(settling.unrest(), undefined)
  t.ok(settling.isOver)
  settling.dies(other)
  t.match(settling.unrest(), /does not live/)
})
