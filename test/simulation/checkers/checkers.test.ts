/** Each checker has a case in which it speaks: what it never says proves nothing. */
import t from 'tap'
import { buildBatch } from '../clients/batch.ts'
import { History, type PartitionHistory, type SentBatch } from '../history.ts'
import { calmDisk, SimulatedDisk } from '../platform/disk.ts'
import { SimulatedProcess } from '../platform/process.ts'
import { SeededRandom } from '../platform/random.ts'
import { Scheduler } from '../platform/scheduler.ts'
import { Trace } from '../platform/trace.ts'
import { checkRecovered, survey } from './recovery.ts'
import { type ProbedLog, Watermarks } from './watermarks.ts'

const random = new SeededRandom(1)

function batchOf(records: number): Buffer {
  const values = Array.from({ length: records }, () => random.bytes(20))
  return buildBatch({ values, timestamp: 1, compressed: false, producerId: -1, producerEpoch: -1, baseSequence: -1 })
}

/** The bytes as the broker keeps them. */
function stored({ bytes }: { bytes: Buffer }, baseOffset: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeBigInt64BE(BigInt(baseOffset), 0)
  return copy
}

/** A partition with three batches of two records each, sent and not acknowledged. */
function partition(): { history: PartitionHistory; sent: [SentBatch, SentBatch, SentBatch] } {
  const history = new History().partition('orders', 0)
  const send = () => history.sent(batchOf(2), 2, 'producer')
  return { history, sent: [send(), send(), send()] }
}

const said = (text: string) => ({ name: 'Violation', message: new RegExp(text) })

t.test('a reader gets what was sent, in order', async (t) => {
  const { history, sent } = partition()
  const log = Buffer.concat([stored(sent[0], 0), stored(sent[1], 2), stored(sent[2], 4)])
  t.equal(history.read(log, 0, 6, 1, 'reader'), 6)
  t.equal(history.read(log.subarray(0, -5), 1, 6, 1, 'reader'), 4, 'a last batch cut short does not count')
  t.throws(
    () => history.read(Buffer.concat([stored(sent[0], 0), stored(sent[2], 4)]), 0, 6, 1, 'reader'),
    said('asked for 2 and was given 4'),
  )
  t.throws(() => history.read(log, 0, 5, 1, 'reader'), said('given offset 5, and may see those below 5'))
  t.throws(() => history.read(stored({ bytes: batchOf(2) }, 6), 6, 8, 1, 'reader'), said('nobody sent'))
  const damaged = Buffer.from(log)
  damaged[80] = (damaged[80] as number) ^ 1
  t.throws(() => history.read(damaged, 0, 6, 1, 'reader'), said('damaged'))
})

t.test('an offset has one batch, and a batch one offset', async (t) => {
  const { history, sent } = partition()
  history.acknowledge(sent[0], 0, true, 1)
  t.throws(() => history.acknowledge(sent[1], 0, true, 1), said('was another'))
  t.throws(() => history.read(stored(sent[0], 2), 2, 4, 1, 'reader'), said('stored twice, or moved'))
})

t.test('what was promised is not lost: to a dead process nothing, to the power what was on the disk', async (t) => {
  const { history, sent } = partition()
  history.acknowledge(sent[0], 0, true, 1)
  history.acknowledge(sent[1], 2, false, 1)
  const nothing = { start: 0, end: 0, batches: [] }
  t.throws(() => history.recovered(nothing, 2, true), said('acknowledged as durable, and is lost'))
  const first = { baseOffset: 0, endOffset: 2, leaderEpoch: 0, bytes: stored(sent[0], 0) }
  t.throws(() => history.recovered({ start: 0, end: 2, batches: [first] }, 2, false), said('only the process died'))
  history.recovered({ start: 0, end: 2, batches: [first] }, 2, true)
  history.acknowledge(sent[2], 2, true, 2)
  t.throws(() => history.acknowledge(sent[1], 2, true, 1), said('acknowledged as durable, and lost'), 'an answer of the life before, late')
})

t.test('at the end all is there', async (t) => {
  const { history, sent } = partition()
  history.acknowledge(sent[0], 0, true, 1)
  history.acknowledge(sent[2], 4, true, 1)
  t.throws(() => history.complete(0, 6), said('nobody was given offset 2'))
  t.throws(() => history.complete(0, 4), said('is missing'))
  history.acknowledge(sent[1], 2, true, 1)
  history.complete(0, 6)
  history.complete(3, 6)
})

t.test('a survey finds the longest valid prefix, over several segments', async (t) => {
  const { history, sent } = partition()
  const scheduler = new Scheduler(new SeededRandom(1), new Trace())
  const disk = new SimulatedDisk(scheduler, new SeededRandom(1), calmDisk)
  const port = disk.for(new SimulatedProcess(scheduler, 'broker', 'a'))
  port.makeDirectory('/data/orders-0')
  const first = port.open('/data/orders-0/00000000000000000000.log', 'create')
  const second = port.open('/data/orders-0/00000000000000000002.log', 'create')
  first.write([stored(sent[0], 0)], 0)
  second.write([stored(sent[1], 2), stored(sent[2], 4)], 0)
  const endNow = (): number => survey(disk, '/data', history, []).end
  t.equal(endNow(), 6)
  second.truncate(second.size() - 1)
  t.equal(endNow(), 4)
  first.write([Buffer.from('?')], 70)
  t.equal(endNow(), 0)
  history.startSeen = 2
  t.equal(endNow(), 4, 'a segment below the start need not be whole')

  const found = survey(disk, '/data', history, [])
  const check = (startOffset: number, endOffset: number, epoch = -1) =>
    checkRecovered(history, found, { startOffset, endOffset, epochAt: () => epoch })
  check(2, 4)
  t.throws(() => check(2, 2), said('cut off'))
  t.throws(() => check(2, 6), said('more than was whole'))
  t.throws(() => check(3, 4), said('starts at 3'))
  t.throws(() => check(2, 4, 0), said('of epoch -1, and of 0'))
})

t.test('a start is where somebody had asked for it, and after that no higher', async (t) => {
  const recovered = (history: PartitionHistory, startOffset: number) =>
    checkRecovered(history, { start: 0, end: 9, batches: [] }, { startOffset, endOffset: 9, epochAt: () => -1 })
  const { history } = partition()
  history.deletingBefore = 4
  history.startNoted(4)
  recovered(history, 4)
  history.startNoted(5)
  t.throws(() => recovered(history, 5), said('started at 4'))
  history.deletingAll = true
  history.startNoted(8)
  recovered(history, 8)
  history.startNoted(9)
  t.throws(() => recovered(history, 9), said('started at 8'), 'that was another life')
})

t.test('watermarks stay in order and never go back', async (t) => {
  const log = {
    topic: 'orders',
    partition: 0,
    startOffset: 0,
    lastStableOffset: 4,
    highWatermark: 4,
    durableEnd: 2,
    writtenEnd: 4,
    endOffset: 6,
    offline: undefined,
    epochAt: () => -1,
  }
  const watermarks = new Watermarks()
  const check = (changes: Partial<ProbedLog>): void => watermarks.check([Object.assign(log, changes)], () => {})
  check({})
  check({ highWatermark: 5, writtenEnd: 5 })
  t.throws(() => check({ highWatermark: 4 }), said('went back'))
  t.throws(() => check({ highWatermark: 6 }), said('out of order'))
  t.throws(() => check({ highWatermark: 5, lastStableOffset: 6 }), said('out of order'))
  t.throws(() => check({ lastStableOffset: 5, durableEnd: 6 }), said('out of order'))
})
