/**
 * One log format: Kafka's dump tool reads every file that the broker writes, the broker serves what Apache Kafka wrote, and Kafka what the
 * broker wrote. The long form also kills Kafka instead of stopping it, and goes the way back.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t, { type Test } from 'tap'
import { partitionOf } from '../../client/producer/partitioner.ts'
import { aptRecords } from '../support/apt-records.ts'
import { KafkaProcess } from '../support/kafka.ts'
import { full, missing } from './cache.ts'
import { codecs, type LinePeer } from './peers/peer.ts'
import { Expectation, recordsFile, type Summary } from './peers/reading.ts'
import { javaPeer } from './peers/roster.ts'
import { Tools } from './peers/tools.ts'
import { noTarget, startTarget, targetName, temporaryDirectory } from './target.ts'

const skip = noTarget || missing('kafka', 'java') || (targetName.includes(':') && 'SKIPPED: only for a broker whose directory is ours')
const records = aptRecords(full ? 20_000 : 3000)
const partitions = 2
const segmentBytes = 1 << 20
/** Each third transaction is aborted, and the last one of a file may be short. */
const transactionRecords = 100

t.test("Kafka's dump tool reads every file, and Kafka itself the directory", { skip, timeout: 300_000 }, async (t) => {
  const home = temporaryDirectory()
  t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
  const file = path.join(home, 'records')
  fs.writeFileSync(file, recordsFile(records))
  const directory = path.join(home, 'data')

  const target = await startTarget({ directory })
  t.teardown(() => target.end())
  const tools = new Tools(target.bootstrap)
  t.teardown(() => tools.close())
  await createTopic(tools, 'kept', `--partitions 1 --config retention.ms=-1 --config segment.bytes=${segmentBytes}`)
  for (const codec of codecs) await tools.peer.produce({ topic: 'kept', codec, file })
  const asWritten = await tools.peer.read({ topic: 'kept', partitions: 1, from: { from: 'beginning' } })
  t.equal(asWritten.count, records.length * codecs.length)
  await target.end()

  const kept = path.join(directory, 'kept-0')
  const files = (extension: string) => fs.readdirSync(kept).filter((name) => name.endsWith(extension))
  const dump = async (t: Test, extension: string, ...options: string[]): Promise<string> => {
    const list = files(extension).map((name) => path.join(kept, name))
    t.ok(list.length > 0, `there are ${extension} files`)
    const { exit, out, err } = await tools.run('kafka-dump-log', [...options, '--files', list.join(',')])
    t.equal(exit, 0, err)
    t.notMatch(out, /mismatch|out of order|Could not|invalid|isvalid: false|corrupt/i)
    return out
  }

  await t.test('segments hold every record, whole and in order', async (t) => {
    t.ok(files('.log').length > 1, 'there is more than one segment')
    const out = await dump(t, '.log', '--deep-iteration')
    const offsets = [...out.matchAll(/^\| offset: (\d+) /gm)].map(([, offset]) => Number(offset))
    t.equal(offsets.length, asWritten.count)
    t.ok(offsets.every((offset, nth) => offset === nth))
    for (const codec of codecs) t.match(out, `compresscodec: ${codec}`)
    t.match(out, /producerId: \d+ producerEpoch: 0 /, 'the idempotent producers are in the batches')
  })

  await t.test('indexes point at batches', async (t) => {
    t.match(await dump(t, '.index'), /^offset: \d+ position: \d+$/m)
    await dump(t, '.index', '--index-sanity-check')
    await dump(t, '.index', '--verify-index-only')
    t.match(await dump(t, '.timeindex'), /^timestamp: \d+ offset: \d+$/m)
  })

  await t.test('the last producer snapshot knows the five producers', async (t) => {
    const out = await dump(t, '.snapshot')
    const last = out.split('Dumping ').at(-1) ?? ''
    // Each of a producer's newest batches has an entry; Kafka's reader takes the last one of an id.
    const ids = [...last.matchAll(/^producerId: (\d+) producerEpoch: 0 /gm)].map(([, id]) => id)
    t.equal(new Set(ids).size, codecs.length)
  })

  if (!full) return
  await t.test('Kafka serves the partition', async (t) => {
    const kafkaDirectory = path.join(home, 'kafka')
    let kafka = await KafkaProcess.start(kafkaDirectory)
    t.teardown(() => kafka.end('SIGKILL'))
    const onKafka = new Tools(kafka.bootstrap)
    await createTopic(onKafka, 'kept', `--partitions 1 --config retention.ms=-1 --config segment.bytes=${segmentBytes}`)
    await onKafka.close()
    await kafka.end('SIGTERM')
    // The topic's id is the cluster's to give, so this one file stays Kafka's.
    fs.cpSync(kept, path.join(kafkaDirectory, 'kept-0'), { recursive: true, filter: (name) => !name.endsWith('partition.metadata') })
    kafka = await KafkaProcess.start(kafkaDirectory)
    const java = javaPeer(kafka.bootstrap)
    t.teardown(() => java.close())
    t.same(await java.read({ topic: 'kept', partitions: 1, from: { from: 'beginning' } }), asWritten)
    t.equal(await java.produce({ topic: 'kept', codec: 'none', file }), records.length)
  })
})

for (const signal of full ? (['SIGTERM', 'SIGKILL'] as const) : (['SIGTERM'] as const)) {
  t.test(`what Kafka wrote is served after Kafka's ${signal}`, { skip, timeout: 300_000 }, async (t) => {
    const home = temporaryDirectory()
    t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
    const file = path.join(home, 'records')
    fs.writeFileSync(file, recordsFile(records))
    const directory = path.join(home, 'data')

    const kafka = await KafkaProcess.start(directory)
    t.teardown(() => kafka.end('SIGKILL'))
    const { before, committed } = await writeByKafka(kafka.bootstrap, file)
    t.equal(before['transactions, read_committed']?.count, committed, 'Kafka itself shows what was committed, and no more')
    await kafka.end(signal)

    const target = await startTarget({ directory, config: kafka.propertiesFile })
    t.teardown(() => target.end())
    const tools = new Tools(target.bootstrap)
    t.teardown(() => tools.close())
    const after = await readAll(tools.peer)
    for (const [reading, summary] of Object.entries(before)) t.same(after[reading], summary, reading)

    await t.test('the topics keep their settings', async (t) => {
      const { out } = await tools.run('kafka-topics', ['--describe', '--topic', 'codec-none'])
      t.match(out, `PartitionCount: ${partitions}`)
      t.match(out, `segment.bytes=${segmentBytes}`)
      t.match(out, 'retention.ms=-1')
    })

    await t.test('writing goes on where it ended', async (t) => {
      await tools.peer.produce({ topic: 'codec-zstd', codec: 'zstd', file })
      const twice = new Expectation([...records, ...records], partitions, partitionOf)
      t.same(await tools.peer.read({ topic: 'codec-zstd', partitions, from: { from: 'beginning' } }), twice.reading({ from: 'beginning' }))
    })
  })
}

async function createTopic(tools: Tools, topic: string, options: string): Promise<void> {
  const { exit, out, err } = await tools.run('kafka-topics', ['--create', '--topic', topic, ...options.split(' ')])
  if (exit !== 0) throw new Error(`${topic} was not created: ${out}${err}`)
}

/** A topic per codec, and one of transactions whose last is left open. */
async function writeByKafka(bootstrap: string, file: string): Promise<{ before: Record<string, Summary>; committed: number }> {
  const tools = new Tools(bootstrap)
  for (const topic of [...codecs.map((codec) => `codec-${codec}`), 'transactions']) {
    await createTopic(tools, topic, `--partitions ${partitions} --config retention.ms=-1 --config segment.bytes=${segmentBytes}`)
  }
  for (const codec of codecs) await tools.peer.produce({ topic: `codec-${codec}`, codec, file })
  const { count } = await tools.peer.ask({
    op: 'transactions',
    topic: 'transactions',
    codec: 'lz4',
    file,
    id: 'ledger',
    size: String(transactionRecords),
    hang: 'true',
  })
  const before = await readAll(tools.peer)
  await tools.close()
  return { before, committed: Number(count) }
}

/** Every topic as each kind of reader sees it. */
async function readAll(peer: LinePeer): Promise<Record<string, Summary>> {
  const readings: Record<string, Summary> = {}
  for (const codec of codecs) {
    readings[`codec-${codec}`] = await peer.read({ topic: `codec-${codec}`, partitions, from: { from: 'beginning' } })
  }
  for (const isolation of ['read_uncommitted', 'read_committed'] as const) {
    readings[`transactions, ${isolation}`] = await peer.read({ topic: 'transactions', partitions, from: { from: 'beginning' }, isolation })
  }
  return readings
}
