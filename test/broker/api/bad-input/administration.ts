/** Bad requests of the APIs that administer: features, directories, elections, settings of groups, and what is named twice. */
import { AlterConfigsRequest, AlterConfigsResponse } from '../../../../client/protocol/messages/alter-configs.ts'
import { AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse } from '../../../../client/protocol/messages/alter-replica-log-dirs.ts'
import { CreatePartitionsRequest, CreatePartitionsResponse } from '../../../../client/protocol/messages/create-partitions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../../../client/protocol/messages/create-topics.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../../../client/protocol/messages/delete-topics.ts'
import { DescribeClusterRequest, DescribeClusterResponse } from '../../../../client/protocol/messages/describe-cluster.ts'
import { DescribeConfigsRequest, DescribeConfigsResponse } from '../../../../client/protocol/messages/describe-configs.ts'
import { DescribeLogDirsRequest, DescribeLogDirsResponse } from '../../../../client/protocol/messages/describe-log-dirs.ts'
import { ElectLeadersRequest, ElectLeadersResponse } from '../../../../client/protocol/messages/elect-leaders.ts'
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../../../client/protocol/messages/incremental-alter-configs.ts'
import { ListConfigResourcesRequest, ListConfigResourcesResponse } from '../../../../client/protocol/messages/list-config-resources.ts'
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from '../../../../client/protocol/messages/update-features.ts'
import { type Case, nowhere } from './case.ts'
import { nameOf, type Verdict, type World } from './world.ts'

const timeoutMs = 5000
const group = 32

/** Each of these alone. */
async function updates(world: World, ...list: readonly (readonly [feature: string, level: number, upgradeType: number])[]) {
  const verdicts: Verdict[] = []
  for (const [feature, maxVersionLevel, upgradeType] of list) {
    const featureUpdates = [{ feature, maxVersionLevel, upgradeType }]
    const answer = await world.ask(UpdateFeaturesRequest, UpdateFeaturesResponse, 2, { featureUpdates, validateOnly: true })
    verdicts.push(nameOf(answer?.errorCode))
  }
  return verdicts
}

async function move(world: World, path: string, name: string, partition: number): Promise<Verdict> {
  const dirs = [{ path, topics: [{ name, partitions: [partition] }] }]
  const answer = await world.ask(AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, 2, { dirs })
  return nameOf(answer?.results[0]?.partitions[0]?.errorCode)
}

async function alterGroup(world: World, resourceName: string, name: string, value: string | null, configOperation = 0): Promise<Verdict> {
  const resources = [{ resourceType: group, resourceName, configs: [{ name, configOperation, value }] }]
  const answer = await world.ask(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 1, { resources, validateOnly: true })
  return nameOf(answer?.responses[0]?.errorCode)
}

async function elect(world: World, electionType: number, topic: string, ...partitions: number[]): Promise<Verdict[]> {
  const topicPartitions = [{ topic, partitions }]
  const answer = await world.ask(ElectLeadersRequest, ElectLeadersResponse, 2, { electionType, topicPartitions, timeoutMs })
  const codes = answer?.replicaElectionResults.flatMap(({ partitionResult }) => partitionResult.map(({ errorCode }) => nameOf(errorCode)))
  return [nameOf(answer?.errorCode), ...(codes ?? [])]
}

export const administrationCases: Case[] = [
  {
    name: 'UpdateFeatures: features and levels that nobody supports, and a level lowered as if it were raised',
    ask: (world) =>
      updates(
        world,
        ['nope', 1, 1],
        ['nope', 0, 1],
        ['', 1, 1],
        ['group.version', 9, 1],
        ['group.version', -1, 1],
        ['group.version', 0, 1],
        ['group.version', 1, 0],
        ['group.version', 1, 9],
        ['metadata.version', 6, 2],
        ['metadata.version', 7, 3],
        ['transaction.version', 3, 1],
      ),
    answer: Array.from({ length: 11 }, () => 'INVALID_UPDATE_VERSION'),
  },
  {
    name: 'AlterReplicaLogDirs: to a directory that is none, of what is not there',
    ask: async (world, topic) => {
      const described = await world.ask(DescribeLogDirsRequest, DescribeLogDirsResponse, 4, { topics: [] })
      const here = described?.results[0]?.logDir ?? ''
      return [
        await move(world, '/nowhere', topic.name, 0),
        await move(world, 'relative', topic.name, 0),
        await move(world, '/nowhere', nowhere.name, 0),
        await move(world, here, nowhere.name, 0),
        await move(world, here, topic.name, 9),
        await move(world, here, 'no/such', 0),
      ]
    },
    answer: [
      'LOG_DIR_NOT_FOUND',
      'LOG_DIR_NOT_FOUND',
      'LOG_DIR_NOT_FOUND',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ],
  },
  {
    name: 'settings of groups: out of bounds, unknown, of no group',
    ask: async (world) => [
      await alterGroup(world, 'g', 'consumer.session.timeout.ms', '5'),
      await alterGroup(world, 'g', 'consumer.session.timeout.ms', '90000'),
      await alterGroup(world, 'g', 'consumer.session.timeout.ms', 'soon'),
      await alterGroup(world, 'g', 'consumer.heartbeat.interval.ms', '1'),
      await alterGroup(world, 'g', 'consumer.heartbeat.interval.ms', '20000'),
      await alterGroup(world, 'g', 'consumer.assignment.interval.ms', '16000'),
      await alterGroup(world, 'g', 'nope', '1'),
      await alterGroup(world, 'g', 'consumer.session.timeout.ms', null),
      await alterGroup(world, 'g', 'consumer.session.timeout.ms', '50000', 2),
      await alterGroup(world, '', 'consumer.session.timeout.ms', '50000'),
    ],
    answer: [...Array.from({ length: 7 }, () => 'INVALID_CONFIG'), 'INVALID_REQUEST', 'INVALID_CONFIG', 'INVALID_REQUEST'],
  },
  {
    name: 'DescribeConfigs of a group without a name; ListConfigResources of types that are none',
    ask: async (world) => {
      const resources = [{ resourceType: group, resourceName: '', configurationKeys: null }]
      const described = await world.ask(DescribeConfigsRequest, DescribeConfigsResponse, 4, { resources })
      const list = async (...resourceTypes: number[]) =>
        nameOf((await world.ask(ListConfigResourcesRequest, ListConfigResourcesResponse, 1, { resourceTypes }))?.errorCode)
      return [nameOf(described?.results[0]?.errorCode), await list(0), await list(99, 2)]
    },
    answer: ['INVALID_REQUEST', 'UNSUPPORTED_VERSION', 'UNSUPPORTED_VERSION'],
  },
  {
    name: 'AlterConfigs: what cannot be replaced, and what is not there',
    ask: async (world, topic) => {
      const verdicts: Verdict[] = []
      for (const [resourceType, resourceName, name, value] of [
        [2, topic.name, 'retention.ms', null],
        [2, topic.name, 'nope', '1'],
        [2, '', 'retention.ms', '1'],
        [2, nowhere.name, 'retention.ms', '1'],
        [2, 'no/such', 'retention.ms', '1'],
        [4, 'x', 'log.retention.ms', '1'],
        [4, '77', 'log.retention.ms', '1'],
        [8, '1', 'root', 'INFO'],
        [group, 'g', 'consumer.session.timeout.ms', '5'],
        [99, 'x', 'nope', '1'],
      ] as const) {
        const resources = [{ resourceType, resourceName, configs: [{ name, value }] }]
        const answer = await world.ask(AlterConfigsRequest, AlterConfigsResponse, 2, { resources, validateOnly: true })
        verdicts.push(nameOf(answer?.responses[0]?.errorCode))
      }
      return verdicts
    },
    answer: [
      'INVALID_REQUEST',
      'INVALID_CONFIG',
      'INVALID_REQUEST',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'INVALID_TOPIC_EXCEPTION',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
      'INVALID_CONFIG',
      'INVALID_REQUEST',
    ],
  },
  {
    name: 'ElectLeaders: where none is needed, of what is not there, of an unknown type',
    ask: async (world, topic) => [
      ...(await elect(world, 0, topic.name, 0, 9)),
      ...(await elect(world, 1, topic.name, 0)),
      ...(await elect(world, 0, nowhere.name, 0)),
      ...(await elect(world, 5, topic.name, 0)),
    ],
    answer: [
      ...['NONE', 'ELECTION_NOT_NEEDED', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ...['NONE', 'ELECTION_NOT_NEEDED'],
      ...['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ...['INVALID_REQUEST', 'INVALID_REQUEST'],
    ],
  },
  {
    name: 'DescribeCluster: of endpoints that a broker has not',
    ask: async (world) => {
      const verdicts: Verdict[] = []
      for (const endpointType of [2, 0, 9]) {
        verdicts.push(nameOf((await world.ask(DescribeClusterRequest, DescribeClusterResponse, 2, { endpointType }))?.errorCode))
      }
      return verdicts
    },
    answer: ['MISMATCHED_ENDPOINT_TYPE', 'UNSUPPORTED_ENDPOINT_TYPE', 'UNSUPPORTED_ENDPOINT_TYPE'],
  },
  {
    name: 'topics named twice in one request',
    ask: async (world, topic) => {
      const made = { name: 'twice', numPartitions: 1, replicationFactor: 1 }
      const created = await world.ask(CreateTopicsRequest, CreateTopicsResponse, 7, { topics: [made, made], timeoutMs })
      const grown = { name: topic.name, count: 3, assignments: null }
      const larger = await world.ask(CreatePartitionsRequest, CreatePartitionsResponse, 3, { topics: [grown, grown], timeoutMs })
      const gone = { name: topic.name }
      const deleted = await world.ask(DeleteTopicsRequest, DeleteTopicsResponse, 6, { topics: [gone, gone], timeoutMs })
      const answers = [...(created?.topics ?? []), ...(larger?.results ?? []), ...(deleted?.responses ?? [])]
      return answers.map(({ errorCode }) => nameOf(errorCode))
    },
    answer: ['INVALID_REQUEST', 'INVALID_REQUEST', 'INVALID_REQUEST'],
  },
]
