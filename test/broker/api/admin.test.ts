/** The admin APIs over the wire, in every version that is served, against a real broker. What it answers was compared with Apache Kafka 4.3.1. */
import t from 'tap'
import { type RunningBroker, startBroker } from '../../../broker/index.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { AlterConfigsRequest, AlterConfigsResponse } from '../../../client/protocol/messages/alter-configs.ts'
import { AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse } from '../../../client/protocol/messages/alter-replica-log-dirs.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../../client/protocol/messages/api-versions.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../../client/protocol/messages/consumer-group-heartbeat.ts'
import { CreatePartitionsRequest, CreatePartitionsResponse } from '../../../client/protocol/messages/create-partitions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../../client/protocol/messages/create-topics.ts'
import { DeleteRecordsRequest, DeleteRecordsResponse } from '../../../client/protocol/messages/delete-records.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../../client/protocol/messages/delete-topics.ts'
import { DescribeClusterRequest, DescribeClusterResponse } from '../../../client/protocol/messages/describe-cluster.ts'
import { DescribeConfigsRequest, DescribeConfigsResponse } from '../../../client/protocol/messages/describe-configs.ts'
import { DescribeLogDirsRequest, DescribeLogDirsResponse } from '../../../client/protocol/messages/describe-log-dirs.ts'
import {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from '../../../client/protocol/messages/describe-topic-partitions.ts'
import { ElectLeadersRequest, ElectLeadersResponse } from '../../../client/protocol/messages/elect-leaders.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../../client/protocol/messages/find-coordinator.ts'
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../../client/protocol/messages/incremental-alter-configs.ts'
import { ListConfigResourcesRequest, ListConfigResourcesResponse } from '../../../client/protocol/messages/list-config-resources.ts'
import {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../../../client/protocol/messages/list-partition-reassignments.ts'
import { MetadataRequest, MetadataResponse } from '../../../client/protocol/messages/metadata.ts'
import { ProduceRequest, ProduceResponse } from '../../../client/protocol/messages/produce.ts'
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from '../../../client/protocol/messages/update-features.ts'
import type { Input, Message, Of } from '../../../client/protocol/schema.ts'
import { zeroUuid } from '../../../client/protocol/uuid.ts'
import { buildBatch } from '../../../client/records/builder.ts'
import { RawClient } from '../../support/raw-client.ts'

const topicResource = 2
const brokerResource = 4
const groupResource = 32
const timeoutMs = 5000

let broker: RunningBroker
let client: RawClient
t.before(async () => {
  broker = await startBroker()
  client = await RawClient.connect(broker.port)
})
t.teardown(async () => {
  client.close()
  await broker.close()
})

async function ask<Q extends Message, S extends Message>(request: Q, response: S, version: number, body: Input<Q>): Promise<Of<S>> {
  const answer = await client.ask(request, response, version, body)
  if (!answer) throw new Error(`${request.name} v${version}: the broker closed the connection`)
  return answer
}

const versions = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n)
const topic = (name: string, numPartitions = 1, configs: { name: string; value: string }[] = []) => ({
  name,
  numPartitions,
  replicationFactor: 1,
  configs,
})
const create = (...topics: ReturnType<typeof topic>[]) => ask(CreateTopicsRequest, CreateTopicsResponse, 7, { topics, timeoutMs })
const describe = (resourceType: number, resourceName: string, configurationKeys: string[] | null = null) =>
  ask(DescribeConfigsRequest, DescribeConfigsResponse, 4, {
    resources: [{ resourceType, resourceName, configurationKeys }],
    includeSynonyms: true,
  })
const change = (resourceType: number, resourceName: string, name: string, value: string | null, configOperation = 0) =>
  ask(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 1, {
    resources: [{ resourceType, resourceName, configs: [{ name, configOperation, value }] }],
  })

t.test('CreateTopics and DeleteTopics work in every version', async (t) => {
  for (const version of versions(0, 7)) {
    const name = `created-v${version}`
    const created = await ask(CreateTopicsRequest, CreateTopicsResponse, version, { topics: [topic(name, 2)], timeoutMs })
    t.match(created.topics, [{ name, errorCode: ErrorCode.NONE }])
    const again = await ask(CreateTopicsRequest, CreateTopicsResponse, version, { topics: [topic(name)], timeoutMs })
    t.match(again.topics, [{ name, errorCode: ErrorCode.TOPIC_ALREADY_EXISTS }])
    if (version < 5) continue
    t.match(created.topics, [{ numPartitions: 2, replicationFactor: 1 }])
    const configs = new Map(created.topics[0]?.configs?.map(({ name, ...config }) => [name, config]))
    t.match(configs.get('retention.ms'), { value: '604800000', readOnly: false, configSource: 5, isSensitive: false })
  }
  for (const version of versions(0, 6)) {
    const name = `created-v${version}`
    const named = version >= 6 ? { topics: [{ name, topicId: zeroUuid }] } : { topicNames: [name] }
    const deleted = await ask(DeleteTopicsRequest, DeleteTopicsResponse, version, { ...named, timeoutMs })
    t.match(deleted.responses, [{ name, errorCode: ErrorCode.NONE }])
    const again = await ask(DeleteTopicsRequest, DeleteTopicsResponse, version, { ...named, timeoutMs })
    t.match(again.responses, [{ name, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }])
  }
})

t.test('a topic deleted and made anew has another id and no records', async (t) => {
  const first = (await create(topic('anew'))).topics[0]?.topicId ?? ''
  const records = buildBatch({ records: [{ timestamp: 1, value: Buffer.from('old') }] })
  const produce = () =>
    ask(ProduceRequest, ProduceResponse, 9, {
      acks: -1,
      timeoutMs,
      topicData: [{ name: 'anew', partitionData: [{ index: 0, records }] }],
    })
  await produce()
  const deleted = await ask(DeleteTopicsRequest, DeleteTopicsResponse, 6, { topics: [{ name: null, topicId: first }], timeoutMs })
  t.match(deleted.responses, [{ name: 'anew', topicId: first, errorCode: 0 }])
  t.not((await create(topic('anew'))).topics[0]?.topicId, first)
  t.match((await produce()).responses, [{ partitionResponses: [{ errorCode: 0, baseOffset: 0 }] }])
})

t.test('CreatePartitions adds partitions that can be written at once', async (t) => {
  await create(topic('grows'))
  for (const version of versions(0, 3)) {
    const topics = [{ name: 'grows', count: 2 + version, assignments: null }]
    const { results } = await ask(CreatePartitionsRequest, CreatePartitionsResponse, version, { topics, timeoutMs })
    t.match(results, [{ name: 'grows', errorCode: 0, errorMessage: null }])
    const records = buildBatch({ records: [{ timestamp: 1, value: Buffer.from('x') }] })
    const topicData = [{ name: 'grows', partitionData: [{ index: 1 + version, records }] }]
    const { responses } = await ask(ProduceRequest, ProduceResponse, 9, { acks: 1, timeoutMs, topicData })
    t.match(responses, [{ partitionResponses: [{ errorCode: 0 }] }])
  }
})

t.test('DescribeConfigs says where each value comes from, in every version', async (t) => {
  await create(topic('described', 1, [{ name: 'retention.ms', value: '5000' }]))
  for (const version of versions(0, 4)) {
    const { results } = await ask(DescribeConfigsRequest, DescribeConfigsResponse, version, {
      resources: [{ resourceType: topicResource, resourceName: 'described', configurationKeys: ['retention.ms', 'nokey'] }],
      ...(version >= 1 && { includeSynonyms: true }),
      ...(version >= 3 && { includeDocumentation: true }),
    })
    const [config] = results[0]?.configs ?? []
    t.match(config, { name: 'retention.ms', value: '5000', readOnly: false, isDefault: false, isSensitive: false })
    if (version >= 1) t.match(config, { configSource: 1, synonyms: [{ name: 'retention.ms', value: '5000', source: 1 }] })
    if (version >= 3) t.match(config, { configType: 5, documentation: /\w/ })
  }
  const all = (await describe(topicResource, 'described')).results[0]?.configs ?? []
  t.ok(all.length >= 33)
  const one = await describe(brokerResource, '1', ['node.id', 'message.max.bytes'])
  t.match(
    one.results[0]?.configs.sort((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: 'message.max.bytes', value: '1048588', readOnly: false, configSource: 5 },
      { name: 'node.id', value: '1', readOnly: true },
    ],
  )
})

t.test('DescribeConfigs refuses what is not there', async (t) => {
  const cases: [number, string, number, string | null][] = [
    [topicResource, 'nope', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null],
    [topicResource, 'a b', ErrorCode.INVALID_TOPIC_EXCEPTION, "Topic name is invalid: 'a b' contains"],
    [brokerResource, '7', ErrorCode.INVALID_REQUEST, 'Unexpected broker id, expected 1 or empty string, but received 7'],
    [brokerResource, 'x', ErrorCode.INVALID_REQUEST, 'Broker id must be an integer, but it is: x'],
    [8, '7', ErrorCode.INVALID_REQUEST, 'Unexpected broker id, expected 1 but received 7'],
    [8, '', ErrorCode.INVALID_REQUEST, 'Broker id must not be empty'],
    [0, 'x', ErrorCode.INVALID_REQUEST, 'not supported'],
    [16, 'm', ErrorCode.INVALID_REQUEST, 'not supported'],
  ]
  for (const [type, name, errorCode, sentence] of cases) {
    const { results } = await describe(type, name)
    t.match(results, [{ errorCode, configs: [] }], `${type} '${name}'`)
    if (sentence !== null) t.match(results[0]?.errorMessage, sentence)
  }
})

t.test("a broker's settings change for one and for all, and topics follow", async (t) => {
  await create(topic('follows'))
  t.match(await change(brokerResource, '', 'message.max.bytes', '2000000'), { responses: [{ errorCode: 0 }] })
  t.match(await change(brokerResource, '1', 'log.retention.ms', '99999'), { responses: [{ errorCode: 0 }] })
  t.match((await describe(topicResource, 'follows', ['max.message.bytes', 'retention.ms'])).results[0]?.configs, [
    { name: 'max.message.bytes', value: '2000000', configSource: 3, synonyms: [{ name: 'message.max.bytes', source: 3 }, { source: 5 }] },
    { name: 'retention.ms', value: '99999', configSource: 2, synonyms: [{ name: 'log.retention.ms', source: 2 }] },
  ])
  t.match((await describe(brokerResource, '')).results[0]?.configs, [{ name: 'message.max.bytes', value: '2000000', configSource: 3 }])
  t.match(await change(brokerResource, '1', 'node.id', '5'), { responses: [{ errorCode: ErrorCode.INVALID_REQUEST }] })
  await change(brokerResource, '', 'message.max.bytes', null, 1)
  await change(brokerResource, '1', 'log.retention.ms', null, 1)
  t.match((await describe(topicResource, 'follows', ['retention.ms'])).results[0]?.configs, [{ value: '604800000', configSource: 5 }])
})

t.test("a topic's settings are altered in every version of both APIs, and heeded at once", async (t) => {
  await create(topic('altered'))
  for (const version of versions(0, 2)) {
    const configs = [{ name: 'max.message.bytes', value: String(100 + version) }]
    const resources = [{ resourceType: topicResource, resourceName: 'altered', configs }]
    const { responses } = await ask(AlterConfigsRequest, AlterConfigsResponse, version, { resources })
    t.match(responses, [{ errorCode: 0, resourceName: 'altered' }])
    const now = await describe(topicResource, 'altered', ['max.message.bytes'])
    t.match(now.results[0]?.configs, [{ value: String(100 + version) }])
  }
  const records = buildBatch({ records: [{ timestamp: 1, value: Buffer.alloc(500) }] })
  const produced = () =>
    ask(ProduceRequest, ProduceResponse, 9, {
      acks: 1,
      timeoutMs,
      topicData: [{ name: 'altered', partitionData: [{ index: 0, records }] }],
    })
  t.match((await produced()).responses, [{ partitionResponses: [{ errorCode: ErrorCode.MESSAGE_TOO_LARGE }] }])
  for (const version of versions(0, 1)) {
    const configs = [{ name: 'max.message.bytes', configOperation: 0, value: String(5000 + version) }]
    const resources = [{ resourceType: topicResource, resourceName: 'altered', configs }]
    const { responses } = await ask(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, version, { resources })
    t.match(responses, [{ errorCode: 0, resourceName: 'altered' }])
  }
  t.match((await produced()).responses, [{ partitionResponses: [{ errorCode: 0 }] }])
})

t.test('DeleteRecords moves the start, and no further than the high watermark', async (t) => {
  await create(topic('shortened', 2))
  const records = buildBatch({ records: [1, 2, 3, 4].map((timestamp) => ({ timestamp, value: Buffer.from('x') })) })
  await ask(ProduceRequest, ProduceResponse, 9, {
    acks: -1,
    timeoutMs,
    topicData: [{ name: 'shortened', partitionData: [{ index: 0, records }] }],
  })
  const remove = async (version: number, partitionIndex: number, offset: number, name = 'shortened') => {
    const topics = [{ name, partitions: [{ partitionIndex, offset }] }]
    const answer = await ask(DeleteRecordsRequest, DeleteRecordsResponse, version, { topics, timeoutMs })
    const { lowWatermark, errorCode } = answer.topics[0]?.partitions[0] ?? {}
    return { lowWatermark, errorCode }
  }
  for (const version of versions(0, 2)) t.same(await remove(version, 0, 1 + version), { lowWatermark: 1 + version, errorCode: 0 })
  t.same(await remove(2, 0, 1), { lowWatermark: 3, errorCode: 0 }, 'it never goes back')
  t.same(await remove(2, 0, -1), { lowWatermark: 4, errorCode: 0 }, '-1 is the high watermark')
  t.same(await remove(2, 0, 5), { lowWatermark: -1, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE })
  t.same(await remove(2, 0, -2), { lowWatermark: -1, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE })
  t.same(await remove(2, 5, 0), { lowWatermark: -1, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION })
  const topics = [1, 99, 4].map((offset) => ({ name: 'shortened', partitions: [{ partitionIndex: 0, offset }] }))
  const twice = await ask(DeleteRecordsRequest, DeleteRecordsResponse, 2, { topics, timeoutMs })
  t.match(twice.topics, [{ partitions: [{ lowWatermark: 4, errorCode: 0 }] }], 'named more than once: the last offset counts')
  t.equal(twice.topics.length, 1)
  t.same(await remove(2, 0, 0, 'nope'), { lowWatermark: -1, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION })
})

t.test('DescribeCluster tells the cluster in every version', async (t) => {
  for (const version of versions(0, 2)) {
    const answer = await ask(DescribeClusterRequest, DescribeClusterResponse, version, { includeClusterAuthorizedOperations: true })
    t.match(answer, { errorCode: 0, controllerId: 1, clusterAuthorizedOperations: 8096 })
    t.match(answer.brokers, [{ brokerId: 1, host: '127.0.0.1', port: broker.port, rack: null }])
  }
  const asked = (endpointType: number) => ask(DescribeClusterRequest, DescribeClusterResponse, 1, { endpointType })
  t.match(await asked(2), { errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE, brokers: [] })
  t.match(await asked(3), { errorCode: ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, brokers: [] })
})

t.test('DescribeTopicPartitions goes from page to page', async (t) => {
  await create(topic('page-a', 3), topic('page-b', 2))
  const page = (cursor: { topicName: string; partitionIndex: number } | null, limit = 2) =>
    ask(DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, 0, {
      topics: [{ name: 'page-b' }, { name: 'page-a' }, { name: 'page-no' }],
      responsePartitionLimit: limit,
      cursor,
    })
  const seen: string[] = []
  let cursor: { topicName: string; partitionIndex: number } | null = null
  for (let pages = 0; pages < 4; pages++) {
    const answer = await page(cursor)
    for (const { name, partitions, errorCode } of answer.topics) {
      if (errorCode !== 0) seen.push(`${name} ${errorCode}`)
      for (const { partitionIndex, leaderId } of partitions) seen.push(`${name} ${partitionIndex} ${leaderId}`)
    }
    cursor = answer.nextCursor
    if (!cursor) break
  }
  t.same(seen, ['page-a 0 1', 'page-a 1 1', 'page-a 2 1', 'page-b 0 1', 'page-b 1 1', 'page-no 3'])
  t.match((await page(null, 0)).nextCursor, { topicName: 'page-a', partitionIndex: 1 }, 'a limit of nothing is one')
  t.match((await page({ topicName: 'page-a', partitionIndex: -1 })).topics, [{ errorCode: ErrorCode.INVALID_REQUEST }])
  t.match((await page({ topicName: 'other', partitionIndex: 0 })).topics, [{ errorCode: ErrorCode.INVALID_REQUEST }])
})

t.test('DescribeLogDirs tells what partitions take, and what room there is', async (t) => {
  await create(topic('sized'))
  const records = buildBatch({ records: [{ timestamp: 1, value: Buffer.alloc(1000) }] })
  const topicData = [{ name: 'sized', partitionData: [{ index: 0, records }] }]
  await ask(ProduceRequest, ProduceResponse, 9, { acks: -1, timeoutMs, topicData })
  for (const version of versions(0, 5)) {
    const topics = [{ topic: 'sized', partitions: [0, 9, 0] }]
    const { results } = await ask(DescribeLogDirsRequest, DescribeLogDirsResponse, version, { topics })
    t.match(results, [{ errorCode: 0, topics: [{ name: 'sized', partitions: [{ partitionIndex: 0, partitionSize: records.length }] }] }])
    t.equal(results[0]?.topics[0]?.partitions.length, 1, 'named twice, told once')
    if (version >= 4) t.ok((results[0]?.totalBytes ?? 0) > (results[0]?.usableBytes ?? 0))
  }
})

t.test('ElectLeaders finds every partition led by the one that should', async (t) => {
  await create(topic('led'))
  const topicPartitions = [
    { topic: 'led', partitions: [0, 9] },
    { topic: 'nope', partitions: [0] },
  ]
  for (const version of versions(0, 2)) {
    const answer = await ask(ElectLeadersRequest, ElectLeadersResponse, version, { topicPartitions, timeoutMs })
    t.match(answer.replicaElectionResults, [
      {
        topic: 'led',
        partitionResult: [{ errorCode: ErrorCode.ELECTION_NOT_NEEDED }, { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }],
      },
      { topic: 'nope', partitionResult: [{ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }] },
    ])
  }
})

t.test('an election of an unknown type is refused for each partition', async (t) => {
  const topicPartitions = [{ topic: 'led', partitions: [0] }]
  const answer = await ask(ElectLeadersRequest, ElectLeadersResponse, 2, { electionType: 5, topicPartitions, timeoutMs })
  t.match(answer, { errorCode: ErrorCode.INVALID_REQUEST, replicaElectionResults: [{ partitionResult: [{ errorCode: 42 }] }] })
})

t.test('what is asked for twice is told once', async (t) => {
  await create(topic('told-once'))
  const topics = [{ name: 'told-once' }, { name: 'told-once' }]
  t.equal((await ask(MetadataRequest, MetadataResponse, 12, { topics })).topics.length, 1)
  const { results } = await describe(topicResource, 'told-once', ['retention.ms', 'segment.ms', 'retention.ms'])
  t.same(
    results[0]?.configs.map(({ name }) => name),
    ['retention.ms', 'segment.ms'],
  )
})

t.test('ListConfigResources names all that has settings', async (t) => {
  const list = async (resourceTypes: number[]) => ask(ListConfigResourcesRequest, ListConfigResourcesResponse, 1, { resourceTypes })
  await create(topic('listed'))
  t.ok(
    (await list([])).configResources.some(({ resourceName, resourceType }) => resourceName === 'listed' && resourceType === topicResource),
  )
  t.same((await list([brokerResource])).configResources, [{ resourceName: '1', resourceType: brokerResource }])
  t.equal((await list([99])).errorCode, ErrorCode.UNSUPPORTED_VERSION)
  t.same((await ask(ListConfigResourcesRequest, ListConfigResourcesResponse, 0, {})).configResources, [])
})

t.test('AlterReplicaLogDirs finds partitions where they are, and no other directory', async (t) => {
  await create(topic('stays'))
  const { results } = await ask(DescribeLogDirsRequest, DescribeLogDirsResponse, 5, { topics: [] })
  const here = results[0]?.logDir ?? ''
  for (const version of versions(1, 2)) {
    const move = async (path: string, name: string, ...partitions: number[]) => {
      const answer = await ask(AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, version, {
        dirs: [{ path, topics: [{ name, partitions }] }],
      })
      return answer.results[0]?.partitions.map(({ errorCode }) => errorCode)
    }
    t.same(await move(here, 'stays', 0, 9), [ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION])
    t.same(await move(here, 'stays', 0, 0), [ErrorCode.NONE], 'one answer for a partition')
    t.same(await move('/nowhere', 'stays', 0), [ErrorCode.LOG_DIR_NOT_FOUND])
    t.same(await move('/nowhere', 'nope', 0), [ErrorCode.LOG_DIR_NOT_FOUND])
    t.same(await move(here, 'nope', 0), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION])
  }
})

t.test('ListPartitionReassignments: nothing moves where one broker has everything', async (t) => {
  await create(topic('unmoved'))
  for (const topics of [null, [], [{ name: 'unmoved', partitionIndexes: [0, 9] }], [{ name: 'nope', partitionIndexes: [0] }]]) {
    const answer = await ask(ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, 0, { topics, timeoutMs })
    t.same(answer, { throttleTimeMs: 0, errorCode: 0, errorMessage: null, topics: [] })
  }
})

t.test('what UpdateFeatures changes is what ApiVersions tells, at once', async (t) => {
  const level = async (version: number) => {
    const named = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }
    const { supportedFeatures, finalizedFeatures } = await ask(ApiVersionsRequest, ApiVersionsResponse, version, named)
    t.equal(
      supportedFeatures.some(({ minVersion }) => minVersion === 0),
      version >= 4,
      'older clients do not know level 0',
    )
    return finalizedFeatures.find(({ name }) => name === 'group.version')?.maxVersionLevel
  }
  const update = (version: number, feature: string, maxVersionLevel: number, upgradeType: number, validateOnly = false) =>
    ask(UpdateFeaturesRequest, UpdateFeaturesResponse, version, {
      featureUpdates: [{ feature, maxVersionLevel, ...(version >= 1 && { upgradeType }) }],
      ...(version >= 1 && { validateOnly }),
    })
  t.same([await level(3), await level(4)], [1, 1])
  t.match(await update(2, 'group.version', 0, 2, true), { errorCode: 0 })
  t.equal(await level(4), 1, 'only checked')
  t.match(await update(1, 'group.version', 0, 2), { errorCode: 0, results: [{ feature: 'group.version', errorCode: 0 }] })
  t.equal(await level(4), undefined)
  t.match(await update(0, 'group.version', 1, 1), { errorCode: 0, results: [{ feature: 'group.version', errorCode: 0 }] })
  t.equal(await level(4), 1)
  for (const version of versions(0, 2)) {
    t.match(await update(version, 'group.version', 5, 1), { errorCode: ErrorCode.INVALID_UPDATE_VERSION, results: [] })
  }
})

t.test("a group's own settings are kept whether it is there or not, described with the broker's behind them, and listed", async (t) => {
  const session = 'consumer.session.timeout.ms'
  const heartbeat = 'consumer.heartbeat.interval.ms'
  const assignment = 'consumer.assignment.interval.ms'
  const set = async (name: string, value: string | null, operation = 0) => {
    const [response] = (await change(groupResource, 'g', name, value, operation)).responses
    return [response?.errorCode, response?.errorMessage]
  }
  t.same(
    (await describe(groupResource, 'g')).results[0]?.configs.map(({ name, value, configSource }) => [name, value, configSource]),
    [
      [assignment, '1000', 5],
      [heartbeat, '5000', 5],
      [session, '45000', 5],
    ],
  )
  t.same(await set(session, '50000'), [0, null])
  const { results } = await describe(groupResource, 'g', [session, 'nope'])
  t.match(results[0]?.configs, [
    {
      name: session,
      value: '50000',
      readOnly: false,
      configSource: 8,
      configType: 3,
      synonyms: [
        { name: session, value: '50000', source: 8 },
        { name: `group.${session}`, value: '45000', source: 5 },
      ],
    },
  ])
  const { INVALID_CONFIG, INVALID_REQUEST } = ErrorCode
  t.same(await set(session, '5'), [INVALID_CONFIG, `${session} must be greater than or equal to group.consumer.min.session.timeout.ms`])
  t.same(await set(session, '90000'), [INVALID_CONFIG, `${session} must be less than or equal to group.consumer.max.session.timeout.ms`])
  t.same(await set(session, 'x'), [INVALID_CONFIG, `Invalid value x for configuration ${session}: Not a number of type INT`])
  t.same(await set(heartbeat, '1'), [
    INVALID_CONFIG,
    `${heartbeat} must be greater than or equal to group.consumer.min.heartbeat.interval.ms`,
  ])
  t.same(await set('nope', '5'), [INVALID_CONFIG, 'Unknown group config name: nope'])
  t.same(await set(session, '50000', 2), [INVALID_CONFIG, `Can't APPEND to key ${session} because its type is not LIST.`])
  t.same(await set(session, null), [INVALID_REQUEST, `Null value not supported for : ${session}`])
  t.same(await set('nope', null, 1), [0, null], 'what is not set can be taken away')
  t.match((await change(groupResource, '', session, '50000')).responses, [{ errorCode: INVALID_REQUEST }])
  t.match((await describe(groupResource, '')).results, [{ errorCode: INVALID_REQUEST }])

  const listed = async (...resourceTypes: number[]) =>
    (await ask(ListConfigResourcesRequest, ListConfigResourcesResponse, 1, { resourceTypes })).configResources
  t.same(await listed(groupResource, groupResource), [{ resourceName: 'g', resourceType: groupResource }])
  const configs = [{ name: heartbeat, value: '6000' }]
  const resources = [{ resourceType: groupResource, resourceName: 'g', configs }]
  t.match((await ask(AlterConfigsRequest, AlterConfigsResponse, 2, { resources })).responses, [{ errorCode: 0 }])
  t.match(
    (await describe(groupResource, 'g', [session])).results[0]?.configs,
    [{ value: '45000', configSource: 5 }],
    'what is not named goes',
  )
  t.same(await set(heartbeat, null, 1), [0, null])
  t.same(await listed(groupResource), [])
})

t.test("a group's own heartbeat interval is what its members are told", async (t) => {
  await create(topic('grouped'))
  const beat = async (memberId: string, memberEpoch: number) =>
    ask(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, 1, {
      groupId: 'own-pace',
      memberId,
      memberEpoch,
      rebalanceTimeoutMs: 10_000,
      subscribedTopicNames: ['grouped'],
      topicPartitions: [],
    })
  t.match((await change(groupResource, 'own-pace', 'consumer.heartbeat.interval.ms', '7000')).responses, [{ errorCode: 0 }])
  await ask(FindCoordinatorRequest, FindCoordinatorResponse, 6, { coordinatorKeys: ['own-pace'] })
  let answer = await beat('one', 0)
  const { COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE } = ErrorCode
  while ([COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE].some((code) => code === answer.errorCode)) answer = await beat('one', 0)
  t.match(answer, { errorCode: 0, heartbeatIntervalMs: 7000 })
})
