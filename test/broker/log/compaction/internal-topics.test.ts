/** The topics that the broker keeps its own state in are compacted like any other, and what is in them is there after a restart. */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import t from 'tap'
import { Stele } from '../../../../client/index.ts'
import { ErrorCode } from '../../../../client/protocol/errors.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../../../client/protocol/messages/create-topics.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../../../client/protocol/messages/find-coordinator.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../../../client/protocol/messages/init-producer-id.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../../../client/protocol/messages/offset-commit.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../../../client/protocol/messages/offset-fetch.ts'
import { BrokerInProcess } from '../../../support/broker-in-process.ts'
import { RawClient } from '../../../support/raw-client.ts'

const settings = {
  'log.cleaner.backoff.ms': 20,
  'log.cleaner.min.cleanable.ratio': 0.01,
  'log.segment.delete.delay.ms': 0,
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.num.partitions': 1,
}
const partitions = [0, 1, 2]

async function commit(client: RawClient, offset: number): Promise<number | undefined> {
  const answer = await client.ask(OffsetCommitRequest, OffsetCommitResponse, 8, {
    groupId: 'readers',
    topics: [
      { name: 'read', partitions: partitions.map((partitionIndex) => ({ partitionIndex, committedOffset: offset + partitionIndex })) },
    ],
  })
  return answer?.topics[0]?.partitions[0]?.errorCode
}

async function committed(client: RawClient): Promise<number[]> {
  for (;;) {
    const groups = [{ groupId: 'readers', topics: [{ name: 'read', partitionIndexes: partitions }] }]
    const answer = await client.ask(OffsetFetchRequest, OffsetFetchResponse, 8, { groups })
    const [group] = answer?.groups ?? []
    if (group?.errorCode === ErrorCode.NONE) return group.topics[0]?.partitions.map(({ committedOffset }) => committedOffset) ?? []
  }
}

async function producerEpoch(client: RawClient): Promise<number> {
  for (;;) {
    const asked = { transactionalId: 'writer', transactionTimeoutMs: 10_000, producerId: -1, producerEpoch: -1 }
    const answer = await client.ask(InitProducerIdRequest, InitProducerIdResponse, 4, asked)
    if (answer?.errorCode === ErrorCode.NONE) return answer.producerEpoch
  }
}

t.test('committed offsets and transactional ids outlive the compaction of their topics', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stele-internal-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  let running = await BrokerInProcess.start(settings, { directory })
  t.teardown(() => running.close())
  let client = await RawClient.connect(running.port)
  t.teardown(() => client.close())
  const topics = [{ name: 'read', numPartitions: 3, replicationFactor: 1 }]
  await client.ask(CreateTopicsRequest, CreateTopicsResponse, 5, { topics, timeoutMs: 5000 })
  for (const [keyType, key] of [
    [0, 'readers'],
    [1, 'writer'],
  ] as const) {
    const find = () => client.ask(FindCoordinatorRequest, FindCoordinatorResponse, 4, { keyType, coordinatorKeys: [key] })
    while ((await find())?.coordinators[0]?.errorCode !== ErrorCode.NONE);
  }
  while ((await commit(client, 0)) !== ErrorCode.NONE);
  await using stele = new Stele({ bootstrap: `127.0.0.1:${running.port}` })
  for (const topic of ['__consumer_offsets', '__transaction_state'])
    await stele.topics.alterConfigs(topic, { 'internal.segment.bytes': '5000' })
  let epoch = -1
  for (let round = 1; round <= 100; round++) {
    t.equal(await commit(client, round * 10), ErrorCode.NONE)
    epoch = await producerEpoch(client)
  }
  const size = (topic: string) => [...running.broker.replicas.all()].find(({ log }) => log.topic === topic)?.log.sizeBytes ?? Infinity
  // The active segment, and what is left of the others.
  while (size('__consumer_offsets') > 7000 || size('__transaction_state') > 7000) await new Promise((resolve) => setTimeout(resolve, 20))
  t.same(await committed(client), [1000, 1001, 1002])
  await running.close()
  running = await BrokerInProcess.start(settings, { directory })
  client.close()
  client = await RawClient.connect(running.port)
  t.same(await committed(client), [1000, 1001, 1002])
  t.equal(await producerEpoch(client), epoch + 1, 'who was last is known')
  t.same(running.log, [])
})
