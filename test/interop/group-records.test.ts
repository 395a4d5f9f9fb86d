/** What members do is written down as Apache Kafka writes it: the same requests leave the same records in `__consumer_offsets`, in the same batches. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t from 'tap'
import { type GroupRecord, groupCodec } from '../../broker/groups/records.ts'
import { FetchRequest, FetchResponse } from '../../client/protocol/messages/fetch.ts'
import { batchBytesAt, RecordBatch } from '../../client/records/batch.ts'
import { recordsOf } from '../../client/records/record.ts'
import { TestGroup } from '../broker/api/bad-input/group.ts'
import { type Topic, World } from '../broker/api/bad-input/world.ts'
import { KafkaProcess } from '../support/kafka.ts'
import { missing } from './cache.ts'
import { noTarget, startTarget, targetName, temporaryDirectory } from './target.ts'

const skip = noTarget || missing('kafka', 'java') || (targetName.includes(':') && 'SKIPPED: the offsets topic must be new')
const settings = {
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '1',
  'group.initial.rebalance.delay.ms': '0',
  // Kafka gathers what comes close together into one batch otherwise.
  'group.coordinator.append.linger.ms': '0',
}

/** A static member and a dynamic one through all that a group goes through, and offsets of somebody who is in no group. */
async function live(world: World, topic: Topic): Promise<void> {
  const group = await TestGroup.open(world)
  const until = async (state: string) => {
    while ((await group.describe()) !== `NONE ${state}`) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const fixed = { version: 5, instance: 'i1' }
  const first = await group.leader({ ...fixed, topics: [topic.name] })
  await first.commit(topic, { instance: 'i1' })
  await first.commit(topic, { instance: 'i1', version: 10, offset: 6, metadata: 'text' })
  const other = await group.member()
  await other.join({ version: 4 })
  const joined = other.join({ version: 4 })
  await until('PreparingRebalance')
  await first.join(fixed)
  await joined
  // Before the shares are known the member comes back, under another id.
  const second = await group.member()
  const replaced = second.join(fixed)
  await until('PreparingRebalance')
  await Promise.all([other.join({ version: 4 }), replaced])
  await Promise.all([other.sync(), second.sync({ instance: 'i1' })])
  // Now with the shares as they are.
  const third = await group.member()
  await third.join({ ...fixed, version: 9 })
  await third.leave({ instance: 'i1' })
  await other.join({ version: 4 })
  await other.sync()
  await other.leave()
  const simple = await TestGroup.open(world)
  await (await simple.member()).commit(topic)
  await simple.forget(topic)
  await (await simple.member()).commit(topic)
  await simple.delete()
  await (await (await TestGroup.open(world)).member()).join({ protocols: [] })
  await group.delete()
}

/** The batches of the offsets topic, each with its records as text. What differs from run to run is called by its place. */
async function written(world: World, topic: Topic): Promise<string[][]> {
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 22 }]
  const topics = [{ topic: '__consumer_offsets', partitions }]
  const answer = await world.ask(FetchRequest, FetchResponse, 4, { maxWaitMs: 100, minBytes: 1, maxBytes: 1 << 22, topics })
  const bytes = answer?.responses[0]?.partitions[0]?.records ?? Buffer.alloc(0)
  const names = new Map([
    [topic.name, 'topic'],
    [topic.id, 'topic id'],
  ])
  const batches: string[][] = []
  for (let at = 0, size = batchBytesAt(bytes, 0); size > 0; size = batchBytesAt(bytes, (at += size))) {
    const records = [...recordsOf(new RecordBatch(bytes, at))]
    batches.push(records.map(({ key, value }) => text(key as Buffer, value, names)))
  }
  return batches
}

function text(key: Buffer, value: Buffer | null, names: Map<string, string>): string {
  const record = groupCodec.decode(key, value)
  const version = value === null ? 'taken back' : `version ${value.readInt16BE(0)}`
  const json = JSON.stringify(record && ordered(record), (name, field) => (name.endsWith('imestamp') && field > 0 ? 'a time' : field))
  return `${version} ${json}`
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|bad-group-\d+-\d+/g, (id) => {
      if (!names.has(id)) names.set(id, `#${names.size}`)
      return names.get(id) as string
    })
    .replaceAll(topic(names, 'topic'), 'topic')
    .replaceAll(topic(names, 'topic id'), 'topic id')
}

const topic = (names: ReadonlyMap<string, string>, called: string) => [...names].find(([, name]) => name === called)?.[0] ?? ''

/** Java's order of a map is its own; bytes are those of the test, or empty. */
function ordered(record: GroupRecord): unknown {
  if (record.kind !== 'GroupMetadata' || record.value === null) return record
  const members = record.value.members
    .map((member) => ({ ...member, subscription: member.subscription.length, assignment: member.assignment.length }))
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
  return { ...record, value: { ...record.value, members } }
}

async function writtenBy(bootstrap: string): Promise<string[][]> {
  const world = await World.open(Number(bootstrap.split(':')[1]))
  const topic = await world.topic()
  await live(world, topic)
  const batches = await written(world, topic)
  world.close()
  return batches
}

t.test('the same requests leave the same records as on Apache Kafka', { skip, timeout: 120_000 }, async (t) => {
  const home = temporaryDirectory()
  t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
  const kafka = await KafkaProcess.start(path.join(home, 'kafka'), settings)
  t.teardown(() => kafka.end('SIGKILL'))
  const theirs = await writtenBy(kafka.bootstrap)
  await kafka.end('SIGTERM')
  const target = await startTarget({ directory: path.join(home, 'stele'), settings })
  t.teardown(() => target.end())
  const ours = await writtenBy(target.bootstrap)
  t.ok(ours.length > 10, 'there is something to compare')
  t.same(ours, theirs)
})
