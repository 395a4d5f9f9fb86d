import { readFileSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { brokerSettings, isBrokerSetting } from '../../../broker/config/broker-settings.ts'
import { isPassedOver } from '../../../broker/config/foreign-settings.ts'
import { InvalidValue, type Kind } from '../../../broker/config/kind.ts'
import { samplePropertiesFile, settingsPage } from '../../../config/settings-pages.ts'
import { Settings } from '../../../broker/config/settings.ts'
import { isTopicSetting, topicSettings } from '../../../broker/config/topic-settings.ts'

interface KafkaRow {
  name: string
  type: string
  initially: string
  range: string
}

const tables = { B: [] as KafkaRow[], T: [] as KafkaRow[] }
for (const line of readFileSync(new URL('kafka-settings.tsv', import.meta.url), 'utf8').split('\n')) {
  const [table, name = '', type = '', initially = '', range = ''] = line.split('\t')
  if (table === 'B' || table === 'T') tables[table].push({ name, type, initially, range })
}

/** Where Stele's default is another than Kafka's, on purpose. */
const otherDefaults = new Set([
  'advertised.listeners',
  'controller.listener.names',
  'listeners',
  'log.dir',
  'log.dirs',
  'node.id',
  'process.roles',
  'queued.max.request.bytes',
])

function sameAsKafka(t: Test, row: KafkaRow, ours: Kind<unknown>) {
  t.equal(ours.type, row.type.toLowerCase(), `${row.name} has Kafka's type`)
  if (!otherDefaults.has(row.name)) {
    t.equal(
      String(ours.format(ours.default)),
      row.initially.replace(/^\[(.*)\]$/, '$1').replaceAll(', ', ','),
      `${row.name} has Kafka's default`,
    )
  }
  const least = /^\[(-?\d+),\.\.\.[,\]]/.exec(row.range)?.[1]
  if (least === undefined) return
  t.ok(ours.parse(least) !== undefined, `${row.name} takes the least that Kafka takes`)
  t.throws(() => ours.parse(String(Number(least) - 1)), InvalidValue, `${row.name} takes no less than Kafka`)
}

t.test('every setting that Kafka has too is of the same type, default and range', (t) => {
  for (const row of tables.B) if (isBrokerSetting(row.name)) sameAsKafka(t, row, brokerSettings[row.name])
  t.end()
})

t.test('every setting of a Kafka broker is known: in the table, or passed over', (t) => {
  t.same(
    tables.B.map(({ name }) => name).filter((name) => !isBrokerSetting(name) && !isPassedOver(name)),
    [],
  )
  t.equal(isPassedOver('log.segment.byte'), false)
  t.end()
})

t.test("every topic setting of Kafka is there with Kafka's type, default and range", (t) => {
  for (const row of tables.T) {
    if (!isTopicSetting(row.name)) t.fail(`${row.name} is missing`)
    else sameAsKafka(t, row, topicSettings[row.name])
  }
  t.equal(Object.keys(topicSettings).length, tables.T.length + 1, 'and one of our own')
  t.end()
})

t.test('what a table gives as its default is allowed by it, and is read back as it was written', (t) => {
  for (const [name, row] of [...Object.entries(brokerSettings), ...Object.entries(topicSettings)]) {
    const kind = row as Kind<unknown>
    const text = kind.format(kind.default)
    if (text === null) continue
    t.same(kind.parse(text), kind.default, name)
    t.match(row.doc, /^[A-Z].*\.$/s, `${name} is explained in sentences`)
  }
  t.end()
})

t.test('a value comes from the layer closest to the broker', (t) => {
  const start = Settings.from([
    { name: 'log.segment.bytes', text: '2000000', where: 'a.properties:1' },
    { name: 'message.max.bytes', text: '1000', where: 'a.properties:2' },
    { name: 'message.max.bytes', text: '2000', where: 'STELE_MESSAGE_MAX_BYTES' },
  ])
  t.equal(start.get('message.max.bytes'), 2000, 'the later one counts')
  t.equal(start.whereSet('message.max.bytes'), 'STELE_MESSAGE_MAX_BYTES')
  const changed = start.withDynamic(
    new Map([
      ['message.max.bytes', '3000'],
      ['log.segment.bytes', '3000000'],
    ]),
    new Map([['message.max.bytes', '4000']]),
  )
  t.equal(changed.get('message.max.bytes'), 4000)
  t.equal(changed.get('log.segment.bytes'), 3_000_000)
  t.equal(start.get('message.max.bytes'), 2000, 'the snapshot before is as it was')
  t.equal(changed.withDynamic(new Map(), new Map()).get('message.max.bytes'), 2000)
  t.equal(start.with({ 'message.max.bytes': 5 }).get('message.max.bytes'), 5)
  t.equal(start.isSet('num.partitions'), false)
  t.end()
})

t.test('the older and the newer name of a broker number, and of its directory, mean the same', (t) => {
  t.equal(Settings.defaults.nodeId, 1)
  t.equal(Settings.defaults.with({ 'broker.id': 7 }).nodeId, 7)
  t.equal(Settings.defaults.with({ 'node.id': 0 }).nodeId, 0)
  t.equal(Settings.defaults.dataDirectory, 'data')
  t.equal(Settings.defaults.with({ 'log.dir': '/a' }).dataDirectory, '/a')
  t.equal(Settings.defaults.with({ 'log.dir': '/a', 'log.dirs': '/b' }).dataDirectory, '/b')
  t.end()
})

t.test('settings that contradict each other are refused in one sentence', (t) => {
  const refused = (overrides: Parameters<Settings['with']>[0], message: RegExp) =>
    t.throws(() => Settings.defaults.with(overrides), { name: 'ConfigError', message })
  refused({ 'node.id': 1, 'broker.id': 2 }, /^broker.id must be what node.id is \(1\)/)
  refused({ 'process.roles': 'controller' }, /^process.roles must have broker in it/)
  refused(
    { 'queued.max.request.bytes': 1000 },
    /^queued.max.request.bytes must be -1 or at least socket.request.max.bytes \(104857600\), not 1000$/,
  )
  refused({ 'replica.fetch.wait.max.ms': 40_000 }, /^replica.fetch.wait.max.ms must be at most/)
  refused({ 'log.retention.ms': '0' }, /^log.retention.ms must be below 0 \(for ever\) or at least 1, not 0$/)
  refused({ 'log.dirs': '/a,/b' }, /^log.dirs must be one directory, not 2/)
  refused({ 'group.min.session.timeout.ms': 2_000_000 }, /^group.min.session.timeout.ms must be at most/)
  t.end()
})

t.test("a topic's log takes the broker's settings where the topic says nothing", (t) => {
  const { defaults } = Settings
  t.match(defaults.logConfig(), {
    retentionMillis: 604_800_000,
    segmentMillis: 604_800_000,
    flushMillis: 2 ** 63,
    ackDurability: 'disk',
    compact: false,
    delete: true,
  })
  t.equal(defaults.with({ 'log.retention.hours': 1 }).logConfig().retentionMillis, 3_600_000)
  t.equal(defaults.with({ 'log.retention.hours': 1, 'log.retention.minutes': 2 }).logConfig().retentionMillis, 120_000)
  t.equal(defaults.with({ 'log.retention.hours': 1, 'log.retention.ms': 3 }).logConfig().retentionMillis, 3)
  t.equal(defaults.with({ 'log.retention.hours': -1 }).logConfig().retentionMillis, -1)
  t.equal(defaults.with({ 'log.roll.hours': 2 }).logConfig().segmentMillis, 7_200_000)
  t.equal(defaults.with({ 'stele.ack.durability': 'memory' }).logConfig().ackDurability, 'memory')
  const own = new Map([
    ['cleanup.policy', 'compact'],
    ['retention.ms', '5'],
    ['internal.segment.bytes', '100'],
  ])
  t.match(defaults.logConfig(own), { compact: true, delete: false, retentionMillis: 5, segmentBytes: 100 })
  t.throws(() => defaults.logConfig(new Map([['retention.ms', 'x']])), InvalidValue)
  t.end()
})

t.test('texts that look like numbers but are none are refused', (t) => {
  const parse = (text: string) => topicSettings['retention.ms'].parse(text)
  for (const text of ['', 'abc', '0x10', '5.0', '1_000', '1e3', '9223372036854775808', '99999999999999999999'])
    t.throws(() => parse(text), InvalidValue, text)
  t.equal(parse(' +5 '), 5)
  t.equal(topicSettings['retention.ms'].format(parse('9223372036854775807')), '9223372036854775807')
  t.throws(() => brokerSettings['num.partitions'].parse('2147483648'), InvalidValue)
  t.throws(() => brokerSettings['log.cleaner.min.cleanable.ratio'].parse(''), InvalidValue)
  t.equal(topicSettings.preallocate.parse('TRUE'), true)
  t.same(topicSettings['cleanup.policy'].parse('compact, delete,compact'), ['compact', 'delete'])
  t.throws(() => topicSettings['cleanup.policy'].parse('delete,'), InvalidValue)
  t.equal(topicSettings['compression.gzip.level'].parse('-1'), -1)
  t.throws(() => topicSettings['compression.gzip.level'].parse('0'), InvalidValue)
  t.same(topicSettings['leader.replication.throttled.replicas'].parse('*'), ['*'])
  t.throws(() => topicSettings['leader.replication.throttled.replicas'].parse('1:2,x'), InvalidValue)
  t.end()
})

t.test('the sample file and the page of settings are what the tables say', (t) => {
  const made = [
    [new URL('../../../config/broker.properties', import.meta.url), samplePropertiesFile()],
    [new URL('../../../broker/config/SETTINGS.md', import.meta.url), settingsPage()],
  ] as const
  for (const [file, text] of made) {
    if (process.env['REWRITE'] === '1') writeFileSync(file, text)
    t.equal(readFileSync(file, 'utf8'), text, 'or run: REWRITE=1 node test/broker/config/settings.test.ts')
  }
  t.end()
})
