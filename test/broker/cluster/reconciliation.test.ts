import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type RunningBroker, startBroker } from '../../../broker/index.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../../client/protocol/messages/create-topics.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../../client/protocol/messages/delete-topics.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { MetadataRequest, MetadataResponse } from '../../../client/protocol/messages/metadata.ts'
import { ProduceRequest, ProduceResponse } from '../../../client/protocol/messages/produce.ts'
import { zeroUuid } from '../../../client/protocol/uuid.ts'
import { buildBatch } from '../../../client/records/builder.ts'
import { RawClient } from '../../support/raw-client.ts'

const root = mkdtempSync(join(tmpdir(), 'stele-reconciliation-'))
t.teardown(() => rmSync(root, { recursive: true, force: true }))
let directories = 0

/** The directory as a killed process would leave it. */
function copyOf(directory: string): string {
  const copy = join(root, String(++directories))
  cpSync(directory, copy, { recursive: true, filter: (source) => !/\.lock$|cleanshutdown$/.test(source) })
  return copy
}

async function withBroker<T>(dataDirectory: string, act: (client: RawClient, broker: RunningBroker) => Promise<T>): Promise<T> {
  const broker = await startBroker({ dataDirectory })
  const client = await RawClient.connect(broker.port)
  try {
    return await act(client, broker)
  } finally {
    client.close()
    await broker.close()
  }
}

async function create(client: RawClient, name: string, numPartitions: number): Promise<string> {
  const topics = [{ name, numPartitions, replicationFactor: 1 }]
  const answer = await client.ask(CreateTopicsRequest, CreateTopicsResponse, 7, { topics, timeoutMs: 5000 })
  return answer?.topics[0]?.topicId ?? ''
}

async function produce(client: RawClient, name: string, index: number, text: string): Promise<number | undefined> {
  const records = buildBatch({ records: [{ timestamp: 1, value: Buffer.from(text) }] })
  const topicData = [{ name, partitionData: [{ index, records }] }]
  const answer = await client.ask(ProduceRequest, ProduceResponse, 9, { acks: -1, timeoutMs: 5000, topicData })
  return answer?.responses[0]?.partitionResponses[0]?.baseOffset
}

/** What anyone can see of a topic: its id, and of each partition the leader's epoch and whether the text can be read in it. */
async function look(client: RawClient, name: string, text: string) {
  const metadata = await client.ask(MetadataRequest, MetadataResponse, 12, {
    topics: [{ name, topicId: zeroUuid }],
    allowAutoTopicCreation: false,
  })
  const topic = metadata?.topics[0]
  const holds: boolean[] = []
  for (const { partitionIndex } of topic?.partitions ?? []) {
    const topics = [{ topic: name, partitions: [{ partition: partitionIndex, fetchOffset: 0, partitionMaxBytes: 10_000 }] }]
    const fetched = await client.ask(FetchRequest, FetchResponse, 11, { maxWaitMs: 0, minBytes: 0, maxBytes: 10_000, topics })
    holds.push(fetched?.responses[0]?.partitions[0]?.records?.includes(text) ?? false)
  }
  const partitions = topic?.partitions.map(({ leaderId, leaderEpoch }) => [leaderId, leaderEpoch])
  return { errorCode: topic?.errorCode, topicId: topic?.topicId, partitions, holds }
}

t.test('after an unclean stop partitions begin a new leader epoch, after a clean one they do not', async (t) => {
  const directory = join(root, String(++directories))
  mkdirSync(directory)
  let killed = ''
  const topicId = await withBroker(directory, async (client) => {
    const id = await create(client, 'orders', 2)
    await produce(client, 'orders', 0, 'kept')
    killed = copyOf(directory)
    return id
  })
  const clean = await withBroker(directory, (client) => look(client, 'orders', 'kept'))
  t.match(clean, {
    topicId,
    partitions: [
      [1, 0],
      [1, 0],
    ],
    holds: [true, false],
  })
  await withBroker(killed, async (client) => {
    t.match(await look(client, 'orders', 'kept'), {
      topicId,
      partitions: [
        [1, 1],
        [1, 1],
      ],
      holds: [true, false],
    })
    t.equal(await produce(client, 'orders', 0, 'more'), 1)
  })
})

t.test('topics whose metadata was lost are adopted with their ids, their records and a later epoch', async (t) => {
  const directory = join(root, String(++directories))
  mkdirSync(directory)
  const topicId = await withBroker(directory, async (client) => {
    const id = await create(client, 'orders', 3)
    await produce(client, 'orders', 2, 'kept')
    await produce(client, 'orders', 0, 'kept')
    return id
  })
  rmSync(join(directory, '__cluster_metadata-0'), { recursive: true })
  mkdirSync(join(directory, 'notes-2147483647'))
  for (const run of ['first', 'second']) {
    const seen = await withBroker(directory, (client) => look(client, 'orders', 'kept'))
    t.match(seen, { errorCode: 0, topicId, holds: [true, false, true] }, `${run} run`)
    t.match(seen.partitions?.[0], [1, 1])
  }
  t.ok(existsSync(join(directory, 'notes-2147483647')), 'what can be no partition is left alone')
})

t.test('an interrupted deletion is finished, and folders of unknown topics are left alone', async (t) => {
  const directory = join(root, String(++directories))
  mkdirSync(directory)
  await withBroker(directory, async (client) => {
    await create(client, 'deleted', 1)
    await produce(client, 'deleted', 0, 'gone')
    cpSync(join(directory, 'deleted-0'), join(root, 'before-deletion'), { recursive: true })
    await client.ask(DeleteTopicsRequest, DeleteTopicsResponse, 5, { topicNames: ['deleted'], timeoutMs: 5000 })
  })
  cpSync(join(root, 'before-deletion'), join(directory, 'deleted-0'), { recursive: true })
  cpSync(join(root, 'before-deletion'), join(directory, 'stray-0'), { recursive: true })
  const foreign = Buffer.alloc(16, 5).toString('base64url')
  writeFileSync(join(directory, 'stray-0', 'partition.metadata'), `version: 0\ntopic_id: ${foreign}`)
  await withBroker(directory, async (client) => {
    t.match(await look(client, 'deleted', 'gone'), { errorCode: 3 })
    t.match(await look(client, 'stray', 'gone'), { errorCode: 3 })
    t.notOk(existsSync(join(directory, 'deleted-0')))
  })
  const [log = ''] = readdirSync(join(directory, 'stray-0')).filter((name) => name.endsWith('.log'))
  t.ok(readFileSync(join(directory, 'stray-0', log)).includes('gone'))
})
