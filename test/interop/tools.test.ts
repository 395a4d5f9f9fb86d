/** Kafka's command-line tools, as an operator uses them: each works on the broker, and its output says what is so. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t, { type Test } from 'tap'
import { missing } from './cache.ts'
import { type Run, Tools } from './peers/tools.ts'
import { noTarget, startTarget, temporaryDirectory } from './target.ts'

const skip = noTarget || missing('kafka', 'java')

t.test("Kafka's command-line tools", { skip, timeout: 120_000 }, async (t) => {
  const target = await startTarget()
  const home = temporaryDirectory()
  const tools = new Tools(target.bootstrap)
  t.teardown(async () => {
    await tools.close()
    await target.close()
    fs.rmSync(home, { recursive: true, force: true })
  })

  const run = (tool: Parameters<Tools['run']>[0], line: string, stdin?: string) =>
    tools.run(tool, line === '' ? [] : line.split(' '), stdin)
  const works = async (t: Test, tool: Parameters<Tools['run']>[0], line: string, stdin?: string): Promise<string> => {
    const { exit, out, err } = await run(tool, line, stdin)
    t.equal(exit, 0, `${tool} ${line} succeeds`, { diagnostic: exit !== 0, out, err })
    return out
  }
  const fails = (t: Test, { exit, out, err }: Run, saying: RegExp) => {
    t.not(exit, 0, 'it fails')
    t.match(out + err, saying)
  }

  await t.test('kafka-topics creates, lists, describes and enlarges a topic, and refuses what is wrong', async (t) => {
    const created = await works(t, 'kafka-topics', '--create --topic orders --partitions 3 --replication-factor 1 --config retention.ms=-1')
    t.match(created, 'Created topic orders.')
    fails(t, await run('kafka-topics', '--create --topic orders'), /Topic 'orders' already exists/)
    fails(t, await run('kafka-topics', '--create --topic many --replication-factor 3'), /replication factor|InvalidReplicationFactor/i)
    fails(t, await run('kafka-topics', '--create --topic wrong --config retention.ms=soon'), /retention\.ms/)
    t.has((await works(t, 'kafka-topics', '--list')).split('\n'), ['orders'])

    const described = await works(t, 'kafka-topics', '--describe --topic orders')
    t.match(described, /Topic: orders\tTopicId: [\w-]{22}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: .*retention\.ms=-1/)
    t.equal(described.match(/Partition: \d+\tLeader: (\d+)\tReplicas: \1\tIsr: \1/g)?.length, 3)
    t.equal((await works(t, 'kafka-topics', '--describe --unavailable-partitions')).trim(), '')

    await works(t, 'kafka-topics', '--alter --topic orders --partitions 5')
    t.match(await works(t, 'kafka-topics', '--describe --topic orders'), 'PartitionCount: 5')
    fails(t, await run('kafka-topics', '--alter --topic orders --partitions 2'), /currently has 5 partition/)
    fails(t, await run('kafka-topics', '--describe --topic nowhere'), /Topic 'nowhere' does not exist/)
  })

  await t.test("kafka-configs changes a topic's settings and tells where each comes from", async (t) => {
    const topic = '--entity-type topics --entity-name orders'
    await works(t, 'kafka-configs', `--alter ${topic} --add-config max.message.bytes=2000000,segment.bytes=1048576`)
    const set = await works(t, 'kafka-configs', `--describe ${topic}`)
    t.match(
      set,
      'max.message.bytes=2000000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:max.message.bytes=2000000, DEFAULT_CONFIG:message.max.bytes=1048588}',
    )
    t.match(
      set,
      'segment.bytes=1048576 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:segment.bytes=1048576, DEFAULT_CONFIG:log.segment.bytes=1073741824}',
    )
    await works(t, 'kafka-configs', `--alter ${topic} --delete-config max.message.bytes`)
    t.notMatch(await works(t, 'kafka-configs', `--describe ${topic}`), 'max.message.bytes')
    t.match(
      await works(t, 'kafka-configs', `--describe --all ${topic}`),
      /max\.message\.bytes=1048588 sensitive=false synonyms=\{DEFAULT_CONFIG/,
    )
    fails(
      t,
      await run('kafka-configs', `--alter ${topic} --add-config segment.bytes=-5`),
      /InvalidConfigurationException: .*segment\.bytes/,
    )
    fails(t, await run('kafka-configs', `--alter ${topic} --add-config no.such=1`), /no\.such/)

    await works(t, 'kafka-configs', `--alter ${topic} --add-config cleanup.policy=compact`)
    await works(t, 'kafka-configs', `--alter ${topic} --add-config cleanup.policy=[compact,delete]`)
    t.match(await works(t, 'kafka-configs', `--describe ${topic}`), 'cleanup.policy=compact,delete')
    await works(t, 'kafka-configs', `--alter ${topic} --delete-config cleanup.policy`)
  })

  await t.test("kafka-configs changes a broker's settings while it runs", async (t) => {
    const id = /Leader: (\d+)/.exec(await works(t, 'kafka-topics', '--describe --topic orders'))?.[1]
    const broker = `--entity-type brokers --entity-name ${id}`
    await works(t, 'kafka-configs', `--alter ${broker} --add-config log.retention.ms=86400000`)
    const set = await works(t, 'kafka-configs', `--describe ${broker}`)
    t.match(set, /log\.retention\.ms=86400000 sensitive=false synonyms=\{DYNAMIC_BROKER_CONFIG:log\.retention\.ms=86400000/)
    await works(t, 'kafka-configs', `--alter ${broker} --delete-config log.retention.ms`)
    t.notMatch(await works(t, 'kafka-configs', `--describe ${broker}`), 'log.retention.ms')
    await works(t, 'kafka-configs', '--alter --entity-type brokers --entity-default --add-config message.max.bytes=3000000')
    t.match(await works(t, 'kafka-configs', '--describe --entity-type brokers --entity-default'), 'message.max.bytes=3000000')
    t.match(await works(t, 'kafka-configs', '--describe --all --entity-type topics --entity-name orders'), /max\.message\.bytes=3000000/)
    await works(t, 'kafka-configs', '--alter --entity-type brokers --entity-default --delete-config message.max.bytes')
    fails(t, await run('kafka-configs', `--alter ${broker} --add-config log.dirs=/elsewhere`), /log\.dirs/)
  })

  await t.test('what the console producer sends, the console consumer prints', async (t) => {
    await works(t, 'kafka-topics', '--create --topic lines --partitions 1')
    const keyed = '--topic lines --reader-property parse.key=true --reader-property key.separator=:'
    await works(t, 'kafka-console-producer', keyed, 'one:first line\ntwo:second\n')
    await works(t, 'kafka-console-producer', `${keyed} --compression-codec zstd`, 'one:third\n')
    const print = '--formatter-property print.key=true --formatter-property print.offset=true --timeout-ms 20000'
    const all = await works(t, 'kafka-console-consumer', `--topic lines --partition 0 --offset earliest --max-messages 3 ${print}`)
    t.equal(all, 'Offset:0\tone\tfirst line\nOffset:1\ttwo\tsecond\nOffset:2\tone\tthird\n')
    t.equal(
      await works(t, 'kafka-console-consumer', `--topic lines --partition 0 --offset 2 --max-messages 1 ${print}`),
      'Offset:2\tone\tthird\n',
    )
  })

  await t.test('kafka-get-offsets finds the ends, the newest and a time', async (t) => {
    t.equal(await works(t, 'kafka-get-offsets', '--topic lines'), 'lines:0:3\n')
    t.equal(await works(t, 'kafka-get-offsets', '--topic lines --time latest'), 'lines:0:3\n')
    t.equal(await works(t, 'kafka-get-offsets', '--topic lines --time earliest'), 'lines:0:0\n')
    t.equal(await works(t, 'kafka-get-offsets', '--topic lines --time max-timestamp'), 'lines:0:2\n')
    t.equal(await works(t, 'kafka-get-offsets', '--topic lines --time 1000'), 'lines:0:0\n')
    t.equal(await works(t, 'kafka-get-offsets', `--topic lines --time ${Date.now() + 1_000_000}`), '', 'none is that late')
    t.match(await works(t, 'kafka-get-offsets', '--topic-partitions orders:1-3'), /^orders:1:0\norders:2:0\n$/)
  })

  await t.test('kafka-delete-records moves the start of a partition, no further than its end', async (t) => {
    const file = path.join(home, 'delete.json')
    const before = (offset: number) => {
      fs.writeFileSync(file, JSON.stringify({ version: 1, partitions: [{ topic: 'lines', partition: 0, offset }] }))
      return works(t, 'kafka-delete-records', `--offset-json-file ${file}`)
    }
    t.match(await before(2), /partition: lines-0\tlow_watermark: 2/)
    t.equal(await works(t, 'kafka-get-offsets', '--topic lines --time earliest'), 'lines:0:2\n')
    t.match(await before(9), /OffsetOutOfRange/)
    t.match(await before(-1), /partition: lines-0\tlow_watermark: 3/)
  })

  await t.test('kafka-log-dirs tells what each partition takes', async (t) => {
    const out = await works(t, 'kafka-log-dirs', '--describe --topic-list lines')
    const report = JSON.parse(out.slice(out.indexOf('{')))
    const [directory] = report.brokers[0].logDirs
    t.equal(directory.error, null)
    if (target.directory !== undefined) t.equal(fs.realpathSync(directory.logDir), fs.realpathSync(target.directory))
    t.match(directory.partitions, [{ partition: 'lines-0', offsetLag: 0, isFuture: false }])
    t.ok(directory.partitions[0].size > 0)
  })

  await t.test('kafka-producer-perf-test sends its records, which are all there', async (t) => {
    await works(t, 'kafka-topics', '--create --topic load --partitions 2')
    for (const settings of ['acks=all', 'acks=1 compression.type=lz4', 'acks=0 enable.idempotence=false']) {
      const properties = settings.split(' ').map((setting) => `--command-property ${setting}`)
      const out = await works(
        t,
        'kafka-producer-perf-test',
        `--topic load --num-records 5000 --record-size 200 --throughput -1 ${properties.join(' ')}`,
      )
      t.match(out, /^5000 records sent, .* records\/sec/m, settings)
    }
    const ends = (await works(t, 'kafka-get-offsets', '--topic load')).trim().split('\n')
    const held = ends.reduce((sum, line) => sum + Number(line.split(':')[2]), 0)
    t.equal(held, 15_000)
  })

  await t.test('kafka-leader-election finds nothing to do, kafka-cluster the id, kafka-features an answer', async (t) => {
    await works(t, 'kafka-leader-election', '--election-type preferred --all-topic-partitions')
    await works(t, 'kafka-leader-election', '--election-type preferred --topic orders --partition 0')
    t.match(await works(t, 'kafka-cluster', 'cluster-id'), /Cluster ID: [\w-]{22}/)
    await works(t, 'kafka-features', 'describe')
  })

  await t.test('kafka-broker-api-versions lists what is served', async (t) => {
    const listed = await works(t, 'kafka-broker-api-versions', '')
    for (const api of ['Produce(0): 0 to 13', 'Fetch(1): ', 'ListOffsets(2): ', 'Metadata(3): 0 to 13', 'ApiVersions(18): 0 to '])
      t.match(listed, api)
  })

  await t.test('kafka-topics deletes a topic, and it is gone', async (t) => {
    await works(t, 'kafka-topics', '--delete --topic lines')
    t.notOk((await works(t, 'kafka-topics', '--list')).split('\n').includes('lines'))
    fails(t, await run('kafka-topics', '--delete --topic lines'), /Topic 'lines' does not exist/)
    await works(t, 'kafka-topics', '--create --topic lines --partitions 1')
    t.equal(await works(t, 'kafka-get-offsets', '--topic lines'), 'lines:0:0\n', 'the next of the same name begins empty')
  })
})
