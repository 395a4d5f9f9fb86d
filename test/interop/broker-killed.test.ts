/**
 * The broker itself is killed, again and again, under groups and pipes that go on: clients find it again, groups and transactions are where
 * they were, every record reaches each group, and each is carried over exactly once.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t from 'tap'
import { full, missing } from './cache.ts'
import type { Assignor } from './peers/consumer-group.ts'
import { recordsIn } from './peers/reading.ts'
import { confluent, franzGo, java, javaPeer, kafkaPython, type LineEntry } from './peers/roster.ts'
import { Stages } from './stage.ts'
import { noTarget, targetName } from './target.ts'
import { until } from './until.ts'

const notOurs = targetName.includes(':') && 'the broker is not ours to kill'
const skip = (full ? false : 'make interop runs it') || noTarget || notOurs || missing('kafka', 'java', 'npm', 'go', 'python')
const play = { partitions: 4, records: 5000, parts: 6 }
/** librdkafka 2.16 that has lost its only broker bootstraps anew, and then may wait for the end of its own connection for ever. */
const noRebootstrap = { 'metadata.recovery.strategy': 'none' }

t.test('a broker that is killed loses no group and no transaction', { skip, timeout: 600_000 }, async (t) => {
  const stages = await Stages.start(t)
  const { bootstrap } = stages.target
  const reader = javaPeer(bootstrap)
  t.teardown(() => reader.close())
  const stage = await stages.open(t, 'killed-from', play)
  const { topic: to } = await stages.open(t, 'killed-to', { ...play, records: 0 })
  const committed = (into?: string) =>
    reader.read({
      topic: to,
      partitions: play.partitions,
      from: { from: 'beginning' },
      isolation: 'read_committed',
      ...(into === undefined ? {} : { into }),
    })

  const pipes = [stage.start(franzGo), stage.start(confluent, noRebootstrap)]
  for (const [nth, pipe] of pipes.entries()) {
    await pipe.ask({ op: 'pipe', group: 'killed-pipes', from: stage.topic, to, id: `pipe-${nth}`, size: '20', session: '10000' })
  }
  const kinds: [LineEntry, Assignor][] = [
    [franzGo, 'eager'],
    [confluent, 'cooperative'],
    [kafkaPython, 'eager'],
    [java, 'broker'],
  ]
  const groups = []
  for (const [client, assignor] of kinds) {
    const group = stages.group(stage.topic, `killed-${client.name}`, play.partitions)
    const peer = stage.start(client, client === confluent ? noRebootstrap : {})
    groups.push({ group, members: [await group.join(peer, assignor), await group.join(peer, assignor)] })
  }

  for (let part = 0; part < play.parts; part++) {
    const { count: before } = await committed()
    await stage.send()
    await until(
      'records to be carried over',
      () => committed(),
      ({ count }) => count > before,
    )
    if (part < play.parts - 1) await stages.target.killed()
  }
  await until(
    'all records to be carried over',
    async () => ({ ...(await committed()), pipes: [await pipes[0]?.ask({ op: 'piped' }), await pipes[1]?.ask({ op: 'piped' })] }),
    ({ count }) => count >= play.records,
    120_000,
  )
  for (const pipe of pipes) {
    const { committed: carried, restarts, last } = await pipe.ask({ op: 'piped' })
    t.ok(Number(carried) > 0, `${pipe.name} carried ${carried}, and began anew ${restarts} times (${last})`)
    await pipe.kill()
  }
  const into = path.join(stages.home, 'killed.out')
  await committed(into)
  const values = [...recordsIn(fs.readFileSync(into))].map(({ value }) => value.toString())
  t.equal(values.length, play.records, 'as many records as were sent')
  t.equal(new Set(values).size, new Set(stage.values).size, 'and all of them')

  for (const [nth, { group, members }] of groups.entries()) {
    const name = `${kinds[nth]?.[0].name} ${kinds[nth]?.[1]}`
    await group.settled('after the last kill', members)
    t.pass(`${name}: all were delivered, ${await group.deliveredAll(stage.counts, 120_000)} more than once`)
    for (const member of members) await group.leave(member)
  }
})
