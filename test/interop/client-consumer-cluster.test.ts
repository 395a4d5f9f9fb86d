/**
 * The client's consumer on a cluster of Apache Kafka: it reads from the follower in its rack (KIP-392), finds out that a log was cut
 * (KIP-320), and goes on where leaders move.
 */
import t from 'tap'
import { orThrow, type Stele } from '../../client/index.ts'
import { ConsumingStage, type Member, sorted, upTo } from '../support/consuming.ts'
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

async function topicOn(stele: Stele, name: string, replicas: readonly number[], configs: Record<string, string> = {}): Promise<string> {
  orThrow(await stele.admin.topics.create([{ name, assignments: [replicas], configs }]))
  await inSync(stele, name, replicas)
  return name
}

async function inSync(stele: Stele, topic: string, replicas: readonly number[]): Promise<void> {
  const isr = async () => {
    const [described] = await stele.topics.describe([topic])
    return [...(described?.partitions[0]?.isr ?? [])].sort()
  }
  await until(`${topic} to have ${replicas} in sync`, isr, (ids) => ids.join() === [...replicas].sort().join())
}

/** Sends some more and waits until they are read; whatever was read before, all is there once and in order. */
async function goesOn(stage: ConsumingStage, topic: string, member: Member, upToNow: number): Promise<void> {
  await stage.send(topic, { partitions: 1, records: upToNow - member.values.length, from: member.values.length })
  await member.until(({ values }) => values.length >= upToNow)
}

t.test('the consumer on a cluster of Apache Kafka', { skip, timeout: 600_000 }, async (t) => {
  const cluster = await KafkaCluster.start(t, 3, { 'offsets.topic.replication.factor': '3' })
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
})
