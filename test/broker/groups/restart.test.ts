/** A broker that stops, or is killed, and comes back: members and offsets are where they were. */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import t from 'tap'
import { BrokerProcess } from '../../support/broker-process.ts'
import { noStele as skip } from '../../support/stele-command.ts'
import { TestGroup } from '../api/bad-input/group.ts'
import { World } from '../api/bad-input/world.ts'

const settings = { 'group.initial.rebalance.delay.ms': '0' }

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  t.test(`groups and offsets are there after a ${signal}`, { skip }, async (t) => {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'stele-restart-'))
    t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
    const start = async () => {
      const broker = await BrokerProcess.start(home, settings)
      const world = await World.open(Number(broker.bootstrap.split(':')[1]))
      t.teardown(async () => {
        world.close()
        await broker.end('SIGKILL')
      })
      return { broker, world }
    }

    const before = await start()
    const topic = await before.world.topic()
    const known = []
    // In many partitions of the offsets topic.
    for (let index = 0; index < 10; index++) {
      const leader = await (await TestGroup.open(before.world, `group-${index}`)).leader()
      t.equal(await leader.commit(topic, { offset: 100 + index }), 'NONE')
      known.push({ memberId: leader.memberId, generation: leader.generation })
    }
    await before.broker.end(signal)

    const after = await start()
    for (const [index, member] of known.entries()) {
      const group = await TestGroup.open(after.world, `group-${index}`)
      const again = await group.member()
      t.same(
        [await group.describe(), await again.heartbeat(member), await again.sync(member), await group.fetch(topic)],
        ['NONE Stable', 'NONE', 'NONE', `NONE ${100 + index}`],
      )
      t.equal(await again.commit(topic, { ...member, offset: 200 }), 'NONE')
    }
  })
}
