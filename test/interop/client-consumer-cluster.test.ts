/**
 * The client's consumer on a cluster of Apache Kafka: it reads from the follower in its rack (KIP-392), finds out that a log was cut
 * (KIP-320), and goes on where leaders move.
 */
import { setTimeout as after } from 'node:timers/promises'
import t from 'tap'
import { orThrow, type Stele, type TopicDescription } from '../../client/index.ts'
import { ConsumingStage, groupSettings, type Member, sorted, upTo } from '../support/consuming.ts'
import { KafkaCluster } from '../support/kafka-cluster.ts'
import { full, missing } from './cache.ts'
import { until } from './until.ts'

const skip = full ? missing('kafka', 'java') : 'make interop runs it'

/** How often each broker was asked for records, and answered. */
class Fetches {
  readonly #answered = new Map<string, number>()
  readonly metrics = {
    request: (api: string, broker: string, _latencyMs: number, error: string | undefined) => {
      if (api === 'Fetch' && error === undefined) this.#answered.set(broker, this.of(broker) + 1)
    },
  }

  of(broker: string): number {
    return this.#answered.get(broker) ?? 0
  }
}

type Shown = TopicDescription['partitions'][number]

async function topicOn(stele: Stele, name: string, replicas: readonly number[], configs: Record<string, string> = {}): Promise<string> {
  orThrow(await stele.admin.topics.create([{ name, assignments: [replicas], configs }]))
  await inSync(stele, name, replicas)
  return name
}

async function inSync(stele: Stele, topic: string, replicas: readonly number[]): Promise<void> {
  await shown(
    stele,
    topic,
    `${replicas.join()} in sync`,
    ({ isr }) => isr.length === replicas.length && replicas.every((id) => isr.includes(id)),
  )
}

/** Resolves once the first partition is like that. */
async function shown(stele: Stele, topic: string, what: string, isSo: (partition: Shown) => boolean): Promise<void> {
  // A broker that has just come back may not know it yet.
  const look = async () => {
    const [described] = await stele.topics.describe([topic]).catch(() => [])
    return described?.partitions[0]
  }
  await until(`${topic} to have ${what}`, look, (partition) => partition !== undefined && isSo(partition))
}

/** Has the first of these lead, and coordinate, where the topic is that of offsets. */
async function leads(stele: Stele, topic: string, replicas: readonly number[]): Promise<void> {
  orThrow(await stele.admin.partitions.reassign([{ topic, partition: 0, replicas }]))
  await inSync(stele, topic, replicas)
  await stele.admin.partitions.electLeaders('preferred', [{ topic, partition: 0 }])
  await shown(stele, topic, `leader ${replicas[0]}`, ({ leader }) => leader === replicas[0])
}

/** Sends some more and waits until they are read; whatever was read before, all is there once and in order. */
async function goesOn(stage: ConsumingStage, topic: string, member: Member, upToNow: number): Promise<void> {
  await stage.send(topic, { partitions: 1, records: upToNow - member.values.length, from: member.values.length })
  await member.until(({ values }) => values.length >= upToNow)
}

t.test('the consumer on a cluster of Apache Kafka', { skip, timeout: 600_000 }, async (t) => {
  const cluster = await KafkaCluster.start(t, 3, { ...groupSettings, 'offsets.topic.replication.factor': '3' })
  const stage = new ConsumingStage(t, cluster.bootstrap)

  await t.test('records come from the follower in the rack; without it from the leader; and from it again', async (t) => {
    const topic = await topicOn(stage.stele, stage.name('rack'), [1, 2])
    const [leader, follower] = [cluster.address(1), cluster.address(2)]
    const fetches = new Fetches()
    const stele = stage.client(t, { rack: 'rack-2', metrics: fetches.metrics })
    const member = stage.member({ topics: [topic], partitionBytes: 2000, maxWaitMs: 200 }, stele)
    await goesOn(stage, topic, member, 2000)
    const asked = fetches.of(leader)
    t.ok(fetches.of(follower) > 0, `${fetches.of(follower)} fetches from the follower`)
    t.ok(asked <= 3, `${asked} from the leader, which sends it away`)

    await cluster.end(2, 'SIGKILL')
    await goesOn(stage, topic, member, 4000)
    t.ok(fetches.of(leader) > asked, 'the leader serves while there is no follower')

    await cluster.start(2)
    await inSync(stage.stele, topic, [1, 2])
    const before = fetches.of(follower)
    await until(
      'the follower to be read from again',
      async () => fetches.of(follower) - before,
      (count) => count > 3,
    )
    await goesOn(stage, topic, member, 6000)
    t.same(member.values, upTo(6000), 'each once, in order')
  })

  await t.test('a follower that stands still is left', async (t) => {
    const topic = await topicOn(stage.stele, stage.name('still'), [1, 2])
    const fetches = new Fetches()
    const stele = stage.client(t, { rack: 'rack-2', metrics: fetches.metrics, requestTimeoutMs: 2000 })
    const member = stage.member({ topics: [topic], maxWaitMs: 200 }, stele)
    await goesOn(stage, topic, member, 100)
    t.ok(fetches.of(cluster.address(2)) > 0)
    cluster.signal(2, 'SIGSTOP')
    try {
      await goesOn(stage, topic, member, 200)
    } finally {
      cluster.signal(2, 'SIGCONT')
    }
    t.same(member.values, upTo(200))
    await inSync(stage.stele, topic, [1, 2])
  })

  await t.test('what neither has is out of range, and told by the leader', async (t) => {
    const topic = await topicOn(stage.stele, stage.name('range'), [1, 2])
    const stele = stage.client(t, { rack: 'rack-2' })
    const member = stage.member({ topics: [topic], maxWaitMs: 200, outOfRange: 'beginning' }, stele)
    await goesOn(stage, topic, member, 10)
    member.consumer.seek({ topic, partition: 0 }, 1_000_000)
    await member.until(({ values }) => values.length === 20)
    t.same(member.values, [...upTo(10), ...upTo(10)])
    orThrow(await stage.stele.admin.partitions.deleteRecords([{ topic, partition: 0, offset: 5 }]))
    member.consumer.seek({ topic, partition: 0 }, 0)
    await member.until(({ values }) => values.length === 25)
    t.same(sorted(member.values.slice(20)), upTo(10).slice(5))
  })

  await t.test('a log that was cut is found out, read again from there, or told', async (t) => {
    const topic = await topicOn(stage.stele, stage.name('cut'), [2, 3], { 'unclean.leader.election.enable': 'true' })
    const options = { topics: [topic], maxWaitMs: 200 }
    const group = stage.name('group')
    const reader = stage.member(options)
    await goesOn(stage, topic, reader, 100)
    await cluster.end(3, 'SIGKILL')
    await inSync(stage.stele, topic, [2])
    const told = stage.member({ ...options, outOfRange: 'fail' })
    const gone = stage.member({ ...options, group })
    await goesOn(stage, topic, reader, 200)
    await told.until(({ values }) => values.length === 200)
    await gone.until(({ values }) => values.length === 200)
    await gone.consumer.close()

    await cluster.end(2, 'SIGKILL')
    await cluster.start(3)
    await shown(stage.stele, topic, 'another leader', ({ leader }) => leader === 3)
    // More than were lost: who reads on at 200 never sees the first hundred of them.
    await stage.send(topic, { partitions: 1, records: 300, from: 1000 })
    await reader.until(({ values }) => values.length === 500)
    const after = upTo(1300).slice(1000)
    t.same(reader.values, [...upTo(200), ...after], 'goes on where the logs part')
    await told.over
    t.match(told.error, { code: 'LOG_TRUNCATED', topic, partition: 0, message: /offset 100/ })
    t.equal(told.values.length, 200)
    const back = stage.member({ ...options, group })
    await back.until(({ values }) => values.length === 300)
    t.same(back.values, after, 'what a group committed is compared too')
    await cluster.start(2)
    await inSync(stage.stele, topic, [2, 3])
  })

  await t.test('leaders move while records are sent and read', async (t) => {
    const partitions = 6
    const topic = stage.name('moving')
    const assignments = Array.from({ length: partitions }, (_, nth) => [1 + (nth % 3), 1 + ((nth + 1) % 3), 1 + ((nth + 2) % 3)])
    orThrow(await stage.stele.admin.topics.create([{ name: topic, assignments, configs: { 'min.insync.replicas': '2' } }]))
    const alone = stage.member({ topics: [topic] })
    const group = stage.name('group')
    const shared = [stage.member({ topics: [topic], group }), stage.member({ topics: [topic], group })]
    const modern = stage.member({ topics: [topic], group: stage.name('group'), protocol: 'consumer' })
    const producer = stage.client(t).producer()
    let sent = 0
    let isMoving = true
    const send = async () => {
      while (isMoving) {
        const records = Array.from({ length: 20 }, () => ({ value: Buffer.from(String(sent++)), partition: sent % partitions }))
        await producer.send(topic, records)
      }
    }
    const sending = send()
    for (const id of [2, 3, 2]) {
      const before = sent
      await cluster.end(id, id === 3 ? 'SIGTERM' : 'SIGKILL')
      await until(
        'records to be sent without it',
        async () => sent - before,
        (count) => count > 2000,
      )
      await cluster.start(id)
      await inSync(stage.stele, topic, [1, 2, 3])
      orThrow(await stage.stele.admin.partitions.electLeaders('preferred').catch(() => []))
    }
    isMoving = false
    await sending
    const all = upTo(sent)
    const isAll = (values: readonly string[]) => new Set(values).size === sent
    await alone.until(({ values }) => values.length >= sent)
    t.same(sorted(alone.values), all, `${sent} records, each once`)
    await until(
      'the group to have read all',
      async () => new Set(shared.flatMap(({ values }) => values)).size,
      (size) => size === sent,
    )
    await modern.until(({ values }) => isAll(values))
    const twice = (values: readonly string[]) => values.length - new Set(values).size
    t.comment(`${twice(shared.flatMap(({ values }) => values))} and ${twice(modern.values)} came twice to groups`)
    for (const members of [shared, [modern]]) {
      const isTwice = members.some(({ events }) => events.some((event) => event.startsWith('lost') || event.startsWith('revoked')))
      if (!isTwice) t.equal(twice(members.flatMap(({ values }) => values)), 0, 'nothing twice where no partition was given up')
    }
  })

  for (const way of [{ assignors: ['range'] }, { assignors: ['cooperative-sticky'] }, { protocol: 'consumer' }] as const) {
    await t.test(`the coordinator dies while members commit, come and go: ${JSON.stringify(way)}`, async (t) => {
      const partitions = 4
      const topic = stage.name('coordinated')
      const assignments = Array.from({ length: partitions }, () => [1])
      orThrow(await stage.stele.admin.topics.create([{ name: topic, assignments }]))
      const group = stage.name('group')
      const members: Member[] = []
      // A member that left just before is one again where the next coordinator has not heard of it: until its session ends.
      const sessionTimeoutMs = 5000
      const join = (work: (value: string, member: Member) => Promise<void>) => {
        const timing = { autoCommit: { everyMs: 50 }, ...('assignors' in way && { sessionTimeoutMs }) }
        const member = stage.member({ ...way, ...timing, topics: [topic], group, work })
        members.push(member)
        return member
      }
      const stays = join(async (value, { consumer }) => {
        if (Number(value) % 7 === 0) await consumer.commit()
      })
      await stays.until(({ partitions: held }) => held.length === partitions)
      await leads(stage.stele, '__consumer_offsets', [2, 3, 1])
      let isOver = false
      const churn = async () => {
        while (!isOver) {
          const comes = join(async (_, { consumer, values }) => {
            await consumer.commit()
            if (values.length === 3) void consumer.close()
          })
          await comes.over
        }
      }
      let sent = 0
      const send = async () => {
        const producer = stage.stele.producer()
        for (; !isOver; await after(5)) {
          const records = Array.from({ length: partitions }, (_, nth) => ({ value: Buffer.from(String(sent + nth)), partition: nth }))
          await producer.send(topic, records)
          sent += partitions
        }
      }
      const all = Promise.all([churn(), send()])
      const joined = async (more: number) => {
        const before = members.length
        await until(
          'members to come and go',
          async () => members.length - before,
          (count) => count >= more,
        )
      }
      await joined(3)
      await cluster.end(2, 'SIGKILL')
      await joined(3)
      await cluster.start(2)
      await leads(stage.stele, '__consumer_offsets', [2, 3, 1])
      await joined(3)
      isOver = true
      await all
      const values = () => members.flatMap((member) => member.values)
      await until(
        'all to be read',
        async () => new Set(values()).size,
        (size) => size === sent,
      )
      t.equal(values().length, sent, `${sent} records, each once, over ${members.length} members`)
      const isWell = members.every(({ error, events }) => error === undefined && !events.some((event) => event.startsWith('lost')))
      t.ok(isWell, 'no commit is refused, nothing is lost')
      await stays.consumer.close()
      t.equal(
        (await stage.stele.groups.describe(group)).offsets.reduce((sum, { committed }) => sum + (committed ?? 0), 0),
        sent,
      )
    })
  }
})
