/**
 * Consumer groups as applications have them, with each client and each way to assign: members join, leave, are killed, and stop past their
 * session; static ones come back to what they had; a group of many clients shares a topic, and one is converted between the two protocols.
 * After all of it, every record has been delivered, and the group's offsets are at the end.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t, { type Test } from 'tap'
import { partitionOf } from '../../client/producer/partitioner.ts'
import { aptRecords } from '../support/apt-records.ts'
import { full, missing } from './cache.ts'
import { type Assignor, ConsumerGroup, numbers } from './peers/consumer-group.ts'
import type { LinePeer } from './peers/peer.ts'
import { Expectation, recordsFile } from './peers/reading.ts'
import { confluent, franzGo, java, kafkaJs, kafkaPython, kafkajs, type LineEntry, platformatic } from './peers/roster.ts'
import { noTarget, startTarget, temporaryDirectory } from './target.ts'

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

const partitions = 6
const records = aptRecords(full ? 4000 : 400, { headers: false })
const parts = 4
const partSize = Math.ceil(records.length / parts)
const partFiles = Array.from({ length: parts }, (_, part) => recordsFile(records.slice(part * partSize, (part + 1) * partSize)))
const counts = new Expectation(records, partitions, partitionOf).partitions.map((held) => held.length)
const sessionMillis = 3000
/** For who shall come back in time on a busy machine. */
const longSessionMillis = 30_000
/** Short enough to wait for the end of a session. */
const settings = {
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.session.timeout.ms': String(sessionMillis),
  'group.consumer.min.heartbeat.interval.ms': '500',
  'group.consumer.heartbeat.interval.ms': '700',
}

const concurrent = 3

t.test('consumer groups', { skip: noTarget || missing('npm'), timeout: full ? 1_500_000 : 120_000 }, async (t) => {
  const target = await startTarget({ settings })
  const home = temporaryDirectory()
  const admin = kafkajs(target.bootstrap)
  t.teardown(async () => {
    await admin.close()
    await target.close()
    fs.rmSync(home, { recursive: true, force: true })
  })
  t.jobs = concurrent
  const stages = new Stages(target.bootstrap, admin, home)

  const some = variants.filter(({ short }) => full || short)
  const lives = some.map(({ client, assignor }) =>
    t.test(`${client.name}, ${assignor}`, { skip: missing(...client.needs), buffered: true }, async (t) => {
      await life(t, await stages.open(t, `${client.name}-${assignor}`), client, assignor)
    }),
  )
  const returns = staticVariants
    .filter(() => full)
    .map(({ client, assignor }) =>
      t.test(`${client.name}, ${assignor}, static`, { skip: missing(...client.needs), buffered: true }, async (t) => {
        await staticReturn(t, await stages.open(t, `${client.name}-${assignor}-static`, longSessionMillis), client, assignor)
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
  const twice = await group.deliveredAll(counts)
  t.pass(`all ${records.length} records were delivered, ${twice} of them more than once`)
  await group.leave(a)
  await group.leave(d)
  t.same(await stage.committed(), counts, "the group's offsets are at the end")
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
  for (let part = 1; part < parts; part++) await stage.send()
  await group.deliveredAll(counts)
  await group.leave(a)
  await group.leave(back)
}

interface Stage {
  readonly group: ConsumerGroup
  start(client: LineEntry): LinePeer
  /** The next part of the records. */
  send(): Promise<void>
  committed(): Promise<number[]>
}

/** A topic, a group, and processes that end with the test. */
class Stages {
  readonly #bootstrap: string
  readonly #admin: LinePeer
  readonly #home: string
  #turn: Promise<unknown> = Promise.resolve()

  constructor(bootstrap: string, admin: LinePeer, home: string) {
    this.#bootstrap = bootstrap
    this.#admin = admin
    this.#home = home
  }

  async open(t: Test, name: string, session = sessionMillis): Promise<Stage> {
    const topic = `${name}-${process.pid}`
    const file = path.join(this.#home, `${name}.records`)
    await this.#inTurn(() => this.#admin.ask({ op: 'create', topic, partitions: String(partitions), 'retention.ms': '-1' }))
    let part = 0
    return {
      group: new ConsumerGroup({ group: topic, topic, partitions, session, home: this.#home }),
      start: (client) => {
        const peer = client.start(this.#bootstrap)
        t.teardown(() => peer.kill())
        return peer
      },
      send: () =>
        this.#inTurn(async () => {
          fs.writeFileSync(file, partFiles[part++] as Buffer)
          await this.#admin.produce({ topic, codec: 'none', file })
        }),
      committed: async () => {
        const { offsets = '' } = await this.#inTurn(() =>
          this.#admin.ask({ op: 'committed', group: topic, topic, partitions: String(partitions) }),
        )
        return numbers(offsets)
      },
    }
  }

  /** The stages share one peer, which does one act at a time. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act)
    this.#turn = done.catch(() => {})
    return done
  }
}
