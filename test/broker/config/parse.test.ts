import t from 'tap'
import { endpointsOf } from '../../../broker/config/endpoints.ts'
import { parseSettings, unknownWarning } from '../../../broker/config/parse.ts'
import { parseProperties } from '../../../broker/config/properties.ts'
import { Settings } from '../../../broker/config/settings.ts'

const pairs = (text: string) => parseProperties(text).map(({ name, value }) => [name, value])

t.test('a properties file reads as it does in Java', (t) => {
  t.same(pairs('a=1\nb:2\nc 3\n d = 4 \ne\nf=\n'), [
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
    ['d', '4 '],
    ['e', ''],
    ['f', ''],
  ])
  t.same(pairs('# no\n  ! no\n\n\t\nx==y\nk : = v'), [
    ['x', '=y'],
    ['k', '= v'],
  ])
  t.same(pairs('list=a,\\\n     b,\\\r\n\tc\nnext=1'), [
    ['list', 'a,b,c'],
    ['next', '1'],
  ])
  t.same(pairs('a\\=b\\:c\\ d=e'), [['a=b:c d', 'e']])
  t.same(pairs('path=C\\:\\\\tmp\\tx\\u00e9\\n'), [['path', 'C:\\tmp\txé\n']])
  t.same(pairs('even=\\\\\\\\\nafter=1'), [
    ['even', '\\\\'],
    ['after', '1'],
  ])
  t.same(pairs('\ufeffbom=1\rmac=2'), [
    ['bom', '1'],
    ['mac', '2'],
  ])
  t.same(pairs('open=1\\'), [['open', '1']])
  t.same(pairs('a=1\\\n# part of it'), [['a', '1# part of it']])
  t.throws(() => pairs('ok=1\nbad=\\u12'), { name: 'SyntaxError', message: /line 2/ })
  t.same(
    parseProperties('a=1\n\nb=\\\n2\nc=3').map(({ line }) => line),
    [1, 3, 5],
  )
  t.end()
})

t.test('a flag counts before the environment, that before the file', (t) => {
  const file = { path: 'server.properties', text: 'num.partitions=2\nlog.retention.hours=3\nlog.segment.bytes=2000000\n' }
  const environment = {
    STELE_LOG_RETENTION_HOURS: '4',
    STELE_NUM_PARTITIONS: '5',
    STELE_HTTP_LISTENER: 'off',
    PATH: '/bin',
    STELE_NOTHING: undefined,
  }
  const { settings, unknown } = parseSettings({ file, environment, flags: ['num.partitions=6'] })
  t.equal(settings.get('num.partitions'), 6)
  t.equal(settings.whereSet('num.partitions'), '--set num.partitions')
  t.equal(settings.get('log.retention.hours'), 4)
  t.equal(settings.get('log.segment.bytes'), 2_000_000)
  t.equal(settings.whereSet('log.segment.bytes'), 'server.properties:3')
  t.equal(settings.get('stele.http.listener'), 'off')
  t.same(unknown, [])
  t.end()
})

t.test('settings that nobody knows are named in one warning', (t) => {
  const file = {
    path: 'a.properties',
    text: 'zookeeper.connect=localhost:2181\nlog.segment.byte=1\nssl.keystore.type=JKS\nnum.replica.alter.log.dirs.threads=1',
  }
  const { unknown } = parseSettings({ file, environment: { STELE_FOO_BAR: '1' }, flags: ['x=y'] })
  const warning = unknownWarning(unknown)
  t.equal(
    warning,
    '4 settings are not known and will have no effect: zookeeper.connect (a.properties:1), log.segment.byte (a.properties:2), foo.bar (STELE_FOO_BAR), x (--set x)',
  )
  t.equal(unknownWarning([]), undefined)
  t.end()
})

t.test('a bad value is one sentence: the setting, what is allowed, where it was set', (t) => {
  const message = (sources: Parameters<typeof parseSettings>[0]) => {
    try {
      parseSettings(sources)
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }
  const file = (text: string) => ({ file: { path: 'b.properties', text } })
  t.equal(message(file('\nnum.partitions=0')), "num.partitions must be an integer of at least 1, not '0' (set by b.properties:2)")
  t.equal(
    message({ environment: { STELE_ACK_DURABILITY: 'maybe' } }),
    "stele.ack.durability must be one of disk, memory, not 'maybe' (set by STELE_ACK_DURABILITY)",
  )
  t.equal(
    message({ flags: ['compression.gzip.level=12'] }),
    "compression.gzip.level must be an integer from 1 to 9, or -1, not '12' (set by --set compression.gzip.level)",
  )
  t.equal(
    message({ flags: ['stele.http.listener=9644'] }),
    "stele.http.listener must be host:port, or off, not '9644' (set by --set stele.http.listener)",
  )
  t.equal(
    message({ flags: ['max.connections.per.ip.overrides=1.2.3.4'] }),
    "max.connections.per.ip.overrides must be a list of address:count, not '1.2.3.4' (set by --set max.connections.per.ip.overrides)",
  )
  t.equal(message({ flags: ['num.partitions'] }), "--set must be followed by name=value, not 'num.partitions'")
  t.equal(message(file('log.dirs=/a, /b')), 'log.dirs must be one directory, not 2: Stele keeps all data in one (set by b.properties:1)')
  t.equal(
    message(file('authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer')),
    'authorizer.class.name cannot be set: this version has no authorizer, and everyone who connects may do everything (set by b.properties:1)',
  )
  t.equal(
    message(file('remote.log.storage.system.enable=true')),
    'remote.log.storage.system.enable cannot be set: this version has no tiered storage (set by b.properties:1)',
  )
  t.equal(message(file('remote.log.storage.system.enable=false')), undefined)
  t.equal(
    message(file('a=\\u1')),
    'b.properties is not a properties file: line 1: \\u must be followed by four hexadecimal digits (set by b.properties)',
  )
  t.end()
})

t.test("Kafka's own file for one combined node starts Stele without a word about unknown settings", (t) => {
  const text = `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kraft-combined-logs
num.partitions=1
num.recovery.threads.per.data.dir=2
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
`
  const { settings, unknown } = parseSettings({ file: { path: 'server.properties', text } })
  t.same(unknown, [])
  t.equal(settings.dataDirectory, '/tmp/kraft-combined-logs')
  const { listeners, advertised, warnings } = endpointsOf(settings)
  t.same(listeners, [{ name: 'PLAINTEXT', host: '', port: 9092 }])
  t.same([...advertised], [['PLAINTEXT', { host: 'localhost', port: 9092 }]])
  t.equal(warnings.length, 1, 'but it listens on every address without authentication')
  t.match(warnings[0], /ANYONE .* PLAINTEXT is open on every address, port 9092/)
  t.end()
})

t.test('listeners are read with their names, addresses and ports', (t) => {
  const listening = (listeners: string, more: Parameters<Settings['with']>[0] = {}) =>
    endpointsOf(Settings.defaults.with({ listeners, ...more }))
  t.same(endpointsOf(Settings.defaults), {
    listeners: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 9092 }],
    advertised: new Map(),
    http: { host: '127.0.0.1', port: 9644 },
    warnings: [],
  })
  t.same(listening('plaintext://localhost:0').listeners, [{ name: 'PLAINTEXT', host: 'localhost', port: 0 }])
  t.same(listening('PLAINTEXT://[::1]:9092').listeners, [{ name: 'PLAINTEXT', host: '::1', port: 9092 }])
  const two = listening('A://127.0.0.1:1,B://[::]:1', { 'listener.security.protocol.map': 'A:PLAINTEXT,B:PLAINTEXT' })
  t.equal(two.listeners.length, 2, 'one port may serve both families')
  t.equal(two.warnings.length, 1)
  t.equal(listening('PLAINTEXT://10.0.0.1:9092').warnings.length, 1)
  t.equal(listening('PLAINTEXT://127.0.0.1:9092', { 'stele.http.listener': '0.0.0.0:9644' }).warnings.length, 1)
  t.equal(endpointsOf(Settings.defaults.with({ 'stele.http.listener': 'off' })).http, undefined)
  t.end()
})

t.test('listeners that cannot be served are refused by name', (t) => {
  const refused = (overrides: Parameters<Settings['with']>[0], message: RegExp) =>
    t.throws(() => endpointsOf(Settings.defaults.with(overrides)), { name: 'ConfigError', message })
  refused({ listeners: 'SSL://:9093' }, /^listeners has SSL, which speaks SSL; this version serves PLAINTEXT only$/)
  refused(
    { listeners: 'OUTSIDE://:9093', 'listener.security.protocol.map': 'OUTSIDE:SASL_PLAINTEXT' },
    /^listeners has OUTSIDE, which speaks SASL_PLAINTEXT/,
  )
  refused({ listeners: 'OUTSIDE://:9093' }, /^listeners has OUTSIDE, which must have a protocol in listener.security.protocol.map$/)
  refused({ listeners: 'localhost:9092' }, /^listeners must be a list of NAME:\/\/host:port, not 'localhost:9092'$/)
  refused({ listeners: 'PLAINTEXT://h:65536' }, /not 'PLAINTEXT:\/\/h:65536'$/)
  refused({ listeners: '' }, /^listeners must have at least one/)
  refused(
    { listeners: 'CONTROLLER://:9093', 'controller.listener.names': 'CONTROLLER' },
    /^listeners must have at least one that is not in controller.listener.names$/,
  )
  refused({ listeners: 'PLAINTEXT://a:1,PLAINTEXT://a:2' }, /^listeners must have each name once/)
  refused(
    { listeners: 'A://a:1,B://b:1', 'listener.security.protocol.map': 'A:PLAINTEXT,B:PLAINTEXT' },
    /^listeners must have each port once/,
  )
  refused({ 'listener.security.protocol.map': 'PLAINTEXT' }, /^listener.security.protocol.map must be a list of NAME:PROTOCOL/)
  refused({ 'advertised.listeners': 'PLAINTEXT://:9092' }, /^advertised.listeners must name a host that clients can reach/)
  refused({ 'advertised.listeners': 'OTHER://a:9092' }, /^advertised.listeners has OTHER, which must be among listeners too$/)
  refused({ 'advertised.listeners': 'a' }, /^advertised.listeners must be a list of/)
  t.end()
})
