/** What only a cluster has to administer, on two brokers of Apache Kafka: replicas that move, leaders that are elected, a broker that is gone for good. */
import t from 'tap'
import { orThrow, type Outcome, Stele } from '../../client/index.ts'
import { KafkaCluster } from '../support/kafka-cluster.ts'
import { full, missing } from './cache.ts'
import { until } from './until.ts'

const skip = full ? missing('kafka', 'java') : 'make interop runs it'

const codesOf = (outcomes: readonly Outcome<object>[]) => outcomes.map(({ error }) => error?.code ?? 'NONE')

t.test('administration of a cluster of Apache Kafka', { skip, timeout: 180_000 }, async (t) => {
  const cluster = await KafkaCluster.start(t, 2)
  const stele = new Stele({ bootstrap: cluster.bootstrap })
  t.teardown(() => stele.close())
  const { admin } = stele
  const moved = { topic: 'moved', partition: 0 }
  const here = async () => orThrow(await admin.topics.describe(['moved']))[0]?.partitions[0]

  t.test('a move of replicas is begun, seen, called off, and begun again', async (t) => {
    orThrow(await admin.topics.create([{ name: 'moved', assignments: [[1]] }]))
    await stele.producer().send('moved', { value: Buffer.alloc(500_000, 7), partition: 0 })
    const slowly = { 'leader.replication.throttled.rate': '1', 'follower.replication.throttled.rate': '1' }
    const throttled = { 'leader.replication.throttled.replicas': '*', 'follower.replication.throttled.replicas': '*' }
    const brokers = ['1', '2'].map((name) => ({ type: 'broker', name, configs: slowly }) as const)
    orThrow(await admin.configs.alter([...brokers, { type: 'topic', name: 'moved', configs: throttled }]))
    await until(
      'the throttle',
      async () => orThrow(await admin.configs.describe([{ type: 'broker', name: '1', names: ['leader.replication.throttled.rate'] }])),
      ([described]) => described?.configs.some(({ value }) => value === '1') ?? false,
    )
    orThrow(await admin.partitions.reassign([{ ...moved, replicas: [2] }]))
    const ongoing = { ...moved, replicas: [2, 1], adding: [2], removing: [1] }
    t.same(await admin.partitions.reassignments([moved]), [ongoing])
    t.same(await admin.partitions.reassignments(), [ongoing])
    t.same(codesOf(await admin.partitions.reassign([{ ...moved, replicas: null }])), ['NONE'])
    t.same(await admin.partitions.reassignments(), [])
    t.match(await here(), { replicas: [1], leader: 1 })
    t.same(codesOf(await admin.partitions.reassign([{ ...moved, replicas: null }])), ['NO_REASSIGNMENT_IN_PROGRESS'])

    const unthrottled = { 'leader.replication.throttled.replicas': null, 'follower.replication.throttled.replicas': null }
    orThrow(await admin.configs.alter([{ type: 'topic', name: 'moved', configs: unthrottled }]))
    orThrow(await admin.partitions.reassign([{ ...moved, replicas: [2, 1] }]))
    await until(
      'the move',
      () => admin.partitions.reassignments(),
      (left) => left.length === 0,
    )
    t.match(await until('both in sync', here, (partition) => partition?.isr.length === 2), { replicas: [2, 1] })
  })

  t.test('the leader that is preferred is elected, and what is sent goes to it', async (t) => {
    t.match(codesOf(await admin.partitions.electLeaders('preferred', [moved])), [/^(NONE|ELECTION_NOT_NEEDED)$/])
    await until('the leader', here, (partition) => partition?.leader === 2)
    t.same(codesOf(await admin.partitions.electLeaders('preferred', [moved])), ['ELECTION_NOT_NEEDED'])
    t.same(await stele.producer().send('moved', { value: Buffer.from('v'), partition: 0 }), { partition: 0, offset: 1 })
    t.same(
      orThrow(await admin.partitions.offsets([{ ...moved, at: 'end' }])).map(({ offset }) => offset),
      [2],
    )
  })

  t.test('directories are told of each broker', async (t) => {
    const dirs = orThrow(await admin.logDirs.describe({ partitions: [moved] }))
    t.same(
      new Map(dirs.map(({ broker, replicas }) => [broker, replicas.length])),
      new Map([
        [1, 1],
        [2, 1],
      ]),
    )
  })

  t.test('a broker that dies is fenced, observes the quorum no more, and is forgotten', async (t) => {
    t.match(await admin.quorum.describe(), { leaderId: 1, voters: [{ id: 1 }], observers: [{ id: 2 }] })
    await cluster.end(2, 'SIGKILL')
    const fenced = await until(
      'broker 2 to be fenced',
      () => admin.cluster.describe({ withFenced: true }),
      ({ brokers }) => brokers.some(({ id, isFenced }) => id === 2 && isFenced),
    )
    t.equal(fenced.brokers.length, 2)
    t.same(
      (await admin.cluster.describe()).brokers.map(({ id }) => id),
      [1],
    )
    await until('the leader that is left', here, (partition) => partition?.leader === 1)
    t.match(await stele.producer().send('moved', { value: Buffer.from('w'), partition: 0 }), { offset: 2 })
    await admin.cluster.unregisterBroker(2)
    await until(
      'broker 2 to be forgotten',
      () => admin.cluster.describe({ withFenced: true }),
      ({ brokers }) => brokers.length === 1,
    )
  })
})
