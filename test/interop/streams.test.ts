/**
 * Kafka Streams on the broker, exactly-once v2 throughout: words are counted right though the application is killed in the middle, streams are
 * joined within a window, and a table's store comes back from its changelog. What must come out is known from the input alone.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { aptRecords, type SourceRecord } from '../support/apt-records.ts'
import { full, missing } from './cache.ts'
import type { LinePeer } from './peers/peer.ts'
import { recordsFile, recordsIn } from './peers/reading.ts'
import { javaPeer, kafkajs } from './peers/roster.ts'
import { noTarget, startTarget, temporaryDirectory } from './target.ts'
import { until } from './until.ts'

const skip = noTarget || missing('kafka', 'java', 'npm')
const partitions = 2
/** How often the counting application is killed. */
const kills = full ? 5 : 1
const text = aptRecords(full ? 6000 : 400, { headers: false })
const session = '3000'

t.test('Kafka Streams', { skip, timeout: full ? 900_000 : 120_000 }, async (t) => {
  const target = await startTarget({ settings: { 'group.min.session.timeout.ms': '1000' } })
  const home = temporaryDirectory()
  const client = kafkajs(target.bootstrap)
  const java = javaPeer(target.bootstrap)
  t.teardown(async () => {
    await Promise.all([client.close(), java.close()])
    await target.close()
    fs.rmSync(home, { recursive: true, force: true })
  })

  /** A topic of this run: a broker that was running before may still hold those of another. */
  const topic = async (name: string): Promise<string> => {
    const named = `${name}-${process.pid}`
    await client.ask({ op: 'create', topic: named, partitions: String(partitions), 'retention.ms': '-1' })
    return named
  }
  const produce = async (to: string, records: readonly SourceRecord[]): Promise<void> => {
    const file = path.join(home, `${to}.in`)
    fs.writeFileSync(file, recordsFile(records))
    t.equal(await client.produce({ topic: to, codec: 'none', file }), records.length, `all records are sent to ${to}`)
  }
  const committed = (from: string, into?: string) =>
    java.read({
      topic: from,
      partitions,
      from: { from: 'beginning' },
      isolation: 'read_committed',
      ...(into === undefined ? {} : { into }),
    })
  const allOf = async (from: string, count: number): Promise<SourceRecord[]> => {
    await until(
      `${count} records in ${from}`,
      () => committed(from),
      (found) => found.count >= count,
      180_000,
    )
    const into = path.join(home, `${from}.out`)
    await committed(from, into)
    return [...recordsIn(fs.readFileSync(into))]
  }
  const running = async (peer: LinePeer, id: string): Promise<number> => {
    const { restored } = await until(
      `the application ${id} to be running`,
      () => peer.ask({ op: 'streaming', id }),
      ({ state }) => state === 'RUNNING',
      120_000,
    )
    return Number(restored)
  }

  await t.test('counts words exactly once though it is killed while it counts', async (t) => {
    const [lines, counts] = [await topic('lines'), await topic('counts')]
    const id = `words-${process.pid}`
    const app = { op: 'stream', app: 'words', id, from: lines, to: counts, directory: path.join(home, 'words'), session }
    const partSize = Math.ceil(text.length / (kills + 1))
    for (let kill = 0; kill < kills; kill++) {
      const counter = javaPeer(target.bootstrap)
      t.teardown(() => counter.kill())
      await counter.ask(app)
      await running(counter, id)
      const { count: before } = await committed(counts)
      const sending = produce(lines, text.slice(kill * partSize, (kill + 1) * partSize))
      await until(
        'counts of the new lines',
        () => committed(counts),
        ({ count }) => count > before,
        120_000,
      )
      await counter.kill()
      await sending
    }
    await produce(lines, text.slice(kills * partSize))
    await java.ask(app)
    const words = new Map<string, number>()
    for (const { value } of text) for (const word of wordsOf(value)) words.set(word, (words.get(word) ?? 0) + 1)
    const total = [...words.values()].reduce((sum, count) => sum + count)
    const found = await allOf(counts, total)
    t.equal(found.length, total, 'a count came out for each word that went in')
    const seen = new Map<string, number>()
    const wrong = found.filter(({ key, value }) => {
      const nth = (seen.get(key.toString()) ?? 0) + 1
      seen.set(key.toString(), nth)
      return value.toString() !== String(nth)
    })
    t.same(wrong, [], 'each word is counted from one, without a gap and without a repetition')
    t.same(Object.fromEntries(seen), Object.fromEntries(words), 'and up to its number')
    await java.ask({ op: 'unstream', id })
  })

  await t.test('joins two streams within a window', async (t) => {
    const [left, right, joined] = [await topic('left'), await topic('right'), await topic('joined')]
    const id = `join-${process.pid}`
    const window = 10_000
    const lefts = text.map((record, nth) => ({ ...record, value: Buffer.from(`left ${nth}`) }))
    // Up to twice the window later, so that every other pair is too far apart.
    const rights = text.map((record, nth) => ({
      ...record,
      timeMillis: record.timeMillis + (nth % 9) * (window / 4),
      value: Buffer.from(`right ${nth}`),
    }))
    await produce(left, lefts)
    await produce(right, rights)
    await java.ask({ op: 'stream', app: 'join', id, from: left, with: right, to: joined, window: String(window), directory: home, session })
    const wanted = pairs(lefts, rights, window)
    const found = await allOf(joined, wanted.length)
    t.same(found.map(({ key, value }) => `${key.toString()}: ${value.toString()}`).sort(), wanted)
    await java.ask({ op: 'unstream', id })
  })

  await t.test('brings a table back from its changelog after its store is gone', async (t) => {
    const changes = await topic('changes')
    const id = `table-${process.pid}`
    const directory = path.join(home, 'table')
    const app = { op: 'stream', app: 'table', id, from: changes, directory, session }
    // Every key twice, so the newest value counts.
    await produce(changes, [...text.map((record) => ({ ...record, value: Buffer.from('old') })), ...text])
    const wanted = Object.fromEntries(text.map(({ key, value }) => [key.toString(), value.toString()]))
    const file = path.join(home, 'table.out')
    const held = async () => {
      await java.ask({ op: 'table', id, file })
      return Object.fromEntries([...recordsIn(fs.readFileSync(file))].map(({ key, value }) => [key.toString(), value.toString()]))
    }
    await java.ask(app)
    t.equal(await running(java, id), 0, 'there is nothing to restore at first')
    await until('the whole table', held, (answer) => isDeepStrictEqual(answer, wanted))
    await java.ask({ op: 'unstream', id })

    fs.rmSync(directory, { recursive: true })
    await java.ask(app)
    t.ok((await running(java, id)) >= Object.keys(wanted).length, 'the changelog is read')
    t.same(await held(), wanted, 'the table is what it was')
    await java.ask({ op: 'unstream', id })
  })
})

function wordsOf(value: Buffer): string[] {
  return value
    .toString()
    .split(/[^A-Za-z]+/)
    .filter((word) => word !== '')
}

function pairs(lefts: readonly SourceRecord[], rights: readonly SourceRecord[], window: number): string[] {
  const byKey = new Map<string, SourceRecord[]>()
  for (const right of rights) byKey.set(right.key.toString(), [...(byKey.get(right.key.toString()) ?? []), right])
  return lefts
    .flatMap((left) =>
      (byKey.get(left.key.toString()) ?? [])
        .filter((right) => Math.abs(left.timeMillis - right.timeMillis) <= window)
        .map((right) => `${left.key.toString()}: ${left.value.toString()}|${right.value.toString()}`),
    )
    .sort()
}
