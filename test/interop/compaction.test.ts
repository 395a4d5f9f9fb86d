/**
 * One way to compact: Apache Kafka and the broker are each given a copy of what Kafka wrote, compact it, and must be left with the same
 * batches and records, transactions and tombstones included, by the word of Kafka's dump tool. In the long form each then serves what the
 * other compacted.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t from 'tap'
import { Stele } from '../../client/index.ts'
import { aptRecords } from '../support/apt-records.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { KafkaProcess } from '../support/kafka.ts'
import { full, missing } from './cache.ts'
import { recordsFile } from './peers/reading.ts'
import { codecs } from './peers/peer.ts'
import { Tools } from './peers/tools.ts'
import { targetName, temporaryDirectory } from './target.ts'

const skip = missing('kafka', 'java') || (targetName !== 'stele' && 'SKIPPED: it is about the two of them')
const records = aptRecords(full ? 5000 : 800)
const topic = 'packages'
const folder = `${topic}-0`
const settings = { 'log.cleaner.backoff.ms': '100', 'log.segment.delete.delay.ms': '0' }

t.test('Kafka and the broker compact to the same, and serve what the other compacted', { skip, timeout: 300_000 }, async (t) => {
  const home = temporaryDirectory()
  t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
  const [byKafka, byUs] = [path.join(home, 'kafka'), path.join(home, 'us')]
  await writeByKafka(byKafka, path.join(home, 'records'))
  fs.cpSync(byKafka, byUs, { recursive: true })

  const kafka = await KafkaProcess.start(byKafka, settings)
  t.teardown(() => kafka.end('SIGKILL'))
  const onKafka = new Tools(kafka.bootstrap)
  t.teardown(() => onKafka.close())
  await beginToCompact(onKafka)
  await compacted(byKafka)
  await kafka.end('SIGTERM')

  const broker = await BrokerProcess.start(byUs, settings, { config: kafka.propertiesFile })
  t.teardown(() => broker.end('SIGKILL'))
  const onUs = new Tools(broker.bootstrap)
  t.teardown(() => onUs.close())
  const before = segmentBytes(byUs)
  await beginToCompact(onUs)
  await compacted(byUs)
  t.ok(segmentBytes(byUs) < before * 0.7, `${before} bytes are ${segmentBytes(byUs)}`)
  const readings = await read(onUs)
  t.equal(await broker.end('SIGTERM'), 0)

  const [wanted, found] = [await dump(onKafka, byKafka), await dump(onKafka, byUs)]
  t.ok(wanted.length > 100)
  t.same(found, wanted, "Kafka's dump tool finds the same in both")
  t.equal(
    fs.readFileSync(path.join(byUs, 'cleaner-offset-checkpoint'), 'utf8'),
    fs.readFileSync(path.join(byKafka, 'cleaner-offset-checkpoint'), 'utf8'),
  )

  if (!full) return
  const again = await KafkaProcess.start(byUs, settings)
  t.teardown(() => again.end('SIGKILL'))
  const onAgain = new Tools(again.bootstrap)
  t.teardown(() => onAgain.close())
  t.same(await read(onAgain), readings, 'Kafka serves what we compacted')
  await again.end('SIGTERM')

  const ours = await BrokerProcess.start(byKafka, settings, { config: kafka.propertiesFile })
  t.teardown(() => ours.end('SIGKILL'))
  const onOurs = new Tools(ours.bootstrap)
  t.teardown(() => onOurs.close())
  t.same(await read(onOurs), readings, 'and we what Kafka compacted')
})

/** Every codec, keys again and again, tombstones, and transactions of which some are aborted and the last hangs. */
async function writeByKafka(directory: string, file: string): Promise<void> {
  fs.writeFileSync(file, recordsFile(records))
  const kafka = await KafkaProcess.start(directory, settings)
  try {
    const tools = new Tools(kafka.bootstrap)
    // Never dirty enough.
    const configs = ['cleanup.policy=compact', 'min.cleanable.dirty.ratio=1', 'segment.bytes=1048576', 'delete.retention.ms=86400000']
    await succeed(tools, 'kafka-topics', [
      '--create',
      '--topic',
      topic,
      '--partitions',
      '1',
      ...configs.flatMap((config) => ['--config', config]),
    ])
    for (const codec of codecs) await tools.peer.produce({ topic, codec, file })
    await using stele = new Stele({ bootstrap: kafka.bootstrap })
    const deleted = records.filter((_, nth) => nth % 10 === 0).map(({ key }) => ({ key, value: null, partition: 0 }))
    for (let at = 0; at < deleted.length; at += 7) await stele.producer().send(topic, deleted.slice(at, at + 7))
    for (let round = 0; round < 2; round++) {
      await tools.peer.ask({ op: 'transactions', topic, codec: 'lz4', file, id: `ledger ${round}`, size: '100', hang: 'false' })
    }
    await tools.peer.produce({ topic, codec: 'none', file })
    await tools.close()
  } finally {
    await kafka.end('SIGTERM')
  }
}

async function succeed(tools: Tools, tool: 'kafka-topics' | 'kafka-configs', args: string[]): Promise<void> {
  const { exit, out, err } = await tools.run(tool, args)
  if (exit !== 0) throw new Error(`${args.join(' ')}: ${out}${err}`)
}

async function beginToCompact(tools: Tools): Promise<void> {
  await succeed(tools, 'kafka-configs', ['--alter', '--topic', topic, '--add-config', 'min.cleanable.dirty.ratio=0.01'])
}

/** Resolves when it is noted that all but the active segment is compacted, once. */
async function compacted(directory: string): Promise<void> {
  for (;;) {
    const checkpoint = path.join(directory, 'cleaner-offset-checkpoint')
    const noted = fs.existsSync(checkpoint)
      ? new RegExp(`^${topic} 0 (\\d+)$`, 'm').exec(fs.readFileSync(checkpoint, 'utf8'))?.[1]
      : undefined
    const active = Number(segments(directory).at(-1)?.slice(0, 20))
    if (Number(noted) === active) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function segments(directory: string): string[] {
  return fs
    .readdirSync(path.join(directory, folder))
    .filter((name) => name.endsWith('.log'))
    .sort()
}

function segmentBytes(directory: string): number {
  return segments(directory).reduce((sum, name) => sum + fs.statSync(path.join(directory, folder, name)).size, 0)
}

async function read(tools: Tools): Promise<unknown[]> {
  const readings: unknown[] = []
  for (const isolation of ['read_uncommitted', 'read_committed'] as const) {
    readings.push(await tools.peer.read({ topic, partitions: 1, from: { from: 'beginning' }, isolation }))
  }
  return readings
}

/**
 * Batches and records as the dump tool tells them, but for what depends on when it was compacted and how a codec packs it: also whether a
 * producer, whose records are of 2023 by their own word, is forgotten by now and its last batch with it.
 */
async function dump(tools: Tools, directory: string): Promise<string[]> {
  const files = segments(directory).map((name) => path.join(directory, folder, name))
  const { exit, out, err } = await tools.run('kafka-dump-log', ['--deep-iteration', '--print-data-log', '--files', files.join(',')])
  if (exit !== 0) throw new Error(err)
  const lines = out.split('\n').filter((line) => /^(\| offset|baseOffset)/.test(line) && !/ count: 0 .*CreateTime: 17000000/.test(line))
  return lines.map((line) => line.replace(/(position|size|crc|deleteHorizonMs): \S+/g, '$1'))
}
