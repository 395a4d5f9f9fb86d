import t from 'tap'
import { BenchProgress } from '../../../broker/cli/bench-progress.ts'
import { Progress, progressLine } from '../../../broker/cli/progress.ts'
import { bytesText, countText, durationText } from '../../../broker/cli/quantities.ts'
import { type Column, tableText } from '../../../broker/cli/table.ts'

interface Row {
  name: string
  partitions: number | null
}

const columns: Column<Row>[] = [
  { title: 'TOPIC', cell: ({ name }) => name },
  { title: 'PARTITIONS', align: 'right', cell: ({ partitions }) => partitions },
]

t.test('a table is aligned on a terminal and tab-separated elsewhere', (t) => {
  const rows = [
    { name: 'orders', partitions: 12 },
    { name: 'a', partitions: null },
    { name: '注文', partitions: 3 },
  ]
  t.equal(
    tableText(columns, rows, { isTerminal: true }),
    'TOPIC   PARTITIONS\norders          12\na                -\n注文             3\n',
  )
  t.equal(tableText(columns, rows, { isTerminal: false }), 'TOPIC\tPARTITIONS\norders\t12\na\t-\n注文\t3\n')
  t.match(tableText(columns, rows, { isTerminal: true }, true), /^\u001b\[1mTOPIC {3}PARTITIONS\u001b\[22m\n/)
  t.end()
})

t.test('what is in a cell cannot drive a terminal', (t) => {
  const text = tableText(columns, [{ name: 'a\u001b[2J\tb\n\u009b', partitions: 1 }], { isTerminal: false })
  t.equal(text, 'TOPIC\tPARTITIONS\na\\x1b[2J\\tb\\n\\x9b\t1\n')
  t.end()
})

t.test('quantities read as people write them', (t) => {
  t.same([0, 1023, 1024, 1536, 104_857_600, 5e15].map(bytesText), ['0 B', '1023 B', '1.0 KiB', '1.5 KiB', '100 MiB', '4.4 PiB'])
  t.same([0, 12.6, 999, 1000, 61_000, 3_600_000, 90_061_000].map(durationText), [
    '0 ms',
    '13 ms',
    '999 ms',
    '1 s',
    '1 min 1 s',
    '1 h',
    '1 d 1 h',
  ])
  t.equal(countText(1_234_567), '1,234,567')
  t.end()
})

function screen(isTerminal: boolean) {
  const written: string[] = []
  return { written, isTerminal, columns: 200, write: async (text: string | Uint8Array) => void written.push(text.toString()) }
}

t.test('progress is drawn on a terminal after a second, ten times a second at most, and wiped away', (t) => {
  let now = 5000
  const stream = screen(true)
  const progress = new Progress(stream, { monotonic: () => now }, { title: 'reading', total: 200, unit: 'records' })
  progress.done(10)
  now += 999
  progress.done(50)
  t.same(stream.written, [], 'short work shows nothing')
  progress.clear()
  t.same(stream.written, [])
  now += 1
  progress.done(100)
  now += 50
  progress.done(101)
  t.equal(stream.written.length, 1)
  t.equal(stream.written[0], '\r\u001b[2Kreading  [############------------]  50%  100 records  100/s  1 s left')
  now += 50
  progress.done(110)
  t.equal(stream.written.length, 2)
  progress.clear()
  t.equal(stream.written.at(-1), '\r\u001b[2K')
  t.end()
})

t.test('progress is silent where nobody looks, and does without a total', (t) => {
  let now = 0
  const stream = screen(false)
  const progress = new Progress(stream, { monotonic: () => now }, { title: 'reading' })
  now = 10_000
  progress.done(5)
  progress.clear()
  t.same(stream.written, [])
  t.equal(progressLine({ title: 'reading', unit: 'bytes' }, 10 * 1024 * 1024, 2000, 80), 'reading  10.0 MiB  5.0 MiB/s')
  t.equal(progressLine({ title: 'reading', total: 10 }, 0, 2000, 12), 'reading  [--')
  t.end()
})

t.test('a bench says where it is from its first moment: the round, its time, what is done and what it costs the broker', (t) => {
  let now = 5000
  const stream = screen(true)
  const progress = new BenchProgress(stream, { monotonic: () => now }, 5)
  const last = () => stream.written.at(-1)?.replace('\r\u001b[2K', '')
  const place = { workload: 'produce', target: 'kafka', round: 0, unit: 'records', isTold: true, nth: 3, total: 8 }
  progress.round(place)
  t.equal(last(), '[3/8] produce on kafka  warming up')
  progress.measuring()
  t.equal(last(), '[3/8] produce on kafka  [--------------------] 0 s of 5  0 records/s')
  now += 2000
  progress.progress(1000)
  t.equal(last(), '[3/8] produce on kafka  [########------------] 2 s of 5  500 records/s')
  now += 50
  progress.progress(2000)
  t.equal(stream.written.length, 3, 'not more often than the eye')
  progress.sample({ seconds: 2, countPerSecond: 750, bytesPerSecond: 1, brokerCores: 0.424, brokerBytes: 2 ** 29 })
  t.equal(last(), '[3/8] produce on kafka  [########------------] 2 s of 5  750 records/s  broker 0.42 cores, 512 MiB')
  progress.round({ ...place, workload: 'produce (kcat)', isTold: false, nth: 4 })
  progress.measuring()
  progress.sample({ seconds: 2, countPerSecond: null, bytesPerSecond: null, brokerCores: 0.5, brokerBytes: 2 ** 29 })
  t.equal(last(), '[4/8] produce (kcat) on kafka  0 s  broker 0.50 cores, 512 MiB')
  progress.clear()
  t.equal(last(), '')
  const pipe = screen(false)
  const unseen = new BenchProgress(pipe, { monotonic: () => now }, 5)
  unseen.round(place)
  unseen.clear()
  t.same(pipe.written, [])
  t.end()
})
