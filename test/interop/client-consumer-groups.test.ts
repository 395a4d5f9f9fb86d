/**
 * Members of Java and of kafkajs in one group with ours, by every way of dividing, on Stele and on Apache Kafka: they share, whoever leads,
 * and while records go on coming, what moves from one to another is delivered by one of them.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { BrokerProcess } from '../support/broker-process.ts'
import { ConsumingStage, groupSettings, type Member, type MemberOptions } from '../support/consuming.ts'
import { KafkaProcess } from '../support/kafka.ts'
import { full, missing } from './cache.ts'
import { type Assignor, ConsumerGroup, type Member as Other } from './peers/consumer-group.ts'
import { java, kafkaJs, type LineEntry } from './peers/roster.ts'
import { temporaryDirectory } from './target.ts'
import { until } from './until.ts'

const sessionMillis = 3000
const partitions = 6

interface Way {
  readonly client: LineEntry
  readonly assignor: Assignor
  readonly ours: MemberOptions
}

const ways: readonly Way[] = [
  { client: java, assignor: 'eager', ours: { assignors: ['range'] } },
  { client: java, assignor: 'cooperative', ours: { assignors: ['cooperative-sticky'] } },
  { client: java, assignor: 'broker', ours: { protocol: 'consumer' } },
  { client: kafkaJs, assignor: 'eager', ours: { assignors: ['RoundRobinAssigner'] } },
]

/** Records that go on coming, dealt out over the partitions in order. */
class Flow {
  sent = 0
  #isOver = false
  readonly #done: Promise<void>

  constructor(stage: ConsumingStage, topic: string) {
    this.#done = this.#run(stage, topic)
  }

  async #run(stage: ConsumingStage, topic: string): Promise<void> {
    const producer = stage.stele.producer()
    while (!this.#isOver) {
      const records = Array.from({ length: partitions }, (_, partition) => ({
        value: Buffer.from(String(this.sent + partition)),
        partition,
      }))
      await producer.send(topic, records)
      this.sent += partitions
      await after(5)
    }
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#done
  }
}

/** As other members note it: `partition offset`. */
const placeOf = (value: string): string => `${Number(value) % partitions} ${Math.floor(Number(value) / partitions)}`

class Shared {
  readonly ours: Member[] = []
  readonly others: Other[] = []
  readonly #group: ConsumerGroup

  constructor(group: ConsumerGroup) {
    this.#group = group
  }

  delivered(): Map<string, number> {
    const times = this.#group.delivered()
    for (const value of this.ours.flatMap(({ values }) => values)) times.set(placeOf(value), (times.get(placeOf(value)) ?? 0) + 1)
    return times
  }

  twice(): number {
    return [...this.delivered().values()].filter((count) => count > 1).length
  }

  async settled(when: string, ours: readonly Member[], others: readonly Other[]): Promise<void> {
    const held = async () => {
      const all = ours.map((member) => member.partitions)
      for (const other of others) all.push((await this.#group.state(other)).assigned)
      return all
    }
    const isShared = (all: readonly (readonly number[])[]) => {
      const flat = all.flat()
      return flat.length === partitions && new Set(flat).size === partitions && all.every((one) => one.length > 0)
    }
    await until(`${ours.length} of ours and ${others.length} others to share ${when}`, held, isShared)
  }
}

async function mixed(t: Test, bootstrap: string, { client, assignor, ours }: Way): Promise<void> {
  const home = temporaryDirectory()
  t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
  const stage = new ConsumingStage(t, bootstrap)
  const topic = await stage.topic({ partitions })
  const group = new ConsumerGroup({ group: topic, topic, partitions, session: sessionMillis, home })
  const peers = [client.start(bootstrap), client.start(bootstrap)]
  for (const peer of peers) t.teardown(() => peer.kill())
  const options = { ...ours, topics: [topic], group: topic, ...(assignor !== 'broker' && { sessionTimeoutMs: sessionMillis }) }
  const shared = new Shared(group)
  const join = () => {
    const member = stage.member(options)
    shared.ours.push(member)
    return member
  }

  const flow = new Flow(stage, topic)
  const first = join()
  await shared.settled('at the start', [first], [])
  const [one, other] = peers
  if (!one || !other) return
  const a = await group.join(one, assignor)
  await shared.settled('after another joined', [first], [a])
  const b = await group.join(other, assignor)
  await shared.settled('after one more joined', [first], [a, b])
  await first.consumer.close()
  await shared.settled('after ours left', [], [a, b])
  const second = join()
  await shared.settled('after ours came', [second], [a, b])
  const third = join()
  await shared.settled('after two of ours are there', [second, third], [a, b])
  await group.leave(a)
  await shared.settled('after another left', [second, third], [b])
  const before = shared.twice()
  await other.kill()
  await shared.settled('after another was killed', [second, third], [])
  await flow.end()
  await until(
    `${flow.sent} records to be delivered`,
    async () => shared.delivered().size,
    (size) => size === flow.sent,
  )
  t.comment(`${flow.sent} records, ${before} of them twice before one was killed, ${shared.twice()} at the end`)
  t.equal(before, 0, 'nothing is delivered twice where members come and go by themselves')
  for (const member of [first, second, third]) t.notOk(member.events.some((event) => event.startsWith('lost')))
}

/** Apache Kafka in the long form only: its start takes as long as a test. */
async function targets(t: Test): Promise<[name: string, bootstrap: string][]> {
  const home = temporaryDirectory()
  const stele = await BrokerProcess.start(path.join(home, 'stele'), groupSettings)
  const kafka = full ? await KafkaProcess.start(path.join(home, 'kafka'), groupSettings) : undefined
  t.teardown(async () => {
    await Promise.all([kafka?.end('SIGKILL'), stele.end('SIGKILL')])
    fs.rmSync(home, { recursive: true, force: true })
  })
  return [['Stele', stele.bootstrap], ...(kafka ? [['Apache Kafka', kafka.bootstrap] as [string, string]] : [])]
}

t.test('members of other clients in one group with ours', { skip: missing('npm'), timeout: full ? 600_000 : 60_000 }, async (t) => {
  for (const [name, bootstrap] of await targets(t)) {
    for (const way of ways.filter(({ client }) => full || client === kafkaJs)) {
      const { client, assignor } = way
      await t.test(`${client.name}, ${assignor}, on ${name}`, { skip: missing(...client.needs) }, (t) => mixed(t, bootstrap, way))
    }
  }
})
