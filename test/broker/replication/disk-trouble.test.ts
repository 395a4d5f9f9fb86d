/** A disk that fails under a running broker: what the failed partition's clients are told, what others notice, and the way back. */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import t, { type Test } from 'tap'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../../client/protocol/messages/create-topics.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../../client/protocol/messages/list-offsets.ts'
import { MetadataRequest, MetadataResponse } from '../../../client/protocol/messages/metadata.ts'
import { ProduceRequest, ProduceResponse } from '../../../client/protocol/messages/produce.ts'
import { testBatch } from '../../support/batches.ts'
import { BrokerInProcess } from '../../support/broker-in-process.ts'
import { FaultyDisk, type FaultyOperation } from '../../support/faulty-disk.ts'
import { RawClient } from '../../support/raw-client.ts'

const { NONE, KAFKA_STORAGE_ERROR } = ErrorCode

async function produce(client: RawClient, topic: string, acks = -1) {
  const partitionData = [{ index: 0, records: testBatch({ timestamp: Date.now() }) }]
  const answer = await client.ask(ProduceRequest, ProduceResponse, 9, {
    acks,
    timeoutMs: 5000,
    topicData: [{ name: topic, partitionData }],
  })
  return answer?.responses[0]?.partitionResponses[0]
}

async function fetch(client: RawClient, topic: string, maxWaitMs = 0) {
  const topics = [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }]
  const answer = await client.ask(FetchRequest, FetchResponse, 4, { maxWaitMs, minBytes: 1 << 19, maxBytes: 1 << 20, topics })
  return answer?.responses[0]?.partitions[0]
}

async function endOffset(client: RawClient, topic: string) {
  const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }]
  const answer = await client.ask(ListOffsetsRequest, ListOffsetsResponse, 4, { replicaId: -1, topics })
  return answer?.topics[0]?.partitions[0]
}

/** A broker with the topics `bad` and `good`, a record in each, and a disk on which `bad` can be made to fail. */
async function setUp(t: Test) {
  const disk = new FaultyDisk()
  const running = await BrokerInProcess.start({}, { platform: disk.platform })
  t.teardown(() => running.close())
  const connect = async () => {
    const client = await RawClient.connect(running.port)
    t.teardown(() => client.close())
    return client
  }
  const client = await connect()
  await client.ask(CreateTopicsRequest, CreateTopicsResponse, 5, {
    topics: ['bad', 'good'].map((name) => ({ name, numPartitions: 1, replicationFactor: 1 })),
    timeoutMs: 5000,
  })
  t.match(await produce(client, 'bad'), { errorCode: NONE, baseOffset: 0 })
  t.match(await produce(client, 'good'), { errorCode: NONE, baseOffset: 0 })
  const fail = (operation: FaultyOperation, code: string) => {
    disk.fault = (done, path) => (done === operation && path.includes('/bad-0') ? code : undefined)
  }
  const heal = () => {
    disk.fault = () => undefined
    disk.free = undefined
  }
  return { disk, running, connect, client, fail, heal }
}

t.test('a partition whose disk fails is offline, says so to everyone, and the others go on', async (t) => {
  const { running, connect, client, fail, heal } = await setUp(t)
  const waiting = fetch(await connect(), 'bad', 60_000)
  while (running.broker.purgatory.size === 0) await new Promise((resolve) => setImmediate(resolve))
  fail('write', 'EIO')
  t.match(await produce(client, 'bad', 1), { errorCode: KAFKA_STORAGE_ERROR })
  t.match(await waiting, { errorCode: KAFKA_STORAGE_ERROR }, 'readers that wait are told')
  t.match(await produce(client, 'bad'), { errorCode: KAFKA_STORAGE_ERROR })
  t.match(await fetch(client, 'bad'), { errorCode: KAFKA_STORAGE_ERROR })
  t.match(await endOffset(client, 'bad'), { errorCode: KAFKA_STORAGE_ERROR })
  const metadata = await client.ask(MetadataRequest, MetadataResponse, 8, { topics: [{ name: 'bad' }], allowAutoTopicCreation: false })
  t.match(metadata, { topics: [{ partitions: [{ offlineReplicas: [1] }] }] })
  t.equal(running.broker.sources().partitionsOffline(), 1)
  t.match(running.log, [{ level: 'error', message: /offline/, fields: { topic: 'bad', partition: 0, code: 'EIO' } }], 'one line')
  t.match(await produce(client, 'good'), { errorCode: NONE, baseOffset: 1 })
  heal()
  await new Promise((resolve) => setTimeout(resolve, 150))
  t.match(await produce(client, 'bad'), { errorCode: KAFKA_STORAGE_ERROR }, 'a disk that failed once is not trusted again')

  await running.broker.close()
  const next = await BrokerInProcess.start({}, { directory: running.directory })
  t.teardown(() => next.close())
  const again = await RawClient.connect(next.port)
  t.teardown(() => again.close())
  t.match(await endOffset(again, 'bad'), { errorCode: NONE, offset: 1 }, 'the next start finds what was acknowledged')
  t.match(await produce(again, 'bad'), { errorCode: NONE, baseOffset: 1 })
})

t.test('a partition whose files cannot be read at the start is offline, and the broker starts with the others', async (t) => {
  const { disk, running, fail } = await setUp(t)
  await running.broker.close()
  fail('read', 'EIO')
  const next = await BrokerInProcess.start({}, { directory: running.directory, platform: disk.platform })
  t.teardown(() => next.close())
  const client = await RawClient.connect(next.port)
  t.teardown(() => client.close())
  t.match(await endOffset(client, 'bad'), { errorCode: KAFKA_STORAGE_ERROR })
  t.match(await produce(client, 'good'), { errorCode: NONE, baseOffset: 1 })
  t.ok(
    next.log.some(({ level, message }) => level === 'error' && /offline/.test(message)),
    'it is said',
  )
})

t.test('records that could not be synced are not acknowledged', async (t) => {
  const { running, client, fail } = await setUp(t)
  fail('sync', 'ENOSPC')
  t.match(await produce(client, 'bad'), { errorCode: KAFKA_STORAGE_ERROR })
  t.match(await produce(client, 'good'), { errorCode: NONE, baseOffset: 1 })
  t.equal(running.broker.sources().partitionsOffline(), 1)
  await new Promise((resolve) => setTimeout(resolve, 150))
  t.match(await fetch(client, 'bad'), { errorCode: KAFKA_STORAGE_ERROR }, 'what the device holds is unknown, however much room it has')
})

t.test('a partition that ran out of space comes back by itself once there is some', async (t) => {
  const { disk, running, client, fail, heal } = await setUp(t)
  fail('write', 'ENOSPC')
  disk.free = 0
  t.match(await produce(client, 'bad'), { errorCode: KAFKA_STORAGE_ERROR })
  await new Promise((resolve) => setTimeout(resolve, 150))
  t.match(await produce(client, 'bad'), { errorCode: KAFKA_STORAGE_ERROR }, 'not before')
  t.equal(running.log.length, 1)
  heal()
  let answer = await produce(client, 'bad')
  while (answer?.errorCode === KAFKA_STORAGE_ERROR) answer = await produce(client, 'bad')
  t.match(answer, { errorCode: NONE, baseOffset: 1 }, 'it goes on behind what was acknowledged')
  t.match(await endOffset(client, 'bad'), { errorCode: NONE, offset: 2 })
  t.match(await fetch(client, 'bad'), { errorCode: NONE, highWatermark: 2 })
  t.equal(running.broker.sources().partitionsOffline(), 0)
  t.match(running.log, [{ level: 'error' }, { level: 'warn', message: /back in service/, fields: { topic: 'bad', partition: 0, end: 1 } }])
})

t.test('a topic that is made on a full disk can be written once there is room', async (t) => {
  const { disk, client, heal } = await setUp(t)
  disk.fault = (operation, path) => (operation === 'makeDirectory' && path.includes('/new-0') ? 'ENOSPC' : undefined)
  disk.free = 0
  await client.ask(CreateTopicsRequest, CreateTopicsResponse, 5, {
    topics: [{ name: 'new', numPartitions: 1, replicationFactor: 1 }],
    timeoutMs: 5000,
  })
  t.match(await produce(client, 'new'), { errorCode: KAFKA_STORAGE_ERROR })
  heal()
  let answer = await produce(client, 'new')
  while (answer?.errorCode === KAFKA_STORAGE_ERROR) answer = await produce(client, 'new')
  t.match(answer, { errorCode: NONE, baseOffset: 0 })
})

t.test("a directory that another broker uses, or that is another node's, is refused and left as it is", async (t) => {
  const { running } = await setUp(t)
  const { directory } = running
  await t.rejects(BrokerInProcess.start({}, { directory }), { message: /another broker uses it/ })
  await running.broker.close()
  const before = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted((a, b) => a.localeCompare(b))
  await t.rejects(BrokerInProcess.start({ 'node.id': 7 }, { directory }), { message: /node/ })
  const foreign = fs.mkdtempSync(path.join(os.tmpdir(), 'stele-foreign-'))
  t.teardown(() => fs.rmSync(foreign, { recursive: true, force: true }))
  fs.writeFileSync(path.join(foreign, 'meta.properties'), 'version=9\nsomething=else\n')
  await t.rejects(BrokerInProcess.start({}, { directory: foreign }), { message: /version/ })
  t.same(
    fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted((a, b) => a.localeCompare(b)),
    before,
  )
  t.equal(fs.readFileSync(path.join(foreign, 'meta.properties'), 'utf8'), 'version=9\nsomething=else\n')
})
