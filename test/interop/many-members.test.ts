/**
 * Groups in numbers, and groups of many kinds: fifty members share a hundred partitions, a thousand groups read one topic, clients of every
 * language are one group, and a group goes over to the newer protocol and back while its members work.
 */
import t, { type Test } from 'tap'
import { full, missing } from './cache.ts'
import type { Assignor, ConsumerGroup, Member } from './peers/consumer-group.ts'
import { confluent, franzGo, java, kafkaPython, type LineEntry } from './peers/roster.ts'
import { type Stage, Stages } from './stage.ts'
import { noTarget } from './target.ts'
import { until } from './until.ts'

const skip = noTarget || missing('npm') || (full ? false : 'make interop runs it')

t.test('many members', { skip, timeout: 900_000 }, async (t) => {
  const stages = await Stages.start(t)
  const needs = (...clients: LineEntry[]) => missing(...clients.flatMap((client) => client.needs))

  await t.test('clients of four languages are one group', { skip: needs(java, confluent, kafkaPython, franzGo) }, async (t) => {
    const stage = await stages.open(t, 'mixed', { partitions: 12, records: 4000, parts: 3 })
    const members: Member[] = []
    for (const client of [java, confluent, kafkaPython, franzGo]) members.push(await stage.group.join(stage.start(client), 'eager'))
    const [, first, ...others] = members as [Member, Member, ...Member[]]
    await stage.group.settled('once all are there', members)
    await stage.send()
    await first.peer.kill()
    const left = [members[0] as Member, ...others]
    await stage.group.settled('after one was killed', left)
    await stage.send()
    await stage.group.leave(left.pop() as Member)
    await stage.group.settled('after one left', left)
    await finish(t, stage, left)
  })

  await t.test('a group goes over to the newer protocol and back while it works', { skip: needs(java, confluent, franzGo) }, async (t) => {
    const stage = await stages.open(t, 'converted', { partitions: 6, records: 4000, parts: 4 })
    const { group } = stage
    const processes = [java, confluent].map((client) => stage.start(client))
    // The sticky assignors' subscriptions carry what the broker cannot convert.
    const join = (assignor: Assignor) => Promise.all(processes.map((peer) => group.join(peer, assignor)))
    const classic = await join('eager')
    await group.settled('by the classic protocol', classic)
    await stage.send()
    const newer = await join('broker')
    await group.settled('with members of both kinds', [...classic, ...newer])
    await stage.send()
    for (const member of classic) await group.leave(member)
    await group.settled('by the newer protocol', newer)
    await stage.send()
    const again = await join('eager')
    await group.settled('with members of both kinds again', [...newer, ...again])
    for (const member of newer) await group.leave(member)
    await group.settled('by the classic protocol again', again)
    await finish(t, stage, again)
  })

  for (const assignor of ['eager', 'cooperative', 'broker'] as const) {
    await t.test(`fifty members share a hundred partitions, ${assignor}`, { skip: needs(franzGo) }, async (t) => {
      const stage = await stages.open(t, `fifty-${assignor}`, { partitions: 100, records: 20_000, parts: 3 })
      const [one, other] = [stage.start(franzGo), stage.start(franzGo)]
      const members: Member[] = []
      for (let nth = 0; nth < 50; nth++) members.push(await stage.group.join(nth % 2 === 0 ? one : other, assignor))
      const held = await stage.group.settled('once all are there', members, 120_000)
      t.ok(
        held.every((partitions) => partitions.length === 2),
        'each has two',
      )
      await stage.send()
      await other.kill()
      const left = members.filter(({ peer }) => peer === one)
      t.ok(
        (await stage.group.settled('after half of them were killed', left, 120_000)).every((partitions) => partitions.length === 4),
        'each of the others has four',
      )
      await stage.send()
      await finish(t, stage, left)
    })
  }

  await t.test('a thousand groups read one topic', { skip: needs(franzGo) }, async (t) => {
    const stage = await stages.open(t, 'thousand', { partitions: 2, records: 50, parts: 1 })
    const peer = stage.start(franzGo)
    const groups = Array.from({ length: 1000 }, (_, nth) => stages.group(stage.topic, `${stage.topic}-${nth}`, 2, 30_000))
    const members: { group: ConsumerGroup; member: Member }[] = []
    for (const [nth, group] of groups.entries()) members.push({ group, member: await group.join(peer, nth % 2 === 0 ? 'eager' : 'broker') })
    await stage.send()
    const waiting = new Set(groups)
    await until(
      'a thousand groups to receive all records',
      async () => {
        for (const group of waiting) if (group.delivered().size === 50) waiting.delete(group)
        return waiting.size
      },
      (left) => left === 0,
      300_000,
    )
    let twice = 0
    for (const { group, member } of members) {
      twice += await group.deliveredAll(stage.counts)
      await group.leave(member)
    }
    t.equal(twice, 0, 'and each of them once')
  })
})

/** The last part, all deliveries, the end of all members. */
async function finish(t: Test, stage: Stage, members: readonly Member[]): Promise<void> {
  await stage.send()
  const twice = await stage.group.deliveredAll(stage.counts, 120_000)
  t.pass(`all records were delivered, ${twice} of them more than once`)
  for (const member of members) await stage.group.leave(member)
  t.same(await stage.committed(), stage.counts, "the group's offsets are at the end")
}
