/**
 * Groups and offsets have one format on disk: Stele goes on with the members and offsets that Apache Kafka wrote, and Kafka with what
 * Stele wrote after it.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t, { type Test } from 'tap'
import { TestGroup } from '../broker/api/bad-input/group.ts'
import { type Topic, World } from '../broker/api/bad-input/world.ts'
import { KafkaProcess } from '../support/kafka.ts'
import { missing } from './cache.ts'
import { noTarget, startTarget, targetName, temporaryDirectory } from './target.ts'

const skip = noTarget || missing('kafka', 'java') || (targetName.includes(':') && 'SKIPPED: only for a broker whose directory is ours')
const instance = 'i1'

/** A static member as it was told of its group by whoever coordinated it first. */
interface Known {
  readonly memberId: string
  readonly generation: number
}

async function open(t: Test, bootstrap: string): Promise<World> {
  const world = await World.open(Number(bootstrap.split(':')[1]))
  t.teardown(() => world.close())
  return world
}

/** What the member finds, and where the groups are. */
async function look(world: World, topic: Topic, known: Known) {
  const group = await TestGroup.open(world, 'members')
  const simple = await TestGroup.open(world, 'simple')
  const member = await group.member()
  return [
    await group.describe(),
    await member.heartbeat({ ...known, instance }),
    await member.heartbeat({ ...known, instance, memberId: 'another' }),
    await member.sync({ ...known, instance }),
    await group.fetch(topic),
    await simple.fetch(topic),
    await simple.describe(),
  ]
}

async function commit(world: World, topic: Topic, known: Known, offset: number): Promise<void> {
  const member = await (await TestGroup.open(world, 'members')).member()
  t.equal(await member.commit(topic, { ...known, instance, offset }), 'NONE')
}

t.test('Stele goes on with the groups of Apache Kafka, and Kafka with those of Stele', { skip, timeout: 120_000 }, async (t) => {
  const home = temporaryDirectory()
  t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
  const directory = path.join(home, 'data')
  const copy = path.join(home, 'copy')

  const kafka = await KafkaProcess.start(directory)
  t.teardown(() => kafka.end('SIGKILL'))
  const onKafka = await open(t, kafka.bootstrap)
  const topic = await onKafka.topic()
  const leader = await (await TestGroup.open(onKafka, 'members')).leader({ version: 5, instance, session: 60_000 })
  const known = { memberId: leader.memberId, generation: leader.generation }
  await commit(onKafka, topic, known, 5)
  t.equal(await (await (await TestGroup.open(onKafka, 'simple')).member()).commit(topic, { offset: 7 }), 'NONE')
  const found = ['NONE Stable', 'NONE', 'FENCED_INSTANCE_ID', 'NONE', 'NONE 5', 'NONE 7', 'NONE Empty']
  t.same(await look(onKafka, topic, known), found, 'as Kafka has it')
  await kafka.end('SIGTERM')
  fs.cpSync(directory, copy, { recursive: true })

  const target = await startTarget({ directory, config: kafka.propertiesFile })
  t.teardown(() => target.end())
  const onStele = await open(t, target.bootstrap)
  t.same(await look(onStele, topic, known), found, 'Stele finds the same')
  await commit(onStele, topic, known, 6)
  t.equal(await (await TestGroup.open(onStele, 'simple')).delete(), 'NONE')
  await target.end()

  const offsets = '__consumer_offsets-0'
  fs.rmSync(path.join(copy, offsets), { recursive: true })
  fs.cpSync(path.join(directory, offsets), path.join(copy, offsets), { recursive: true })
  const again = await KafkaProcess.start(copy)
  t.teardown(() => again.end('SIGKILL'))
  const back = await open(t, again.bootstrap)
  const after = ['NONE Stable', 'NONE', 'FENCED_INSTANCE_ID', 'NONE', 'NONE 6', 'NONE -1', 'GROUP_ID_NOT_FOUND Dead']
  t.same(await look(back, topic, known), after, 'Kafka finds what Stele wrote')
})
