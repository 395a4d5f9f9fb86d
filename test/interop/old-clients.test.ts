/**
 * Clients of older days, back to Kafka 0.10: what they write in old message sets is read by one of today, and what that one writes they read.
 * Before 0.11 a record has no headers, so none are sent here. Kafka 4 serves none of the old ones, so against it only the newest is tried.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t from 'tap'
import { partitionOf } from '../../client/producer/partitioner.ts'
import { aptRecords } from '../support/apt-records.ts'
import { full, missing, type Part } from './cache.ts'
import { Kcat } from './peers/kcat.ts'
import type { Codec, Peer } from './peers/peer.ts'
import { Expectation, recordsFile } from './peers/reading.ts'
import { type Entry, javaPeer, kafkajs, present, roster } from './peers/roster.ts'
import { noTarget, startTarget, targetName, temporaryDirectory } from './target.ts'

interface OldClient {
  readonly name: string
  readonly needs: readonly Part[]
  readonly codecs: readonly Codec[]
  /** Part of `make test`. */
  readonly short?: true
  /** Kafka 4 still serves it. */
  readonly recent?: true
  readonly keepsTimes?: false
  start(bootstrap: string): Peer
}

const beforeZstd: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4']
const shortCodecs: readonly Codec[] = ['none', 'lz4']

const oldClients: readonly OldClient[] = [
  { ...java('0.10.2.2'), short: true },
  java('0.11.0.3'),
  java('2.0.1'),
  { ...java('3.9.1'), recent: true },
  // Below 0.10 a record has no time.
  { ...kafkaPython('0.9'), keepsTimes: false },
  { ...kafkaPython('0.10.0'), short: true },
  kafkaPython('0.11'),
  { ...kcat('0.9.0'), keepsTimes: false },
  { ...kcat('0.10.0'), keepsTimes: false, short: true },
  { ...kcat('0.11.0'), keepsTimes: false },
]

function java(version: string): OldClient {
  return {
    name: `Java ${version}`,
    needs: ['java', 'old_java'],
    codecs: beforeZstd,
    start: (bootstrap) => javaPeer(bootstrap, {}, version),
  }
}

function kafkaPython(version: string): OldClient {
  const today = roster.find(({ name }) => name === 'kafka-python') as Entry
  return {
    name: `kafka-python as of ${version}`,
    needs: today.needs,
    codecs: beforeZstd,
    start: (bootstrap) => today.start(bootstrap, { api_version: version }),
  }
}

function kcat(version: string): OldClient {
  const settings = { 'api.version.request': 'false', 'broker.version.fallback': version }
  return { name: `kcat as of ${version}`, needs: ['kcat'], codecs: beforeZstd, start: (bootstrap) => new Kcat(bootstrap, settings) }
}

const partitions = 2
const records = aptRecords(full ? 5000 : 1000, { headers: false })
const expectation = new Expectation(records, partitions, partitionOf)
const later = { from: 'offset', offsets: expectation.partitions.map((held) => Math.floor(held.length / 3)) } as const
const isKafka4 = targetName === 'kafka'

t.test(
  'old clients and one of today read each other',
  { skip: noTarget || missing('npm'), timeout: full ? 600_000 : 120_000 },
  async (t) => {
    const { here } = present(roster.filter(({ name }) => ['confluent', 'franz-go', 'java'].includes(name)))
    const [todays] = here
    if (!todays) {
      t.test('all of them', { skip: 'SKIPPED: no client of today that reads every codec (needs Java, Python or Go)' }, () => {})
      return
    }

    const target = await startTarget()
    const home = temporaryDirectory()
    const today = todays.start(target.bootstrap)
    const admin = kafkajs(target.bootstrap)
    t.teardown(async () => {
      await Promise.all([today.close(), admin.close()])
      await target.close()
      fs.rmSync(home, { recursive: true, force: true })
    })
    const file = path.join(home, 'records')
    fs.writeFileSync(file, recordsFile(records))
    const create = (topic: string) => admin.ask({ op: 'create', topic, partitions: String(partitions), 'retention.ms': '-1' })
    const run = process.pid // a broker that was running before may still hold topics of another run
    const newTopics = new Set<string>()

    for (const old of oldClients.filter(({ short }) => full || short)) {
      const skip = missing(...old.needs) || (isKafka4 && !old.recent && 'Kafka 4 does not serve it')
      await t.test(old.name, { skip }, async (t) => {
        const peer = old.start(target.bootstrap)
        t.teardown(() => peer.close())
        for (const codec of full ? old.codecs : shortCodecs) {
          const topic = `by-${old.name}-${codec}-${run}`.replaceAll(' ', '-')
          await create(topic)
          t.equal(await peer.produce({ topic, codec, file }), records.length)
          for (const from of [{ from: 'beginning' }, later] as const) {
            const { times, ...contents } = expectation.reading(from)
            const wanted = old.keepsTimes === false ? contents : { ...contents, times }
            t.match(await today.read({ topic, partitions, from }), wanted, `${today.name} reads its ${codec} from ${from.from}`)
            t.match(await peer.read({ topic, partitions, from }), contents, `it reads its own ${codec} from ${from.from}`)
          }

          const byToday = `by-today-${codec}-${run}`
          if (!newTopics.has(byToday)) {
            await create(byToday)
            await today.produce({ topic: byToday, codec, file })
            newTopics.add(byToday)
          }
          for (const from of [{ from: 'beginning' }, later] as const) {
            const { count, sha256 } = expectation.reading(from)
            t.match(
              await peer.read({ topic: byToday, partitions, from }),
              { count, sha256 },
              `it reads ${today.name}'s ${codec} from ${from.from}`,
            )
          }
        }
      })
    }
  },
)
