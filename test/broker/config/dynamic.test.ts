import t from 'tap'
import { ConfigSource, type DescribedConfig, describeAllBrokers, describeBroker, describeTopic } from '../../../broker/config/describe.ts'
import { alterBroker, alterTopic, type Change, type Outcome, replaceBroker, replaceTopic } from '../../../broker/config/dynamic.ts'
import { Settings } from '../../../broker/config/settings.ts'

const settings = Settings.defaults
const set = (name: string, value: string | null): Change => ({ name, configOperation: 0, value })
const remove = (name: string): Change => ({ name, configOperation: 1, value: null })
const append = (name: string, value: string): Change => ({ name, configOperation: 2, value })
const subtract = (name: string, value: string): Change => ({ name, configOperation: 3, value })
const plain = (outcome: Outcome) => ('config' in outcome ? Object.fromEntries(outcome.config) : outcome)

t.test("a topic's settings are set, deleted, appended to and subtracted from", (t) => {
  const current = new Map([
    ['retention.ms', '1'],
    ['segment.ms', '2'],
  ])
  const alter = (...changes: Change[]) => plain(alterTopic(current, changes, settings))
  t.same(alter(set('retention.ms', '3'), remove('segment.ms')), { 'retention.ms': '3' })
  t.same(alter(append('cleanup.policy', 'compact')), { 'retention.ms': '1', 'segment.ms': '2', 'cleanup.policy': 'delete,compact' })
  t.same(alter(subtract('cleanup.policy', 'delete')), { 'retention.ms': '1', 'segment.ms': '2', 'cleanup.policy': '' })
  t.same(plain(alterTopic(new Map([['cleanup.policy', 'compact,delete']]), [append('cleanup.policy', 'compact')], settings)), {
    'cleanup.policy': 'compact,delete',
  })
  t.same(alter(append('leader.replication.throttled.replicas', '0:1,1:2'), remove('retention.ms'), remove('segment.ms')), {
    'leader.replication.throttled.replicas': '0:1,1:2',
  })
  t.same([...current.keys()], ['retention.ms', 'segment.ms'], 'what was stays as it was')
  t.same(plain(replaceTopic([{ name: 'retention.ms', value: '9' }], settings)), { 'retention.ms': '9' })
  t.end()
})

t.test('one bad entry refuses the whole, in the words of Kafka', (t) => {
  const refused = (error: string, message: string, ...changes: Change[]) =>
    t.same(alterTopic(new Map(), changes, settings), { error, message })
  refused(
    'INVALID_CONFIG',
    'Invalid value abc for configuration retention.ms: Not a number of type LONG',
    set('segment.ms', '1'),
    set('retention.ms', 'abc'),
  )
  refused('INVALID_CONFIG', 'Invalid value -2 for configuration retention.ms: Value must be at least -1', set('retention.ms', '-2'))
  refused(
    'INVALID_CONFIG',
    'Invalid value 100 for configuration segment.bytes: Value must be at least 1048576',
    set('segment.bytes', '100'),
  )
  refused(
    'INVALID_CONFIG',
    'Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete',
    set('cleanup.policy', 'foo'),
  )
  refused(
    'INVALID_CONFIG',
    'Invalid value br for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer',
    set('compression.type', 'br'),
  )
  refused(
    'INVALID_CONFIG',
    'Invalid value 10 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
    set('compression.gzip.level', '10'),
  )
  refused('INVALID_CONFIG', 'Unknown topic config name: retention', set('retention', '1'))
  refused('INVALID_CONFIG', "Can't APPEND to key retention.ms because its type is not LIST.", append('retention.ms', '1'))
  refused(
    'INVALID_CONFIG',
    'conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)',
    set('min.compaction.lag.ms', '10'),
    set('max.compaction.lag.ms', '5'),
  )
  refused('INVALID_CONFIG', 'remote.storage.enable cannot be true: this broker has no tiered storage', set('remote.storage.enable', 'true'))
  refused('INVALID_REQUEST', 'Error due to duplicate config keys', set('retention.ms', '1'), remove('retention.ms'))
  refused('INVALID_REQUEST', 'Null value not supported for : retention.ms', set('retention.ms', null))
  refused('INVALID_REQUEST', 'Unknown operation type 9 for config key retention.ms', {
    name: 'retention.ms',
    configOperation: 9,
    value: '1',
  })
  t.same(plain(alterTopic(new Map(), [set('remote.storage.enable', 'false'), remove('nothing.such')], settings)), {
    'remote.storage.enable': 'false',
  })
  t.end()
})

t.test("a broker's settings change while it runs where they may, for it or for all", (t) => {
  const both = [set('message.max.bytes', '5'), append('log.cleanup.policy', 'compact')]
  t.same(plain(alterBroker('all brokers', new Map(), both, settings)), { 'message.max.bytes': '5', 'log.cleanup.policy': 'delete,compact' })
  t.same(plain(alterBroker('this broker', new Map([['message.max.bytes', '5']]), [remove('message.max.bytes')], settings)), {})
  t.same(replaceBroker('this broker', [{ name: 'num.partitions', value: '2' }], settings), {
    error: 'INVALID_REQUEST',
    message: 'Cannot update these configs dynamically: [num.partitions]',
  })
  t.same(alterBroker('all brokers', new Map(), [set('leader.replication.throttled.rate', '1')], settings), {
    error: 'INVALID_REQUEST',
    message: 'Cannot update these configs at default cluster level, broker id must be specified: [leader.replication.throttled.rate]',
  })
  t.match(alterBroker('this broker', new Map(), [set('message.max.bytes', '-1')], settings), { error: 'INVALID_CONFIG' })
  t.match(alterBroker('this broker', new Map(), [set('no.such', '1')], settings), {
    error: 'INVALID_CONFIG',
    message: 'Unknown broker config name: no.such',
  })
  t.match(alterBroker('this broker', new Map(), [set('log.retention.ms', '0')], settings), {
    error: 'INVALID_REQUEST',
    message: /^log.retention.ms must be/,
  })
  t.end()
})

const named = (configs: readonly DescribedConfig[], name: string) => configs.find((config) => config.name === name)

t.test("a topic's settings are described with what stands behind them, nearest first", (t) => {
  const broker = Settings.from([{ name: 'log.retention.hours', text: '24', where: 'f:1' }]).withDynamic(
    new Map([['log.retention.ms', '7000']]),
    new Map(),
  )
  const described = describeTopic(broker, new Map([['retention.ms', ' 5000 ']]))
  t.equal(described.length, 34)
  t.match(named(described, 'retention.ms'), {
    value: '5000',
    readOnly: false,
    isDefault: false,
    configSource: ConfigSource.TOPIC_CONFIG,
    isSensitive: false,
    configType: 5,
    synonyms: [
      { name: 'retention.ms', value: '5000', source: ConfigSource.TOPIC_CONFIG },
      { name: 'log.retention.ms', value: '7000', source: ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG },
      { name: 'log.retention.hours', value: '24', source: ConfigSource.STATIC_BROKER_CONFIG },
      { name: 'log.retention.hours', value: '168', source: ConfigSource.DEFAULT_CONFIG },
    ],
  })
  t.match(named(described, 'flush.messages'), { value: '9223372036854775807', configSource: ConfigSource.DEFAULT_CONFIG, isDefault: true })
  t.match(named(described, 'min.cleanable.dirty.ratio'), { value: '0.5', configType: 6 })
  t.match(named(described, 'cleanup.policy'), { value: 'delete', configType: 7 })
  t.match(named(described, 'remote.storage.enable'), { value: 'false', configSource: ConfigSource.DEFAULT_CONFIG, synonyms: [] })
  t.equal(named(described, 'internal.segment.bytes'), undefined)
  t.same(
    describeTopic(broker, new Map(), ['segment.ms', 'no.such']).map(({ name }) => name),
    ['segment.ms'],
  )
  t.end()
})

t.test("a broker's settings are described with their layers, and who may change them", (t) => {
  const broker = Settings.from([{ name: 'message.max.bytes', text: '10', where: 'f:1' }]).withDynamic(
    new Map([['message.max.bytes', '20']]),
    new Map([['message.max.bytes', '30']]),
  )
  const described = describeBroker(broker)
  t.match(named(described, 'message.max.bytes'), {
    value: '30',
    readOnly: false,
    configSource: ConfigSource.DYNAMIC_BROKER_CONFIG,
    synonyms: [
      { value: '30', source: ConfigSource.DYNAMIC_BROKER_CONFIG },
      { value: '20', source: ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG },
      { value: '10', source: ConfigSource.STATIC_BROKER_CONFIG },
      { value: '1048588', source: ConfigSource.DEFAULT_CONFIG },
    ],
  })
  t.match(named(described, 'num.partitions'), { value: '1', readOnly: true, configSource: ConfigSource.DEFAULT_CONFIG })
  t.match(named(described, 'log.retention.ms'), { value: null, synonyms: [] })
  t.match(named(described, 'log.cleaner.io.max.bytes.per.second'), { value: '1.7976931348623157E308' })
  t.same(
    describeAllBrokers(broker).map(({ name, value }) => [name, value]),
    [['message.max.bytes', '20']],
  )
  t.same(
    describeBroker(broker, ['broker.rack']).map(({ name }) => name),
    ['broker.rack'],
  )
  t.end()
})
