/**
 * Consumer groups as applications have them, with each client and each way to assign: members join, leave, are killed, and stop past their
 * session; static ones come back to what they had.
 * After all of it, every record has been delivered, and the group's offsets are at the end.
 */
import t, { type Test } from 'tap'
import { full, missing } from './cache.ts'
import type { Assignor } from './peers/consumer-group.ts'
import { confluent, franzGo, java, kafkaJs, kafkaPython, type LineEntry, platformatic } from './peers/roster.ts'
import { type Play, type Stage, Stages } from './stage.ts'
import { noTarget } from './target.ts'

interface Variant {
  readonly client: LineEntry
  readonly assignor: Assignor
  /** Part of `make test`. */
  readonly short?: true
}

const all: readonly Variant[] = [
  { client: kafkaJs, assignor: 'eager', short: true },
  { client: platformatic, assignor: 'eager' },
  { client: platformatic, assignor: 'broker' },
  { client: java, assignor: 'eager' },
  { client: java, assignor: 'cooperative' },
  { client: java, assignor: 'broker', short: true },
  { client: confluent, assignor: 'eager' },
  { client: confluent, assignor: 'cooperative' },
  { client: confluent, assignor: 'broker' },
  { client: kafkaPython, assignor: 'eager' },
  { client: kafkaPython, assignor: 'cooperative' },
  { client: franzGo, assignor: 'eager' },
  { client: franzGo, assignor: 'cooperative' },
  { client: franzGo, assignor: 'broker' },
]

/** A pattern chooses some: `STELE_CLIENTS='java-(eager|broker)'`. */
const variants = all.filter(({ client, assignor }) => new RegExp(process.env['STELE_CLIENTS'] ?? '').test(`${client.name}-${assignor}`))

/** kafkajs has no static members; platformatic's and franz-go's newest are counted a rebalance when another comes back, by Kafka too. */
const staticVariants = variants.filter(
  ({ client, assignor }) => client !== kafkaJs && client !== platformatic && !(client === franzGo && assignor === 'broker'),
)

const play: Play = { partitions: 6, records: full ? 4000 : 400, parts: 4 }
/** For who shall come back in time on a busy machine. */
const longSessionMillis = 30_000

const concurrent = 3

t.test('consumer groups', { skip: noTarget || missing('npm'), timeout: full ? 1_500_000 : 120_000 }, async (t) => {
  t.jobs = concurrent
  const stages = await Stages.start(t)

  const some = variants.filter(({ short }) => full || short)
  const lives = some.map(({ client, assignor }) =>
    t.test(`${client.name}, ${assignor}`, { skip: missing(...client.needs), buffered: true }, async (t) => {
      await life(t, await stages.open(t, `${client.name}-${assignor}`, play), client, assignor)
    }),
  )
  const returns = staticVariants
    .filter(() => full)
    .map(({ client, assignor }) =>
      t.test(`${client.name}, ${assignor}, static`, { skip: missing(...client.needs), buffered: true }, async (t) => {
        await staticReturn(
          t,
          await stages.open(t, `${client.name}-${assignor}-static`, { ...play, session: longSessionMillis }),
          client,
          assignor,
        )
      }),
    )
  await Promise.all([...lives, ...returns])
})

/** Members come and go in every way there is, while records are sent. */
async function life(t: Test, stage: Stage, client: LineEntry, assignor: Assignor): Promise<void> {
  const { group } = stage
  const [first, second] = [stage.start(client), stage.start(client)]
  const a = await group.join(first, assignor)
  const b = await group.join(second, assignor)
  await group.settled('at the start', [a, b])
  await stage.send()

  const c = await group.join(first, assignor)
  await group.settled('after one more joined', [a, b, c])
  await stage.send()
  await second.kill()
  await group.settled('after one was killed', [a, c])

  const third = stage.start(client)
  const d = await group.join(third, assignor)
  await group.settled('after another came', [a, c, d])
  third.signal('SIGSTOP')
  await group.settled('after one was stopped past its session', [a, c])
  await stage.send()
  third.signal('SIGCONT')
  await group.settled('after the stopped one went on', [a, c, d])

  await group.leave(c)
  await group.settled('after one left', [a, d])
  await stage.send()
  const twice = await group.deliveredAll(stage.counts)
  t.pass(`all ${play.records} records were delivered, ${twice} of them more than once`)
  await group.leave(a)
  await group.leave(d)
  t.same(await stage.committed(), stage.counts, "the group's offsets are at the end")
}

/**
 * A static member that comes back within its session finds its partitions; nobody else notices. In the classic protocol it may come back after
 * a kill; in KIP-848 its instance is free only once it said that it goes for a while.
 */
async function staticReturn(t: Test, stage: Stage, client: LineEntry, assignor: Assignor): Promise<void> {
  const { group } = stage
  const [first, second, again] = [stage.start(client), stage.start(client), stage.start(client)]
  const a = await group.join(first, assignor, 'instance-a')
  const b = await group.join(second, assignor, 'instance-b')
  const before = await group.settled('at the start', [a, b])
  await stage.send()
  const { rebalances } = await group.state(a)
  if (assignor === 'broker') await group.leave(b)
  else await second.kill()
  const back = await group.join(again, assignor, 'instance-b')
  t.same(await group.settled('after one came back', [a, back]), before, 'each has what it had')
  t.equal((await group.state(a)).rebalances, rebalances, 'the other one was not asked to rebalance')
  for (let part = 1; part < play.parts; part++) await stage.send()
  await group.deliveredAll(stage.counts)
  await group.leave(a)
  await group.leave(back)
}
