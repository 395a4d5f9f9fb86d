/**
 * Kafka's command-line tools, as an operator uses them: what they print, command by command, is what they print on Apache Kafka, from which
 * transcripts/ was recorded; and what differs from run to run says what is so.
 * To record anew: REWRITE=1 STELE_INTEROP_TARGET=kafka tap run --disable-coverage --timeout=180 test/interop/tools.test.ts
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t, { type Test } from 'tap'
import { missing, repository } from './cache.ts'
import { recordsFile } from './peers/reading.ts'
import { type Tool, Tools } from './peers/tools.ts'
import { noTarget, startTarget, temporaryDirectory } from './target.ts'
import { played } from './transcript.ts'

const skip = noTarget || missing('kafka', 'java')
const transcripts = path.join(repository, 'test', 'interop', 'transcripts')

/** One partition for each kind of coordinator, and no waiting for members that don't come; as the Apache Kafka of the suite is set. */
const settings = ['group.initial.rebalance.delay.ms=0', 'offsets.topic.num.partitions=1', 'transaction.state.log.num.partitions=1', '']

t.test("Kafka's command-line tools", { skip, timeout: 180_000 }, async (t) => {
  const home = temporaryDirectory()
  const config = path.join(home, 'broker.properties')
  fs.writeFileSync(config, settings.join('\n'))
  const target = await startTarget({ config })
  const tools = new Tools(target.bootstrap)
  t.teardown(async () => {
    await tools.close()
    await target.close()
    fs.rmSync(home, { recursive: true, force: true })
  })
  const works = async (t: Test, tool: Tool, line: string, stdin?: string): Promise<string> => {
    const { exit, out, err } = await tools.run(tool, line === '' ? [] : line.split(' '), stdin)
    t.equal(exit, 0, `${tool} ${line} succeeds`, { diagnostic: exit !== 0, out, err })
    return out
  }

  // First, and in this order: ids and offsets are those of a broker that is new.
  for (const name of ['admin', 'groups', 'transactions']) {
    const noFiles = target.directory === undefined && 'the files of the broker are out of reach'
    await t.test(`${name}: what is printed is what Apache Kafka prints`, { skip: noFiles }, async (t) => {
      const file = path.join(transcripts, `${name}.txt`)
      const transcript = fs.readFileSync(file, 'utf8')
      const records = path.join(home, 'records')
      const values = ['one', 'two', 'three'].map((value) => Buffer.from(value))
      fs.writeFileSync(records, recordsFile(values.map((value) => ({ timeMillis: 1.7e12, key: Buffer.from('k'), value, headers: [] }))))
      const now = await played(transcript, tools, { home, data: fs.realpathSync(target.directory ?? ''), records })
      if (process.env['REWRITE'] === '1') fs.writeFileSync(file, now)
      else t.equal(now, transcript)
    })
  }

  await t.test('kafka-log-dirs tells what each partition takes', async (t) => {
    await works(t, 'kafka-topics', '--create --topic sized --partitions 1')
    await works(t, 'kafka-console-producer', '--topic sized', 'some bytes\n')
    const out = await works(t, 'kafka-log-dirs', '--describe --topic-list sized')
    const report = JSON.parse(out.slice(out.indexOf('{')))
    const [directory] = report.brokers[0].logDirs
    t.equal(directory.error, null)
    if (target.directory !== undefined) t.equal(fs.realpathSync(directory.logDir), fs.realpathSync(target.directory))
    t.match(directory.partitions, [{ partition: 'sized-0', offsetLag: 0, isFuture: false }])
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

  await t.test('kafka-broker-api-versions lists what is served', async (t) => {
    const listed = await works(t, 'kafka-broker-api-versions', '')
    for (const api of ['Produce(0): 0 to 13', 'Fetch(1): ', 'ListOffsets(2): ', 'Metadata(3): 0 to 13', 'ApiVersions(18): 0 to '])
      t.match(listed, api)
  })
})
