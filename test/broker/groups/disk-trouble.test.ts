/** A disk that fails or fills up under the groups: what is not kept is not answered, who waits is told, and groups come back with their partition. */
import t, { type Test } from 'tap'
import { BrokerInProcess } from '../../support/broker-in-process.ts'
import { FaultyDisk, type FaultyOperation } from '../../support/faulty-disk.ts'
import { TestGroup } from '../api/bad-input/group.ts'
import { World } from '../api/bad-input/world.ts'

/** A group with a member that has committed 5, on a disk that can be made to fail for it. */
async function setUp(t: Test) {
  const disk = new FaultyDisk()
  const running = await BrokerInProcess.start(
    { 'group.initial.rebalance.delay.ms': 0, 'offsets.topic.num.partitions': 1, 'stele.commit.journal.bytes': 0 },
    { platform: disk.platform },
  )
  const world = await World.open(running.port)
  t.teardown(async () => {
    world.close()
    await running.close()
  })
  const topic = await world.topic()
  const group = await TestGroup.open(world)
  const leader = await group.leader({ session: 60_000 })
  t.equal(await leader.commit(topic, { offset: 5 }), 'NONE')
  const fail = (operation: FaultyOperation, code: string) => {
    disk.fault = (what, path) => (what === operation && path.includes('__consumer_offsets-0') ? code : undefined)
    disk.free = 0
  }
  const heal = () => {
    disk.fault = () => undefined
    disk.free = undefined
  }
  return { running, world, topic, group, leader, fail, heal }
}

for (const operation of ['write', 'sync'] as const) {
  t.test(`a commit that the disk does not take (${operation}) is not answered as if it were`, async (t) => {
    const { topic, group, leader, fail } = await setUp(t)
    fail(operation, 'EIO')
    const joining = await group.member()
    const waiting = joining.join()
    t.equal(await leader.commit(topic, { offset: 6 }), 'NOT_COORDINATOR')
    t.equal(await waiting, 'NOT_COORDINATOR', 'who waits is told')
    t.equal(await leader.heartbeat(), 'NOT_COORDINATOR')
    t.equal(await group.fetch(topic), 'NOT_COORDINATOR')
  })
}

t.test('groups come back with what was committed, once there is room', async (t) => {
  const { topic, group, leader, fail, heal } = await setUp(t)
  fail('write', 'ENOSPC')
  t.equal(await leader.commit(topic, { offset: 6 }), 'NOT_COORDINATOR')
  heal()
  let beat = await leader.heartbeat()
  while (beat === 'NOT_COORDINATOR') beat = await leader.heartbeat()
  t.equal(beat, 'NONE', 'the member is known')
  t.equal(await group.fetch(topic), 'NONE 5')
  t.equal(await leader.commit(topic, { offset: 7 }), 'NONE')
  t.equal(await group.fetch(topic), 'NONE 7')
})
