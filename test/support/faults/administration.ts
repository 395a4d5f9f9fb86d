/** Every act of administration that a Stele serves, with the request that does it. */
import { orThrow, type Outcome, type Stele } from '../../../client/index.ts'
import type { Operation } from './matrix.ts'

type Asked = (stele: Stele, name: string) => Promise<unknown>

const notLeader = [6]
const notController = [41]
const notCoordinator = [14, 15, 16]

const t0 = { topic: 't', partition: 0 }

/** One result per item: the first error counts. */
const all = async <K, R>(outcomes: Promise<readonly Outcome<K, R>[]>): Promise<unknown> => orThrow(await outcomes)

/** What can be asked again and again. */
function query(name: string, api: string, ask: Asked, momentary: readonly number[] = []): Operation {
  return {
    name,
    api,
    momentary,
    ready:
      ({ stele, name: unique }) =>
      () =>
        ask(stele, unique),
  }
}

/** What is done once: `or` tells what is heard of it the second time. */
function change(
  name: string,
  api: string,
  act: Asked,
  { momentary = [], or, before }: { momentary?: readonly number[]; or?: RegExp; before?: Asked } = {},
): Operation {
  const ready: Operation['ready'] = async ({ stele, name: unique }, setup) => {
    await before?.(setup, unique)
    return () => act(stele, unique)
  }
  return { name, api, momentary, ready, ...(or && { or }) }
}

const topicMade: Asked = (stele, name) => stele.topics.create([{ name, partitions: 1 }])
const transactionMade: Asked = async (stele, name) => {
  await using producer = stele.transactionalProducer({ transactionalId: name })
  const transaction = await producer.begin()
  await transaction.send('t', { value: Buffer.from('v'), partition: 0 })
  await transaction.commit()
}
const groupMade: Asked = (stele, name) => stele.groups.reset(name, [{ ...t0, offset: 1 }])

const moved: Asked = (stele) => all(stele.admin.logDirs.move([{ ...t0, broker: 1, path: '/nowhere' }]))
/** By name: what is known of a topic the moment it is made. */
const ids = new Map<string, string>()
const topicMadeWithId: Asked = async (stele, name) => {
  const [made] = orThrow(await stele.admin.topics.create([{ name }]))
  ids.set(name, made?.id ?? '')
}
const deletedById: Asked = (stele, name) => all(stele.admin.topics.deleteById([ids.get(name) ?? '']))

const describedById: Asked = async (stele) => {
  const [unknown] = await stele.admin.topics.describeById(['AAAAAAAAAAAAAAAAAAAABw'])
  if (unknown?.error && unknown.error.code !== 'UNKNOWN_TOPIC_ID') throw unknown.error
}

export const administration: readonly Operation[] = [
  query('topics are listed', 'Metadata', (stele) => stele.topics.list()),
  query('topics are described', 'Metadata', (stele) => stele.topics.describe(['t'])),
  query('topics are described in parts', 'DescribeTopicPartitions', (stele) => all(stele.admin.topics.describe(['t']))),
  query('a topic is described by an id', 'Metadata', describedById),
  change('a topic is made', 'CreateTopics', topicMade, { momentary: notController, or: /^TOPIC_ALREADY_EXISTS$/ }),
  change('a topic grows', 'CreatePartitions', (stele, name) => stele.topics.addPartitions(name, 2), {
    momentary: notController,
    or: /^INVALID_PARTITIONS$/,
    before: topicMade,
  }),
  change('a topic is deleted', 'DeleteTopics', (stele, name) => stele.topics.delete([name]), {
    momentary: notController,
    or: /^UNKNOWN_TOPIC_OR_PARTITION$/,
    before: topicMade,
  }),
  change('a topic is deleted by its id', 'DeleteTopics', deletedById, {
    momentary: notController,
    or: /^UNKNOWN_TOPIC_ID$/,
    before: topicMadeWithId,
  }),
  query('settings are described', 'DescribeConfigs', (stele) => all(stele.admin.configs.describe([{ type: 'topic', name: 't' }]))),
  query("a broker's settings are described", 'DescribeConfigs', (stele) =>
    all(stele.admin.configs.describe([{ type: 'broker', name: '1' }])),
  ),
  query(
    'settings are altered',
    'IncrementalAlterConfigs',
    (stele) => stele.topics.alterConfigs('t', { 'retention.ms': '604800001' }),
    notController,
  ),
  query('resources with settings are listed', 'ListConfigResources', (stele) => stele.admin.configs.resources(['group'])),
  query('offsets are asked for', 'ListOffsets', (stele) => all(stele.admin.partitions.offsets([{ ...t0, at: 'end' }])), notLeader),
  query('records are deleted', 'DeleteRecords', (stele) => all(stele.admin.partitions.deleteRecords([{ ...t0, offset: 0 }])), notLeader),
  change('leaders are elected', 'ElectLeaders', (stele) => all(stele.admin.partitions.electLeaders('preferred', [t0])), {
    momentary: notController,
    or: /^ELECTION_NOT_NEEDED$/,
  }),
  query('moves are listed', 'ListPartitionReassignments', (stele) => stele.admin.partitions.reassignments(), notController),
  query('directories are described', 'DescribeLogDirs', (stele) => stele.admin.logDirs.describe({ partitions: [t0] })),
  change('replicas move to another directory', 'AlterReplicaLogDirs', moved, { or: /^LOG_DIR_NOT_FOUND$/ }),
  query('the cluster is described', 'DescribeCluster', (stele) => stele.admin.cluster.describe()),
  query('features are updated', 'UpdateFeatures', (stele) => stele.admin.features.update([]), notController),
  query('groups are listed', 'ListGroups', (stele) => stele.groups.list(), [14, 15]),
  query('a coordinator is looked for', 'FindCoordinator', (stele) => stele.groups.describe('g'), [15]),
  query('a group is described', 'DescribeGroups', (stele) => stele.groups.describe('g'), notCoordinator),
  change('a consumer group is described', 'ConsumerGroupDescribe', (stele) => all(stele.admin.groups.describe(['nobody'])), {
    momentary: notCoordinator,
    or: /^GROUP_ID_NOT_FOUND$/,
  }),
  change('a member is removed', 'LeaveGroup', (stele) => all(stele.admin.groups.removeMembers('g', [{ instanceId: 'none' }])), {
    momentary: notCoordinator,
    or: /^UNKNOWN_MEMBER_ID$/,
  }),
  change('a group is deleted', 'DeleteGroups', (stele, name) => stele.groups.delete([name]), {
    momentary: notCoordinator,
    or: /^GROUP_ID_NOT_FOUND$/,
    before: groupMade,
  }),
  query('committed offsets are listed', 'OffsetFetch', (stele) => all(stele.admin.groupOffsets.list('g')), notCoordinator),
  query('committed offsets are set', 'OffsetCommit', (stele) => stele.groups.reset('g', [{ ...t0, offset: 1 }]), notCoordinator),
  change('committed offsets are deleted', 'OffsetDelete', (stele, name) => all(stele.admin.groupOffsets.delete(name, [t0])), {
    momentary: notCoordinator,
    or: /^GROUP_ID_NOT_FOUND$/,
    before: groupMade,
  }),
  query('transactions are listed', 'ListTransactions', (stele) => stele.admin.transactions.list(), [14, 15]),
  change('a transaction is described', 'DescribeTransactions', (stele, name) => all(stele.admin.transactions.describe([name])), {
    momentary: notCoordinator,
    before: transactionMade,
  }),
  query('producers are described', 'DescribeProducers', (stele) => all(stele.admin.transactions.producers([t0])), notLeader),
  query('a producer is fenced', 'InitProducerId', (stele, name) => all(stele.admin.transactions.fence([name])), notCoordinator),
]

/** What a Stele does not serve yet. */
export const administrationOfKafka: readonly Operation[] = [
  query(
    'replicas move',
    'AlterPartitionReassignments',
    (stele) => all(stele.admin.partitions.reassign([{ ...t0, replicas: [1] }])),
    notController,
  ),
  query('quotas are described', 'DescribeClientQuotas', (stele) => stele.admin.quotas.describe()),
  query(
    'a quota is set',
    'AlterClientQuotas',
    (stele) => all(stele.admin.quotas.alter([{ entity: { user: 'fault' }, values: { producer_byte_rate: 1e9 } }])),
    notController,
  ),
  query('SCRAM credentials are described', 'DescribeUserScramCredentials', (stele) => all(stele.admin.scramCredentials.describe())),
  query('the quorum is described', 'DescribeQuorum', (stele) => stele.admin.quorum.describe()),
]
