/** What Apache Kafka 4.3.1 answered to the same requests, code and sentence, is what these tables hold. */
import t from 'tap'
import { planConfigChanges } from '../../../broker/cluster/config-changes.ts'
import { fold } from '../../../broker/cluster/fold.ts'
import { ClusterImage } from '../../../broker/cluster/image.ts'
import { ResourceType } from '../../../broker/cluster/resource-configs.ts'
import { brokerRecord } from '../../../broker/cluster/image-records.ts'
import { place } from '../../../broker/cluster/placement.ts'
import type { Plan } from '../../../broker/cluster/plan.ts'
import { planRegister } from '../../../broker/cluster/registration.ts'
import { planCreatePartitions, planDeleteTopics } from '../../../broker/cluster/topic-changes.ts'
import { type NewTopic, planCreateTopics } from '../../../broker/cluster/topic-creation.ts'
import { Settings } from '../../../broker/config/settings.ts'
import { ErrorCode, type ErrorName } from '../../../client/protocol/errors.ts'
import { zeroUuid } from '../../../client/protocol/uuid.ts'

let ids = 0
const newId = () => Buffer.alloc(16, ++ids).toString('base64url')
const directoryId = Buffer.alloc(16, 200).toString('base64url')
const settings = Settings.defaults

function applied<R>(image: ClusterImage, plan: Plan<R>): { image: ClusterImage; reply: R } {
  const { records, reply } = plan(image, 0)
  return { image: fold(image, records), reply }
}

const registration = { endpoints: new Map([['PLAINTEXT', { host: 'h', port: 1, securityProtocol: 0 }]]), rack: null, directoryId }
const alone = applied(ClusterImage.empty, planRegister(registration, { brokerId: 1, incarnationId: newId() })).image

const topic = (name: string, change: Partial<NewTopic> = {}): NewTopic => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...change,
})
const withConfigs = (...configs: [string, string | null][]) => ({ configs: configs.map(([name, value]) => ({ name, value })) })
const assigned = (...brokers: [number, number[]][]) => ({
  numPartitions: -1,
  replicationFactor: -1,
  assignments: brokers.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
})
const create = (image: ClusterImage, topics: NewTopic[], validateOnly = false) =>
  applied(image, planCreateTopics(topics, { settings, newId, turn: () => 3, validateOnly }))

t.test('topics that Kafka refuses are refused in its words', async (t) => {
  const { image } = create(alone, [topic('a1'), topic('x.y')])
  const cases: [string, Partial<NewTopic>, ErrorName, string][] = [
    ['a1', {}, 'TOPIC_ALREADY_EXISTS', "Topic 'a1' already exists."],
    ['b', { numPartitions: 0 }, 'INVALID_PARTITIONS', 'Number of partitions was set to an invalid non-positive value.'],
    ['b', { numPartitions: -2 }, 'INVALID_PARTITIONS', 'Number of partitions was set to an invalid non-positive value.'],
    [
      'b',
      { replicationFactor: 0, numPartitions: 0 },
      'INVALID_REPLICATION_FACTOR',
      'must be larger than 0, or -1 to use the default value.',
    ],
    ['b', { replicationFactor: -2 }, 'INVALID_REPLICATION_FACTOR', 'Replication factor must be larger than 0'],
    ['b', { replicationFactor: 3 }, 'INVALID_REPLICATION_FACTOR', 'Unable to replicate the partition 3 time(s)'],
    ['', {}, 'INVALID_TOPIC_EXCEPTION', 'Topic name is invalid: the empty string is not allowed'],
    ['..', {}, 'INVALID_TOPIC_EXCEPTION', "Topic name is invalid: '..' is not allowed"],
    ['x'.repeat(250), {}, 'INVALID_TOPIC_EXCEPTION', 'is longer than the max allowed length 249'],
    ['a/b', {}, 'INVALID_TOPIC_EXCEPTION', "contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"],
    ['x_y', {}, 'INVALID_TOPIC_EXCEPTION', "Topic 'x_y' collides with existing topic: x.y"],
    ['__cluster_metadata', {}, 'INVALID_REQUEST', 'Creation of internal topic __cluster_metadata is prohibited.'],
    ['b', { ...assigned([0, [1]]), replicationFactor: 1 }, 'INVALID_REQUEST', 'but replication factor was not set to -1.'],
    ['b', { ...assigned([0, [1]]), numPartitions: 1 }, 'INVALID_REQUEST', 'but numPartitions was not set to -1.'],
    ['b', assigned([0, [7]]), 'INVALID_REPLICA_ASSIGNMENT', 'includes broker 7, but no such broker is registered.'],
    ['b', assigned([0, [1, 1]]), 'INVALID_REPLICA_ASSIGNMENT', 'includes the broker 1 more than once.'],
    ['b', assigned([0, []]), 'INVALID_REPLICA_ASSIGNMENT', 'includes an empty replica list.'],
    ['b', assigned([0, [1]], [2, [1]]), 'INVALID_REPLICA_ASSIGNMENT', 'partitions should be a consecutive 0-based integer sequence'],
    ['b', assigned([1, [1]]), 'INVALID_REPLICA_ASSIGNMENT', 'partitions should be a consecutive 0-based integer sequence'],
    ['b', assigned([0, [1]], [0, [1]]), 'INVALID_REPLICA_ASSIGNMENT', 'Found multiple manual partition assignments for partition 0'],
    ['b', withConfigs(['foo', 'bar']), 'INVALID_CONFIG', 'Unknown topic config name: foo'],
    [
      'b',
      withConfigs(['retention.ms', 'x']),
      'INVALID_CONFIG',
      'Invalid value x for configuration retention.ms: Not a number of type LONG',
    ],
    ['b', withConfigs(['retention.ms', null]), 'INVALID_CONFIG', 'Null value not supported for topic configs: retention.ms'],
    ['b', withConfigs(['min.compaction.lag.ms', '9'], ['max.compaction.lag.ms', '5']), 'INVALID_CONFIG', 'conflict topic config setting'],
    ['b', { numPartitions: 10_001 }, 'POLICY_VIOLATION', 'Excessively large number of partitions per request.'],
  ]
  for (const [name, change, error, sentence] of cases) {
    const { reply, image: after } = create(image, [topic(name, change)])
    const [result] = reply
    t.equal(result?.errorCode, ErrorCode[error], `${name.slice(0, 9)}: ${error}`)
    t.match(result?.errorMessage, sentence)
    t.match(result, { topicId: zeroUuid, numPartitions: -1, replicationFactor: -1 })
    t.equal(after.topics.size, 2, 'nothing is made')
  }
})

t.test('topics are made as asked, or as the settings say', async (t) => {
  const configs = withConfigs(['retention.ms', '1'], ['retention.ms', '6'], ['cleanup.policy', 'compact'])
  const { image, reply } = create(alone, [
    topic('initial', { numPartitions: -1, replicationFactor: -1 }),
    topic('three', { numPartitions: 3, ...configs }),
    topic('manual', assigned([1, [1]], [0, [1]])),
  ])
  t.same(
    reply.map(({ errorCode, numPartitions, replicationFactor }) => [errorCode, numPartitions, replicationFactor]),
    [
      [0, 1, 1],
      [0, 3, 1],
      [0, 2, 1],
    ],
  )
  t.same(Object.fromEntries(image.topicConfigs('three')), { 'retention.ms': '6', 'cleanup.policy': 'compact' }, 'the last of two counts')
  t.equal(image.topics.get('three')?.id, reply[1]?.topicId)
  t.match(image.partition('three', 2), { index: 2, replicas: [1], isr: [1], leader: 1, leaderEpoch: 0, directories: [directoryId] })
})

t.test('a name that is asked for twice is refused once, and the others are made', async (t) => {
  const { image, reply } = create(alone, [topic('d1'), topic('d1'), topic('d2')])
  t.same(
    reply.map(({ name, errorCode, errorMessage }) => [name, errorCode, errorMessage]),
    [
      ['d1', ErrorCode.INVALID_REQUEST, 'Duplicate topic name.'],
      ['d2', 0, null],
    ],
  )
  t.same([...image.topics.keys()], ['d2'])
})

t.test('to validate only answers the same and makes nothing', async (t) => {
  const { image, reply } = create(alone, [topic('v', { numPartitions: 4 }), topic('w', { numPartitions: 0 })], true)
  t.match(reply, [{ errorCode: 0, numPartitions: 4 }, { errorCode: ErrorCode.INVALID_PARTITIONS }])
  t.equal(image.topics.size, 0)
})

t.test('topics are deleted by name or by id, each on its own terms', async (t) => {
  const { image } = create(alone, [topic('a'), topic('b'), topic('c'), topic('d')])
  const idOf = (name: string) => image.topics.get(name)?.id ?? ''
  const cases: [string | null, string, ErrorName, string | null][] = [
    ['nope', zeroUuid, 'UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.'],
    [null, directoryId, 'UNKNOWN_TOPIC_ID', 'This server does not host this topic ID.'],
    ['a', idOf('a'), 'INVALID_REQUEST', 'You may not specify both topic name and topic id.'],
    [null, zeroUuid, 'INVALID_REQUEST', 'Neither topic name nor id were specified.'],
    ['a', zeroUuid, 'NONE', null],
    [null, idOf('b'), 'NONE', null],
  ]
  for (const [name, topicId, error, sentence] of cases) {
    const { reply } = applied(image, planDeleteTopics([{ name, topicId }]))
    t.match(reply, [{ errorCode: ErrorCode[error], errorMessage: sentence }], String(sentence))
  }
  const both = applied(
    image,
    planDeleteTopics([
      { name: 'c', topicId: zeroUuid },
      { name: null, topicId: idOf('c') },
      { name: 'd', topicId: zeroUuid },
      { name: 'd', topicId: zeroUuid },
    ]),
  )
  t.match(both.reply, [
    { name: 'd', errorMessage: 'Duplicate topic name.' },
    { name: 'c', errorCode: 0 },
    { errorMessage: 'The provided topic name maps to an ID that was already supplied.' },
  ])
  t.same([...both.image.topics.keys()], ['a', 'b', 'd'])
})

t.test('partitions are added, never taken away', async (t) => {
  const { image } = create(alone, [topic('a', { numPartitions: 5 })])
  const cases: [string, number, number[][] | null, ErrorName, string | null][] = [
    ['a', 5, null, 'INVALID_PARTITIONS', 'Topic already has 5 partition(s).'],
    ['a', 2, null, 'INVALID_PARTITIONS', 'The topic a currently has 5 partition(s); 2 would not be an increase.'],
    ['nope', 5, null, 'UNKNOWN_TOPIC_OR_PARTITION', null],
    ['a', 8, [[1]], 'INVALID_REPLICA_ASSIGNMENT', 'Attempted to add 3 additional partition(s), but only 1 assignment(s) were specified.'],
    ['a', 6, [], 'INVALID_REPLICA_ASSIGNMENT', 'Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified.'],
    ['a', 6, [[5]], 'INVALID_REPLICA_ASSIGNMENT', 'includes broker 5, but no such broker is registered.'],
    ['a', 6, [[]], 'INVALID_REPLICA_ASSIGNMENT', 'includes an empty replica list.'],
    ['a', 20_000, null, 'POLICY_VIOLATION', 'Excessively large number of partitions per request.'],
    ['a', 6, [[1]], 'NONE', null],
    ['a', 9, null, 'NONE', null],
  ]
  for (const [name, count, brokers, error, sentence] of cases) {
    const assignments = brokers && brokers.map((brokerIds) => ({ brokerIds }))
    const { reply, image: after } = applied(image, planCreatePartitions([{ name, count, assignments }], false))
    t.equal(reply[0]?.errorCode, ErrorCode[error], `${name} ${count}: ${error}`)
    if (sentence === null) t.equal(reply[0]?.errorMessage, null)
    else t.match(reply[0]?.errorMessage, sentence)
    t.equal(after.topics.get('a')?.partitions.length, error === 'NONE' ? count : 5)
  }
  const twice = { name: 'a', count: 7, assignments: null }
  t.match(applied(image, planCreatePartitions([twice, twice], false)).reply, [{ name: 'a', errorCode: ErrorCode.INVALID_REQUEST }])
  t.equal(planCreatePartitions([twice], true)(image, 0).records.length, 0, 'to validate only changes nothing')
})

t.test('settings are changed where there is such a resource', async (t) => {
  const { image } = create(alone, [topic('a', withConfigs(['retention.ms', '5']))])
  const { TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP } = ResourceType
  const cases: [number, string, string, string | null, ErrorName, string | null][] = [
    [TOPIC, 'nope', 'retention.ms', '1', 'UNKNOWN_TOPIC_OR_PARTITION', "The topic 'nope' does not exist."],
    [TOPIC, 'a b', 'retention.ms', '1', 'INVALID_TOPIC_EXCEPTION', "Topic name is invalid: 'a b' contains"],
    [TOPIC, '', 'retention.ms', '1', 'INVALID_REQUEST', 'Default topic resources are not allowed.'],
    [TOPIC, 'a', 'nokey', '1', 'INVALID_CONFIG', 'Unknown topic config name: nokey'],
    [TOPIC, 'a', 'retention.ms', null, 'INVALID_REQUEST', 'Null value not supported for : retention.ms'],
    [BROKER, '7', 'log.retention.ms', '1', 'INVALID_REQUEST', 'Unexpected broker id, expected 1, but received 7'],
    [BROKER, 'x', 'log.retention.ms', '1', 'INVALID_REQUEST', 'Node id must be an integer, but it is: x'],
    [BROKER_LOGGER, '1', 'nologger', 'INFO', 'INVALID_CONFIG', 'Logger nologger does not exist!'],
    [GROUP, 'g', 'consumer.session.timeout.ms', '1', 'INVALID_CONFIG', 'consumer.session.timeout.ms must be greater than or equal to'],
    [GROUP, 'g', 'consumer.session.timeout.ms', '50000', 'NONE', null],
    [GROUP, '', 'consumer.session.timeout.ms', '50000', 'INVALID_REQUEST', 'Default group resources are not allowed.'],
    [CLIENT_METRICS, 'm', 'interval.ms', '1000', 'INVALID_REQUEST', 'not supported'],
    [0, 'x', 'retention.ms', '1', 'INVALID_REQUEST', 'Unknown resource type 0'],
    [TOPIC, 'a', 'retention.ms', '9', 'NONE', null],
    [BROKER, '', 'message.max.bytes', '2000000', 'NONE', null],
    [BROKER, '1', 'log.retention.ms', '99999', 'NONE', null],
  ]
  const context = { brokerId: 1, settings, validateOnly: false, mode: 'alter' } as const
  for (const [resourceType, resourceName, name, value, error, sentence] of cases) {
    const change = { resourceType, resourceName, configs: [{ name, value, configOperation: 0 }] }
    const { reply, image: after } = applied(image, planConfigChanges([change], context))
    t.equal(reply[0]?.errorCode, ErrorCode[error], `${resourceType} '${resourceName}' ${name}: ${error}`)
    if (sentence !== null) t.match(reply[0]?.errorMessage, sentence)
    t.equal(after.configsOf(resourceType, resourceName).get(name) === value, error === 'NONE')
  }
  const resource = { resourceType: TOPIC, resourceName: 'a', configs: [{ name: 'segment.ms', value: '7' }] }
  const replaced = applied(image, planConfigChanges([resource], { ...context, mode: 'replace' })).image
  t.same(Object.fromEntries(replaced.topicConfigs('a')), { 'segment.ms': '7' }, 'AlterConfigs takes back what it does not name')
  t.equal(planConfigChanges([resource], { ...context, validateOnly: true })(image, 0).records.length, 0)
  t.match(applied(image, planConfigChanges([resource, resource], context)).reply, [
    { errorMessage: 'Each resource must appear at most once.' },
    { errorMessage: 'Each resource must appear at most once.' },
  ])
})

t.test('replicas are spread over brokers and racks, leaders evenly', async (t) => {
  const brokers = [1, 2, 3, 4, 5, 6].map((id) =>
    fold(ClusterImage.empty, [
      brokerRecord({
        id,
        epoch: 0,
        incarnationId: newId(),
        endpoints: new Map(),
        rack: id % 2 === 0 ? 'even' : 'odd',
        features: [],
        fenced: false,
        inControlledShutdown: false,
        logDirs: [],
      }),
    ]).brokers.get(id),
  )
  const present = brokers.flatMap((broker) => broker ?? [])
  for (const replicationFactor of [1, 2, 3, 6]) {
    const partitions = place(present, { count: 60, replicationFactor, firstIndex: 0, turn: 4 })
    const leads = new Map<number, number>()
    for (const replicas of partitions) {
      t.equal(new Set(replicas).size, replicationFactor, 'no broker twice')
      const [leader = 0] = replicas
      leads.set(leader, (leads.get(leader) ?? 0) + 1)
    }
    t.same([...leads.values()], [10, 10, 10, 10, 10, 10], 'each leads as many')
  }
  const pairs = place(present, { count: 2, replicationFactor: 2, firstIndex: 0, turn: 0 })
  for (const [a = 0, b = 0] of pairs) t.not(a % 2, b % 2, 'neighbours are in different racks')
})

t.test('a broker that comes takes back the partitions that only it has in sync', async (t) => {
  const { image } = create(alone, [topic('a')])
  const partition = image.topics.get('a')
  const gone = fold(image, [
    {
      name: 'PartitionChangeRecord',
      value: {
        partitionId: 0,
        topicId: partition?.id ?? '',
        leader: -1,
        isr: null,
        replicas: null,
        removingReplicas: null,
        addingReplicas: null,
        leaderRecoveryState: -1,
        directories: null,
        eligibleLeaderReplicas: null,
        lastKnownElr: null,
      },
    },
  ])
  const back = applied(gone, planRegister(registration, { brokerId: 1, incarnationId: newId() })).image
  t.match(back.partition('a', 0), { leader: 1, leaderEpoch: 2 })
  t.match(back.brokers.get(1), { fenced: false, logDirs: [directoryId] })
  t.equal(back.features.get('metadata.version'), 25)
})
