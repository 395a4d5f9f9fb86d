/** Bad requests of the APIs that ask for offsets, epochs, ids and metadata, or change topics and settings. */
import { CreatePartitionsRequest, CreatePartitionsResponse } from '../../../../client/protocol/messages/create-partitions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../../../client/protocol/messages/create-topics.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../../../client/protocol/messages/delete-topics.ts'
import { DescribeConfigsRequest, DescribeConfigsResponse } from '../../../../client/protocol/messages/describe-configs.ts'
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../../../client/protocol/messages/incremental-alter-configs.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../../../client/protocol/messages/init-producer-id.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../../../client/protocol/messages/list-offsets.ts'
import { OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse } from '../../../../client/protocol/messages/offset-for-leader-epoch.ts'
import { zeroUuid } from '../../../../client/protocol/uuid.ts'
import { type Case, nowhere } from './case.ts'
import { batch, deleteRecords, nameOf, type Topic, type Verdict, type World } from './world.ts'

const timeoutMs = 5000

async function createTopic(world: World, topic: object): Promise<Verdict> {
  const answer = await world.ask(CreateTopicsRequest, CreateTopicsResponse, 7, { topics: [topic], timeoutMs })
  return nameOf(answer?.topics[0]?.errorCode)
}

async function initProducerId(world: World, body: object): Promise<Verdict> {
  const answer = await world.ask(InitProducerIdRequest, InitProducerIdResponse, 4, { transactionTimeoutMs: 1000, ...body })
  return nameOf(answer?.errorCode)
}

async function epochEnd(
  world: World,
  topic: Topic,
  leaderEpoch: number,
  { partition = 0, currentLeaderEpoch = -1 } = {},
): Promise<Verdict> {
  const answer = await world.ask(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, 4, {
    replicaId: -1,
    topics: [{ topic: topic.name, partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }],
  })
  const { errorCode, leaderEpoch: epoch, endOffset } = answer?.topics[0]?.partitions[0] ?? {}
  return `${nameOf(errorCode)} ${epoch} ${endOffset}`
}

async function alter(world: World, resourceType: number, resourceName: string, name: string, value: string | null): Promise<Verdict> {
  const answer = await world.ask(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 1, {
    resources: [{ resourceType, resourceName, configs: [{ name, configOperation: 0, value }] }],
  })
  return nameOf(answer?.responses[0]?.errorCode)
}

export const queryCases: Case[] = [
  {
    name: 'ListOffsets: what is not there',
    ask: async (world, topic) => [
      await world.listOffsets(nowhere, -1),
      await world.listOffsets(topic, -1, { partition: 3 }),
      await world.listOffsets(topic, -1, { partition: -3 }),
    ],
    answer: ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'ListOffsets: leader epochs of the past and the future',
    ask: async (world, topic) => [
      await world.listOffsets(topic, -1, { epoch: 0 }),
      await world.listOffsets(topic, -1, { epoch: 99 }),
      await world.listOffsets(topic, -1, { epoch: -2 }),
    ],
    answer: ['NONE', 'UNKNOWN_LEADER_EPOCH', 'FENCED_LEADER_EPOCH'],
  },
  {
    name: 'ListOffsets: special timestamps, in the versions that have them and the ones before',
    ask: async (world, topic) => {
      await world.produce(topic, batch(), { acks: -1 })
      const verdicts = []
      for (const [timestamp, version] of [
        [-3, 7],
        [-3, 6],
        [-4, 8],
        [-4, 7],
        [-5, 9],
        [-5, 8],
        [-6, 11],
        [-6, 10],
        [-7, 11],
      ] as const) {
        verdicts.push(await world.listOffsets(topic, timestamp, { version }))
      }
      return verdicts
    },
    answer: [
      'NONE',
      'UNSUPPORTED_VERSION',
      'NONE',
      'UNSUPPORTED_VERSION',
      'NONE',
      'UNSUPPORTED_VERSION',
      'NONE',
      'UNSUPPORTED_VERSION',
      'UNSUPPORTED_VERSION',
    ],
  },
  {
    name: 'ListOffsets: an isolation level that is none',
    ask: (world, topic) => world.listOffsets(topic, -1, { isolation: 9 }),
    answer: 'INVALID_REQUEST',
    kafka: 'UNKNOWN_SERVER_ERROR',
    because: 'a Java exception escapes there',
  },
  {
    name: 'ListOffsets: the same partition twice',
    ask: async (world, topic) => {
      const partition = { partitionIndex: 0, timestamp: -1 }
      const answer = await world.ask(ListOffsetsRequest, ListOffsetsResponse, 9, {
        replicaId: -1,
        topics: [{ name: topic.name, partitions: [partition, partition] }],
      })
      return answer?.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => nameOf(errorCode))) ?? 'closed'
    },
    answer: ['INVALID_REQUEST'],
  },
  {
    name: 'OffsetForLeaderEpoch: epochs that are and are not, and what is not there',
    ask: async (world, topic) => {
      await world.produce(topic, batch(), { acks: -1 })
      return [
        await epochEnd(world, topic, 0),
        await epochEnd(world, topic, 5),
        await epochEnd(world, topic, -1),
        await epochEnd(world, nowhere, 0),
        await epochEnd(world, topic, 0, { partition: 3 }),
        await epochEnd(world, topic, 0, { currentLeaderEpoch: 99 }),
        await epochEnd(world, topic, 0, { currentLeaderEpoch: -2 }),
      ]
    },
    answer: [
      'NONE 0 1',
      'NONE -1 -1',
      'NONE -1 -1',
      'UNKNOWN_TOPIC_OR_PARTITION -1 -1',
      'UNKNOWN_TOPIC_OR_PARTITION -1 -1',
      'UNKNOWN_LEADER_EPOCH -1 -1',
      'FENCED_LEADER_EPOCH -1 -1',
    ],
  },
  {
    name: 'InitProducerId: half an identity, and an empty transactional id',
    ask: async (world) => [
      await initProducerId(world, { transactionalId: null, producerId: 5, producerEpoch: -1 }),
      await initProducerId(world, { transactionalId: null, producerId: -1, producerEpoch: 3 }),
      await initProducerId(world, { transactionalId: '' }),
    ],
    answer: ['INVALID_REQUEST', 'INVALID_REQUEST', 'INVALID_REQUEST'],
  },
  {
    name: 'Metadata: what is not there, and what could not be',
    ask: async (world) => [
      await world.metadata({ name: 'nowhere' }),
      await world.metadata({ name: '' }),
      await world.metadata({ name: 'no/such' }),
      await world.metadata({ name: '..' }),
      await world.metadata({ name: 'x'.repeat(250) }),
      await world.metadata({ name: 'no/such' }, { mayCreate: true }),
      await world.metadata({ name: null, topicId: nowhere.id }),
      await world.metadata({ name: 'named', topicId: nowhere.id }),
      await world.metadata({ name: null, topicId: nowhere.id }, { version: 11 }),
    ],
    answer: [
      'UNKNOWN_TOPIC_OR_PARTITION',
      'INVALID_TOPIC_EXCEPTION',
      'INVALID_TOPIC_EXCEPTION',
      'INVALID_TOPIC_EXCEPTION',
      'INVALID_TOPIC_EXCEPTION',
      'INVALID_TOPIC_EXCEPTION',
      'UNKNOWN_TOPIC_ID',
      'UNKNOWN_TOPIC_ID',
      'INVALID_REQUEST',
    ],
  },
  {
    name: 'Metadata: neither a name nor an id',
    ask: (world) => world.metadata({ name: null, topicId: zeroUuid }),
    answer: 'UNKNOWN_TOPIC_ID',
    kafka: 'UNKNOWN_SERVER_ERROR',
    because: 'a null pointer there',
  },
  {
    name: 'CreateTopics: names, counts, factors, assignments and settings that cannot be',
    ask: async (world, topic) => {
      const good = { name: 'could-be', numPartitions: 1, replicationFactor: 1 }
      return [
        await createTopic(world, { ...good, name: 'no/such' }),
        await createTopic(world, { ...good, name: '' }),
        await createTopic(world, { ...good, name: topic.name }),
        await createTopic(world, { ...good, numPartitions: 0 }),
        await createTopic(world, { ...good, numPartitions: -5 }),
        await createTopic(world, { ...good, replicationFactor: 0 }),
        await createTopic(world, { ...good, replicationFactor: 3 }),
        await createTopic(world, { ...good, configs: [{ name: 'nonsense', value: '1' }] }),
        await createTopic(world, { ...good, configs: [{ name: 'retention.ms', value: 'soon' }] }),
        await createTopic(world, { ...good, configs: [{ name: 'retention.ms', value: null }] }),
        await createTopic(world, { ...good, assignments: [{ partitionIndex: 0, brokerIds: [1] }] }),
        await createTopic(world, {
          ...good,
          numPartitions: -1,
          replicationFactor: -1,
          assignments: [{ partitionIndex: 1, brokerIds: [1] }],
        }),
        await createTopic(world, {
          ...good,
          numPartitions: -1,
          replicationFactor: -1,
          assignments: [{ partitionIndex: 0, brokerIds: [77] }],
        }),
      ]
    },
    answer: [
      'INVALID_TOPIC_EXCEPTION',
      'INVALID_TOPIC_EXCEPTION',
      'TOPIC_ALREADY_EXISTS',
      'INVALID_PARTITIONS',
      'INVALID_PARTITIONS',
      'INVALID_REPLICATION_FACTOR',
      'INVALID_REPLICATION_FACTOR',
      'INVALID_CONFIG',
      'INVALID_CONFIG',
      'INVALID_CONFIG',
      'INVALID_REQUEST',
      'INVALID_REPLICA_ASSIGNMENT',
      'INVALID_REPLICA_ASSIGNMENT',
    ],
  },
  {
    name: 'CreatePartitions: fewer, as many, none, of nothing',
    ask: async (world, topic) => {
      const grow = async (name: string, count: number) => {
        const topics = [{ name, count, assignments: null }]
        const answer = await world.ask(CreatePartitionsRequest, CreatePartitionsResponse, 3, { topics, timeoutMs })
        return nameOf(answer?.results[0]?.errorCode)
      }
      return [await grow(topic.name, 1), await grow(topic.name, 0), await grow(topic.name, -1), await grow('nowhere', 3)]
    },
    answer: ['INVALID_PARTITIONS', 'INVALID_PARTITIONS', 'INVALID_PARTITIONS', 'UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'DeleteTopics: of no such name or id, and of neither',
    ask: async (world) => {
      const remove = async (topic: { name: string | null; topicId?: string }) => {
        const answer = await world.ask(DeleteTopicsRequest, DeleteTopicsResponse, 6, { topics: [topic], timeoutMs })
        return nameOf(answer?.responses[0]?.errorCode)
      }
      return [await remove({ name: 'nowhere' }), await remove({ name: null, topicId: nowhere.id }), await remove({ name: null })]
    },
    answer: ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID', 'INVALID_REQUEST'],
  },
  {
    name: 'DeleteRecords: beyond the end, below zero, of nothing',
    ask: async (world, topic) => [
      await deleteRecords(world, topic, 1),
      await deleteRecords(world, topic, -2),
      await deleteRecords(world, nowhere, 0),
      await deleteRecords(world, topic, 0, 7),
    ],
    answer: ['OFFSET_OUT_OF_RANGE', 'OFFSET_OUT_OF_RANGE', 'UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'DescribeConfigs: of nothing, of another broker, of an unknown kind',
    ask: async (world) => {
      const describe = async (resourceType: number, resourceName: string) => {
        const resources = [{ resourceType, resourceName, configurationKeys: null }]
        const answer = await world.ask(DescribeConfigsRequest, DescribeConfigsResponse, 4, { resources })
        return nameOf(answer?.results[0]?.errorCode)
      }
      return [
        await describe(2, 'nowhere'),
        await describe(2, 'no/such'),
        await describe(4, '77'),
        await describe(4, 'x'),
        await describe(99, 'x'),
      ]
    },
    answer: ['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION', 'INVALID_REQUEST', 'INVALID_REQUEST', 'INVALID_REQUEST'],
  },
  {
    name: 'IncrementalAlterConfigs: unknown names and values, read-only settings, what is not there',
    ask: async (world, topic) => [
      await alter(world, 2, topic.name, 'nonsense', '1'),
      await alter(world, 2, topic.name, 'retention.ms', 'soon'),
      await alter(world, 2, topic.name, 'retention.ms', null),
      await alter(world, 2, 'nowhere', 'retention.ms', '1'),
      await alter(world, 4, '1', 'broker.id', '9'),
      await alter(world, 4, '', 'max.connections', 'many'),
      await alter(world, 99, 'x', 'retention.ms', '1'),
    ],
    answer: [
      'INVALID_CONFIG',
      'INVALID_CONFIG',
      'INVALID_REQUEST',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
    ],
  },
]
