/**
 * Debian's package index, produced by each client with each codec and read back by each other: the same records in the same order, from the
 * beginning, from an offset and from a time. What a topic must hold is known from the input alone, no client's word is taken for it.
 * The short form: one codec per producer, and one reader, the next in the roster.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t from 'tap'
import { partitionOf } from '../../client/producer/partitioner.ts'
import { aptRecords, type SourceRecord } from '../support/apt-records.ts'
import { full } from './cache.ts'
import type { Codec, Peer } from './peers/peer.ts'
import { Expectation, type From, recordsFile } from './peers/reading.ts'
import { type Entry, kafkajs, present, roster } from './peers/roster.ts'
import { noTarget, startTarget, temporaryDirectory } from './target.ts'

const partitions = 3
const records = aptRecords(full ? Number.POSITIVE_INFINITY : 3000)
/** Where the readings from an offset and from a time begin, as a share of the records. */
const startShare = full ? 0.9 : 0.5
const shortCodecs: readonly Codec[] = ['lz4', 'zstd', 'snappy', 'gzip', 'none']

interface Story {
  readonly producer: Entry
  readonly codec: Codec
  readonly readers: readonly Entry[]
}

function* stories(here: readonly Entry[]): Generator<Story> {
  for (const [nth, producer] of here.entries()) {
    for (const codec of full ? producer.codecs : [shortCodec(producer, next(here, nth), nth)]) {
      const readers = (full ? here : [next(here, nth)]).filter((reader) => reader.codecs.includes(codec))
      yield { producer, codec, readers }
    }
  }
}

function next(here: readonly Entry[], nth: number): Entry {
  return here[(nth + 1) % here.length] as Entry
}

/** Turns through the codecs, by those that both know. */
function shortCodec(producer: Entry, reader: Entry, nth: number): Codec {
  const both = shortCodecs.filter((codec) => producer.codecs.includes(codec) && reader.codecs.includes(codec))
  return both[nth % both.length] as Codec
}

t.test('every client reads what every other produced', { skip: noTarget, timeout: full ? 3_600_000 : 120_000 }, async (t) => {
  const { here, absent } = present(roster)
  for (const { name, reason } of absent) t.test(name, { skip: reason }, () => {})
  if (!here.some(({ name }) => name === 'kafkajs')) return

  const target = await startTarget()
  const home = temporaryDirectory()
  const peers = new Map(here.map((entry) => [entry.name, entry.start(target.bootstrap)]))
  const admin = kafkajs(target.bootstrap)
  t.teardown(async () => {
    await Promise.all([admin, ...peers.values()].map((peer) => peer.close()))
    await target.close()
    fs.rmSync(home, { recursive: true, force: true })
  })

  for (const { producer, codec, readers } of stories(here)) {
    await t.test(`${producer.name} with ${codec}`, async (t) => {
      const topic = `packages-${producer.name}-${codec}-${process.pid}`
      await admin.ask({ op: 'create', topic, partitions: String(partitions), 'retention.ms': '-1' })
      const sent = await send(peers.get(producer.name) as Peer, { producer, topic, codec, home })
      const expectation = new Expectation(sent, partitions, partitionOf)
      for (const reader of readers) {
        for (const from of startsIn(expectation, sent)) {
          const found = await (peers.get(reader.name) as Peer).read({ topic, partitions, from })
          const { times, ...contents } = expectation.reading(from)
          const wanted = producer.keepsTimes ? { ...contents, times } : contents
          t.match(
            found,
            wanted,
            `${reader.name} reads from ${from.from === 'offset' ? 'an offset' : from.from === 'time' ? 'a time' : 'the beginning'}`,
          )
        }
      }
      await admin.ask({ op: 'delete', topic })
    })
  }
})

/** The records as the topic should now hold them. A client that cannot set times sends them in two parts, with a known moment between. */
async function send(
  peer: Peer,
  { producer, topic, codec, home }: { producer: Entry; topic: string; codec: Codec; home: string },
): Promise<SourceRecord[]> {
  const file = path.join(home, 'records')
  const part = async (some: readonly SourceRecord[]) => {
    fs.writeFileSync(file, recordsFile(some))
    const count = await peer.produce({ topic, codec, file })
    if (count !== some.length) throw new Error(`${peer.name} produced ${count} of ${some.length} records`)
  }
  if (producer.keepsTimes) {
    await part(records)
    return records
  }
  const bare = records.map((record) => ({ ...record, headers: [], timeMillis: 0 }))
  const middle = Math.floor(bare.length * startShare)
  await part(bare.slice(0, middle))
  const between = await nextMillisecond()
  await part(bare.slice(middle))
  return bare.map((record, nth) => ({ ...record, timeMillis: nth < middle ? 0 : between }))
}

async function nextMillisecond(): Promise<number> {
  const before = Date.now()
  while (Date.now() === before) await new Promise((resolve) => setImmediate(resolve))
  return Date.now()
}

function startsIn(expectation: Expectation, sent: readonly SourceRecord[]): From[] {
  return [
    { from: 'beginning' },
    { from: 'offset', offsets: expectation.partitions.map((held) => Math.floor(held.length * startShare)) },
    { from: 'time', timeMillis: (sent[Math.floor(sent.length * startShare)] as SourceRecord).timeMillis },
  ]
}
