import t from 'tap'
import { testBatch, testTime } from '../../support/batches.ts'
import { append, baseOffsets, folder, LogFixture, readAll } from '../../support/log-fixture.ts'
import { MemoryDisk } from '../../support/memory-disk.ts'

const config = { segmentBytes: 10_000, indexIntervalBytes: 500 }
const cold = { tailCacheBytes: 0 }
const batches = 100
const batchBytes = testBatch({ count: 3, valueBytes: 100 }).length
const first = `${folder}/00000000000000000000`

/** A log of some segments, three records a batch and ten milliseconds from batch to batch, after a clean stop. */
async function stopped(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const fixture = new LogFixture({ disk, config })
  const log = fixture.open()
  for (let at = 0; at < batches; at++) append(log, { count: 3, valueBytes: 100, timestamp: testTime + at * 10 })
  await fixture.written()
  await fixture.directory.close()
  return disk.afterKill()
}

type Ruin = (index: Buffer, entry: number) => void
const shiftInt32 = (at: number, by: number, entryBytes: number): Ruin => {
  return (index, entry) => void index.writeInt32BE(index.readInt32BE(entry * entryBytes + at) + by, entry * entryBytes + at)
}

const wrongOffsetEntries: Record<string, Ruin> = {
  'a position within a batch': shiftInt32(4, 7, 8),
  'a position just before a batch': shiftInt32(4, -3, 8),
  'an offset before that of its batch': shiftInt32(0, -3, 8),
  'the position of the batch after': shiftInt32(4, batchBytes, 8),
}

const wrongTimeEntries: Record<string, Ruin> = {
  'an offset that lies too far': shiftInt32(8, 5, 12),
  'a time that is too early': shiftInt32(4, -12, 12),
}

for (const [name, ruin] of Object.entries(wrongOffsetEntries)) {
  t.test(`an index with ${name} is made anew, and every read answered`, async (t) => {
    for (const entry of [0, 3, 9]) {
      const disk = await stopped()
      const right = Buffer.from(disk.get(`${first}.index`))
      ruin(disk.get(`${first}.index`), entry)
      t.notSame(disk.get(`${first}.index`), right)
      const fixture = new LogFixture({ disk, config, settings: cold })
      const log = fixture.open()
      for (const maxBytes of [1, 700, 3_000, 100_000]) {
        for (let from = 0; from < batches * 3; from++) {
          const slice = await log.read(from, { maxBytes, upTo: log.highWatermark, atLeastOneBatch: true })
          const found = baseOffsets(slice)
          t.equal(found[0], from - (from % 3), `from ${from}`)
          t.equal(slice.nextOffset, (found.at(-1) as number) + 3)
          slice.release?.()
        }
      }
      t.same(fixture.said('warn'), ['An index did not agree with its segment: made anew'])
      t.same(fixture.said('error'), [])
      t.same(disk.get(`${first}.index`), right, 'the file too')
    }
  })
}

for (const [name, ruin] of Object.entries(wrongTimeEntries)) {
  t.test(`a time index with ${name} is made anew, and every time found`, async (t) => {
    for (const entry of [2, 9, -1]) {
      const disk = await stopped()
      const right = Buffer.from(disk.get(`${first}.timeindex`))
      ruin(disk.get(`${first}.timeindex`), entry < 0 ? right.length / 12 + entry : entry)
      const fixture = new LogFixture({ disk, config, settings: cold })
      const log = fixture.open()
      for (let at = 0; at < batches; at++) {
        t.match(await log.offsetForTimestamp(testTime + at * 10), { offset: at * 3, timestamp: testTime + at * 10 }, `batch ${at}`)
      }
      t.match(await log.maxTimestampOffset(), { offset: batches * 3 - 1 })
      // The last entry is looked at when the files are read, as if they were not there.
      if (entry >= 0) t.same(disk.get(`${first}.timeindex`), right)
      t.equal(fixture.said('warn').length, entry < 0 ? 0 : 1)
    }
  })
}

t.test("a damaged batch is not its index's fault: what lies around it is served, and nothing said of the index", async (t) => {
  for (const [at, corrupt] of [
    [80, [12]],
    [16, [12]],
    [9, [12]],
  ] as const) {
    const disk = await stopped()
    const segment = disk.get(`${first}.log`)
    segment[batchBytes * 4 + at] = (segment[batchBytes * 4 + at] as number) ^ 4
    const fixture = new LogFixture({ disk, config, settings: cold })
    const log = fixture.open()
    const refused: number[] = []
    for (let from = 0; from < batches * 3; from += 3) {
      const slice = await log.read(from, { maxBytes: 1, upTo: log.highWatermark, atLeastOneBatch: true })
      if (slice.error === undefined) t.same(baseOffsets(slice), [from])
      else refused.push(from)
    }
    // Where the damage is in a batch's size, those up to the next entry of the index can't be found.
    t.same(refused.slice(0, 1), corrupt, `byte ${at}`)
    t.ok(refused.length <= 3, refused.join())
    t.same(fixture.said('warn'), [])
  }
})

t.test('a wrong index beside a damaged batch is made anew, and what lies behind the damage still found', async (t) => {
  const disk = await stopped()
  const segment = disk.get(`${first}.log`)
  segment[batchBytes * 4 + 16] = 77
  shiftInt32(4, 7, 8)(disk.get(`${first}.index`), 6)
  const fixture = new LogFixture({ disk, config, settings: cold })
  const log = fixture.open()
  const refused: number[] = []
  for (let from = 297; from >= 0; from -= 3) {
    const slice = await log.read(from, { maxBytes: 1, upTo: log.highWatermark, atLeastOneBatch: true })
    if (slice.error === undefined) t.same(baseOffsets(slice), [from])
    else refused.push(from)
  }
  t.equal(refused.at(-1), 12)
  t.ok(refused.length <= 3, refused.join())
  t.equal(fixture.said('warn').length, 1)
})

t.test('an index of the segment that is still appended to is made anew too, and goes on', async (t) => {
  const disk = new MemoryDisk()
  const before = new LogFixture({ disk, config: { indexIntervalBytes: 500 } })
  const log = before.open()
  for (let at = 0; at < batches; at++) append(log, { count: 3, valueBytes: 100 })
  await before.written()
  await before.directory.close()
  shiftInt32(4, 7, 8)(disk.get(`${first}.index`), 3)
  const fixture = new LogFixture({ disk: disk.afterKill(), config: { indexIntervalBytes: 500 } })
  const again = fixture.open()
  for (let at = 0; at < batches; at++) append(again, { count: 3, valueBytes: 100 })
  for (let from = 0; from < batches * 3; from += 3) {
    const slice = await again.read(from, { maxBytes: 1, upTo: again.writtenEnd, atLeastOneBatch: true })
    t.same(baseOffsets(slice), [from])
  }
  t.equal(fixture.said('warn').length, 1)
  await fixture.written()
  t.equal((await readAll(again)).length, batches * 2)
  await fixture.directory.close()
})
