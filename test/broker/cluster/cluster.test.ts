import t from 'tap'
import { Cluster, MetadataUnavailable } from '../../../broker/cluster/cluster.ts'
import type { Entries, MetadataLog } from '../../../broker/cluster/metadata-log/metadata-log.ts'
import type { MetadataRecord } from '../../../broker/cluster/records.ts'
import { planCreateTopics } from '../../../broker/cluster/topic-creation.ts'
import { Settings } from '../../../broker/config/settings.ts'
import { silentLogger } from '../../../broker/metrics/logger.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'

/** A metadata log in memory whose disk answers when told to, or fails. */
class SlowLog implements MetadataLog {
  readonly records: MetadataRecord[] = []
  readonly snapshots: { end: number; records: MetadataRecord[] }[] = []
  wantsSnapshot = false
  /** Writes that wait for the disk. */
  readonly waiting: { resolve(): void; reject(error: Error): void }[] = []
  broken = false
  isSlow = false

  async *load(): AsyncGenerator<Entries> {
    yield* this.readFrom(0)
  }

  async *readFrom(offset: number): AsyncGenerator<Entries> {
    if (this.broken) throw new Error('EIO')
    yield { records: this.records.slice(offset), end: this.records.length }
  }

  appendAfter(end: number, records: readonly MetadataRecord[]): Promise<void> {
    if (this.broken) return Promise.reject(new Error('EIO'))
    if (end !== this.records.length) return Promise.reject(new Error(`conflict at ${end}`))
    this.records.push(...records)
    if (!this.isSlow) return Promise.resolve()
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }))
  }

  async snapshot(end: number, records: Iterable<MetadataRecord>): Promise<void> {
    this.wantsSnapshot = false
    this.snapshots.push({ end, records: [...records] })
  }
}

let seed = 0
const random = { bytes: (count: number) => Buffer.alloc(count, ++seed), fraction: () => 0.5 }

async function started(log: SlowLog): Promise<Cluster> {
  const cluster = new Cluster({ brokerId: 1, clusterId: 'c', log, settings: () => Settings.defaults, random, logger: silentLogger })
  await cluster.start()
  const endpoints = new Map([['PLAINTEXT', { host: 'h', port: 1, securityProtocol: 0 }]])
  await cluster.register({ endpoints, rack: null, directoryId: Buffer.alloc(16, 99).toString('base64url') })
  return cluster
}

const create = (cluster: Cluster, name: string) => {
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  return cluster.change(planCreateTopics([topic], { ...cluster.creationContext, validateOnly: false }))
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('a change is seen and answered once it cannot be lost, and plans see it at once', async (t) => {
  const log = new SlowLog()
  const cluster = await started(log)
  log.isSlow = true
  const answers: string[] = []
  const tell = (name: string) => (reply: unknown) => answers.push(`${name} ${(reply as { errorCode: number }[])[0]?.errorCode}`)
  const first = create(cluster, 'a').then(tell('first'))
  const again = create(cluster, 'a').then(tell('again'))
  const other = create(cluster, 'b').then(tell('other'))
  await turn()
  t.equal(log.waiting.length, 2, 'two writes are under way together')
  t.same([...cluster.image.topics.keys()], [], 'and nothing is seen of them')
  log.waiting[1]?.resolve()
  await turn()
  t.same(answers, [], 'a later write does not overtake an earlier one')
  log.waiting[0]?.resolve()
  await Promise.all([first, again, other])
  t.same(answers.sort(), ['again 36', 'first 0', 'other 0'])
  t.same([...cluster.image.topics.keys()], ['a', 'b'])
})

t.test('listeners are told of each change in order, and of all that was loaded as one', async (t) => {
  const log = new SlowLog()
  const before = await started(log)
  await create(before, 'a')
  const cluster = new Cluster({ brokerId: 1, clusterId: 'c', log, settings: () => Settings.defaults, random, logger: silentLogger })
  const told: string[][] = []
  cluster.onChange(({ topics, image, previous }) => {
    told.push([...topics])
    t.equal(image, cluster.image)
    t.not(previous, image)
  })
  await cluster.start()
  await create(cluster, 'b')
  t.same(told, [['a'], ['b']])
})

t.test('after a failed disk what was under way is refused, and changes go on once it works again', async (t) => {
  const log = new SlowLog()
  const cluster = await started(log)
  log.isSlow = true
  const lost = create(cluster, 'lost')
  const behind = create(cluster, 'behind')
  await turn()
  log.broken = true
  log.records.splice(-4)
  for (const { reject } of log.waiting.splice(0)) reject(new Error('EIO'))
  t.ok((await lost) instanceof MetadataUnavailable)
  t.ok((await behind) instanceof MetadataUnavailable)
  t.match(await create(cluster, 'still'), { errorCode: ErrorCode.KAFKA_STORAGE_ERROR })
  t.equal((await cluster.ensureTopics(['auto'])).get('auto'), ErrorCode.KAFKA_STORAGE_ERROR)
  t.equal(await cluster.nextProducerId(), -1)
  log.broken = false
  log.isSlow = false
  t.match(await Promise.all([create(cluster, 'lost'), create(cluster, 'next')]), [[{ errorCode: 0 }], [{ errorCode: 0 }]])
  t.same([...cluster.image.topics.keys()], ['lost', 'next'])
})

t.test('what reached the disk before it failed has happened', async (t) => {
  const log = new SlowLog()
  const cluster = await started(log)
  log.isSlow = true
  const unsure = create(cluster, 'unsure')
  await turn()
  log.waiting.pop()?.reject(new Error('EIO'))
  t.ok((await unsure) instanceof MetadataUnavailable)
  log.isSlow = false
  t.match(await create(cluster, 'unsure'), [{ errorCode: ErrorCode.TOPIC_ALREADY_EXISTS }])
})

t.test('producer ids are never handed out twice, over any number of starts', async (t) => {
  const log = new SlowLog()
  const seen = new Set<number>()
  let asked = 0
  for (let run = 0; run < 3; run++) {
    const cluster = await started(log)
    const ids = await Promise.all(Array.from({ length: 1500 }, () => cluster.nextProducerId()))
    for (const id of ids) seen.add(id)
    asked += ids.length
  }
  t.equal(seen.size, asked)
  t.equal(log.records.filter(({ name }) => name === 'ProducerIdsRecord').length, 6, 'two blocks of a thousand each run')
})

t.test('topics made on demand are made once, and bad names are refused', async (t) => {
  const cluster = await started(new SlowLog())
  const errors = await Promise.all([cluster.ensureTopics(['a', 'a', 'b/']), cluster.ensureTopics(['a'])])
  t.same(
    errors.map((each) => Object.fromEntries(each)),
    [{ a: 0, 'b/': ErrorCode.INVALID_TOPIC_EXCEPTION }, { a: 0 }],
  )
  t.equal(cluster.isValidTopicName('b/'), false)
})

t.test('a transaction that the log leaves open is aborted before anything is written', async (t) => {
  const log = new SlowLog()
  const first = await started(log)
  await create(first, 'a')
  log.records.push({ name: 'BeginTransactionRecord', value: { name: 'half' } })
  log.records.push({ name: 'TopicRecord', value: { name: 'never', topicId: Buffer.alloc(16, 77).toString('base64url') } })
  const second = await started(log)
  await create(second, 'b')
  const third = await started(log)
  t.same([...third.image.topics.keys()], ['a', 'b'])
})

t.test('a snapshot is taken of what is committed', async (t) => {
  const log = new SlowLog()
  const cluster = await started(log)
  log.wantsSnapshot = true
  await create(cluster, 'a')
  await cluster.close()
  t.equal(log.snapshots.length, 1)
  t.equal(log.snapshots[0]?.end, log.records.length)
  t.ok(log.snapshots[0]?.records.some(({ name }) => name === 'PartitionRecord'))
})
