import fc from 'fast-check'
import t from 'tap'
import { decodeSnapshot, encodeSnapshot } from '../../../broker/log/producer-snapshot.ts'
import { ProducerState } from '../../../broker/log/producer-state.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { RecordBatch } from '../../../client/records/batch.ts'
import { buildEndMarker } from '../../../client/records/control.ts'
import { testBatch, testTime } from '../../support/batches.ts'
import { append, LogFixture } from '../../support/log-fixture.ts'

interface Sent {
  producerId: number
  epochStep: number
  /** Where it begins, counted from what is due. */
  skew: number
  count: number
}

const traffic = fc.array(
  fc.record({
    producerId: fc.integer({ min: 1, max: 3 }),
    epochStep: fc.constantFrom(0, 0, 0, 0, 1, -1),
    skew: fc.constantFrom(0, 0, 0, 0, 1, -1, -2, -4),
    count: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 40 },
)

/** The rules once more, slowly: every batch ever taken is kept. */
class Twin {
  readonly taken: { producerId: number; epoch: number; first: number; last: number; offset: number }[] = []
  end = 0

  send(producerId: number, epoch: number, first: number, count: number): number | string {
    const own = this.taken.filter((batch) => batch.producerId === producerId)
    const newest = own.at(-1)
    const current = newest?.epoch ?? -1
    const last = first + count - 1
    const duplicate = own
      .filter((batch) => batch.epoch === current)
      .slice(-5)
      .find((batch) => batch.first === first && batch.last === last)
    if (duplicate && epoch === current) return duplicate.offset
    if (epoch < current) return `error ${ErrorCode.INVALID_PRODUCER_EPOCH}`
    const due = !newest ? first : epoch > current ? 0 : newest.last + 1
    if (first !== due) return `error ${ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER}`
    this.taken.push({ producerId, epoch, first, last, offset: this.end })
    this.end += count
    return this.end - count
  }
}

t.test('idempotent producers are judged as by rules that remember everything', (t) => {
  fc.assert(
    fc.property(traffic, (sent: Sent[]) => {
      const log = new LogFixture().open()
      const twin = new Twin()
      for (const { producerId, epochStep, skew, count } of sent) {
        const newest = twin.taken.findLast((batch) => batch.producerId === producerId)
        const producerEpoch = Math.max(0, (newest?.epoch ?? 0) + epochStep)
        const due = newest && newest.epoch === producerEpoch ? newest.last + 1 : 0
        const baseSequence = Math.max(0, due + skew)
        const expected = twin.send(producerId, producerEpoch, baseSequence, count)
        t.equal(append(log, { producerId, producerEpoch, baseSequence, count }), expected)
      }
      t.equal(log.endOffset, twin.end)
    }),
    { numRuns: 60 },
  )
  t.end()
})

t.test('a snapshot gives back what it was taken of, and a damaged one nothing', (t) => {
  const state = new ProducerState()
  const batch = new RecordBatch(Buffer.alloc(0))
  for (let at = 0; at < 8; at++) {
    const bytes = testBatch({
      producerId: at % 3,
      producerEpoch: 2,
      baseSequence: at * 2,
      count: 2,
      baseOffset: at * 2,
      isTransactional: at % 3 === 1,
    })
    state.update(batch.moveTo(bytes, 0))
  }
  const marker = buildEndMarker({
    committed: true,
    coordinatorEpoch: 6,
    producerId: 2,
    producerEpoch: 2,
    timestamp: testTime + 1,
    baseOffset: 16,
  })
  state.update(batch.moveTo(marker, 0))
  const bytes = encodeSnapshot(state)
  const again = decodeSnapshot(bytes) as ProducerState
  t.same([...again.entries()], [...state.entries()])
  t.equal(again.firstUndecided, 2)
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] as number) ^ 1
    t.notOk(decodeSnapshot(damaged))
    t.notOk(decodeSnapshot(bytes.subarray(0, at)))
  }
  t.end()
})

t.test('after 2^31-1 a sequence begins again at 0', (t) => {
  const log = new LogFixture().open()
  const max = 0x7fff_ffff
  t.equal(append(log, { producerId: 1, producerEpoch: 0, baseSequence: max - 1, count: 3 }), 0)
  t.match(log.producers.describe(), [{ lastSequence: 0 }])
  t.equal(append(log, { producerId: 1, producerEpoch: 0, baseSequence: 1 }), 3)
  t.equal(append(log, { producerId: 2, producerEpoch: 0, baseSequence: max }), 4)
  t.equal(append(log, { producerId: 2, producerEpoch: 0, baseSequence: 0 }), 5)
  t.end()
})

t.test('with version 2 of transactions, a marker that comes late does not end the next one', (t) => {
  const log = new LogFixture().open()
  const end = (producerEpoch: number, transactionVersion: number) => {
    const marker = buildEndMarker({ committed: true, coordinatorEpoch: 0, producerId: 1, producerEpoch, timestamp: testTime })
    const result = log.append(marker, { leaderEpoch: 0, now: testTime, retain: false, origin: 'coordinator', transactionVersion })
    return 'error' in result ? result.error : result.firstOffset
  }
  append(log, { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  t.equal(end(1, 2), 1)
  t.equal(end(1, 2), 2, 'a repetition, while nothing is open, is taken')
  append(log, { producerId: 1, producerEpoch: 1, baseSequence: 0, isTransactional: true })
  t.equal(end(1, 2), ErrorCode.INVALID_PRODUCER_EPOCH)
  t.equal(log.producers.hasTransaction(1, 1), true)
  t.equal(end(2, 2), 4)
  append(log, { producerId: 1, producerEpoch: 2, baseSequence: 0, isTransactional: true })
  t.equal(end(2, 0), 6, 'before version 2 the epoch stays')
  t.equal(log.producers.markersOf(1), 4)
  t.end()
})
