import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import t, { type Test } from 'tap'
import { CommitJournal, replayJournal } from '../../../broker/log/commit-journal.ts'
import type { JournalEntry, JournalPart } from '../../../broker/log/journal-rounds.ts'
import { silentLogger } from '../../../broker/metrics/logger.ts'
import { nodeDisk as disk } from '../../../broker/platform/node/disk.ts'
import { FaultyDisk } from '../../support/faulty-disk.ts'

const topicId = 'Zc2Yt0cYQ5yq8kK3m1b2Xg'

function entry(partition: number, position: number, text: string): JournalEntry & JournalPart {
  const bytes = Buffer.from(text)
  return { topicId, partition, segment: 2 ** 40 + 7, position, bytes, chunks: [bytes], size: bytes.length }
}

async function setUp(t: Test, { bytesPerFile = 4096, hold = false, on = disk } = {}) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stele-journal-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  const synced: string[][] = []
  const held: (() => void)[] = []
  const syncSegments = (logs: ReadonlySet<string>) => {
    synced.push([...logs].sort())
    return hold ? new Promise<void>((resolve) => void held.push(resolve)) : Promise.resolve()
  }
  const journal = new CommitJournal({ disk: on, directory, bytesPerFile, logger: silentLogger, syncSegments }, 1)
  t.teardown(() => journal.close())
  await journal.open()
  return { directory, journal, synced, release: () => held.shift()?.(), releaseLast: () => held.pop()?.() }
}

const texts = (directory: string) => replayJournal(disk, directory).entries.map(({ bytes }) => bytes.toString())

t.test('what was committed is found again, in order, with its place', async (t) => {
  const { directory, journal } = await setUp(t)
  await journal.commit([entry(0, 0, 'one'), entry(3, 512, 'two')])
  await journal.commit([entry(0, 3, 'three')])
  t.match(replayJournal(disk, directory).entries, [
    { topicId, partition: 0, segment: 2 ** 40 + 7, position: 0, bytes: Buffer.from('one') },
    { partition: 3, position: 512, bytes: Buffer.from('two') },
    { partition: 0, position: 3, bytes: Buffer.from('three') },
  ])
})

t.test('a torn or flipped round ends the replay before it', async (t) => {
  const { directory, journal } = await setUp(t)
  for (const text of ['one', 'two', 'three']) await journal.commit([entry(0, 0, text)])
  const file = path.join(directory, 'commit-journal-0')
  const whole = fs.readFileSync(file)
  const rounds = [0, 83, 166]
  for (let at = rounds[1] as number; at < (rounds[2] as number); at++) {
    const damaged = Buffer.from(whole)
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x40, at)
    fs.writeFileSync(file, damaged)
    t.same(texts(directory), ['one'], `a bit flipped at ${at}`)
  }
  for (let length = 0; length < 249; length++) {
    fs.writeFileSync(file, whole.subarray(0, length))
    t.same(texts(directory), ['one', 'two', 'three'].slice(0, Math.floor(length / 83)), `cut at ${length}`)
  }
})

t.test('a full file is used anew only once the segments it repeats are synced', async (t) => {
  const { directory, journal, synced, release } = await setUp(t, { bytesPerFile: 200, hold: true })
  await journal.commit([entry(1, 0, 'a')])
  await journal.commit([entry(2, 0, 'b')])
  t.same(synced, [])
  await journal.commit([entry(3, 0, 'c')])
  t.same(synced, [[`${topicId}/1`, `${topicId}/2`]], 'the full one is being freed')
  t.same(texts(directory), ['a', 'b', 'c'], 'and still repeats what it must')
  await journal.commit([entry(3, 1, 'd')])
  t.equal(journal.commit([entry(3, 2, 'e')]), undefined, 'no room: both are full')
  release()
  await new Promise((resolve) => setImmediate(resolve))
  await journal.commit([entry(3, 3, 'f')])
  t.same(texts(directory), ['c', 'd', 'f'], 'older rounds of the same file are not taken for new ones')
})

t.test('a round larger than a file has no room', async (t) => {
  const { journal } = await setUp(t, { bytesPerFile: 200 })
  t.equal(journal.commit([entry(0, 0, 'x'.repeat(200))]), undefined)
})

t.test('a directory without a journal replays nothing', async (t) => {
  const { directory, journal } = await setUp(t)
  journal.remove()
  t.same(replayJournal(disk, directory), { entries: [], nextGeneration: 1 })
  t.same(fs.readdirSync(directory), [])
})

t.test('what a log wants forgotten does not come back, and the others stay', async (t) => {
  const { directory, journal } = await setUp(t)
  await journal.commit([entry(1, 0, 'a'), entry(2, 0, 'b')])
  let synced = 0
  journal.forget({ topicId, partition: 3 }, () => synced++)
  t.equal(synced, 0, 'nothing is repeated of that one')
  journal.forget({ topicId, partition: 1 }, () => synced++)
  t.equal(synced, 1)
  t.same(texts(directory), ['b'])
  await journal.commit([entry(1, 0, 'c')])
  t.same(texts(directory), ['b', 'c'])
})

t.test('nor does what stands in a file that is free, and was not written anew yet', async (t) => {
  const { directory, journal } = await setUp(t, { bytesPerFile: 200 })
  await journal.commit([entry(1, 0, 'a')])
  await journal.commit([entry(2, 0, 'b')])
  await journal.commit([entry(3, 0, 'c')])
  t.same(texts(directory), ['a', 'b', 'c'], 'the first file was freed, as its segments are synced')
  journal.forget({ topicId, partition: 1 }, () => {})
  t.same(texts(directory), ['b', 'c'])
})

t.test('where there is no room for the word, the log is forgotten all the same, and the others stay', async (t) => {
  const { directory, journal, release } = await setUp(t, { bytesPerFile: 200, hold: true })
  for (const [at, text] of ['a', 'b', 'c', 'd'].entries()) await journal.commit([entry(1 + (at >> 1), at, text)])
  t.equal(journal.commit([entry(3, 0, 'e')]), undefined, 'both files are full')
  journal.forget({ topicId, partition: 1 }, () => {})
  t.same(texts(directory), ['c', 'd'])
  release()
  await new Promise((resolve) => setImmediate(resolve))
  await journal.commit([entry(1, 9, 'f')])
  t.same(texts(directory), ['c', 'd', 'f'], 'what comes later counts')
  journal.forget({ topicId, partition: 2 }, () => {})
  t.same(texts(directory), ['f'])
})

t.test('a log leaves a journal that the disk failed: what was repeated of it does not come back, what was of others does', async (t) => {
  const faulty = new FaultyDisk()
  const { directory, journal } = await setUp(t, { on: faulty.platform.disk })
  await journal.commit([entry(1, 0, 'a'), entry(2, 0, 'b'), entry(3, 0, 'c')])
  faulty.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined)
  await t.rejects(journal.commit([entry(3, 1, 'd')]) as Promise<void>, { code: 'EIO' })
  t.throws(() => journal.forget({ topicId, partition: 1 }, () => {}), { code: 'EIO' })
  faulty.fault = () => undefined
  let synced = 0
  journal.forget({ topicId, partition: 1 }, () => synced++)
  t.equal(synced, 1)
  t.same(texts(directory), ['b', 'c', 'd'])
  journal.forget({ topicId, partition: 3 }, () => {})
  t.same(texts(directory), ['b'])
  t.equal(journal.commit([entry(1, 2, 'e')]), undefined, 'it is not written again')
  journal.remove()
  t.same(fs.readdirSync(directory), [])
})

t.test('nor does it come back when the file that was begun anew since is not the one that repeats it', async (t) => {
  const { directory, journal, releaseLast } = await setUp(t, { bytesPerFile: 200, hold: true })
  for (const [at, text] of ['a', 'b', 'c'].entries()) await journal.commit([entry(at, 0, text)])
  journal.forget({ topicId, partition: 0 }, () => {})
  await journal.commit([entry(2, 1, 'd')])
  t.equal(journal.commit([entry(2, 2, 'e')]), undefined, 'both files are full')
  releaseLast()
  await new Promise((resolve) => setImmediate(resolve))
  await journal.commit([entry(2, 3, 'f')])
  t.same(texts(directory), ['b', 'f'])
})
