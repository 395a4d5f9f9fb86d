import fc from 'fast-check'
import t from 'tap'
import { LeaderEpochs } from '../../../broker/log/leader-epochs.ts'
import { OffsetIndex } from '../../../broker/log/offset-index.ts'
import { TimeIndex } from '../../../broker/log/time-index.ts'
import { TransactionIndex } from '../../../broker/log/transaction-index.ts'

const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5000 })), { maxLength: 60 })
const base = 2 ** 40

/** Entries as an index gets them, rising. */
function entriesOf(made: [number, number][]): { offset: number; position: number }[] {
  let offset = base
  let position = 0
  return made.map(([offsets, bytes]) => ({ offset: (offset += offsets), position: (position += bytes) }))
}

t.test('an offset index finds what a search through all its entries finds, and survives its file', (t) => {
  fc.assert(
    fc.property(steps, fc.nat(3000), fc.nat(300_000), (made, ahead, at) => {
      const entries = entriesOf(made)
      const index = new OffsetIndex(base)
      for (const { offset, position } of entries) index.append(offset, position)
      const again = OffsetIndex.parse(index.encode(), base, 2 ** 31 - 1) as OffsetIndex
      for (const one of [index, again]) {
        t.equal(one.positionOf(one.entryFor(base + ahead)), entries.findLast(({ offset }) => offset <= base + ahead)?.position ?? 0)
        t.equal(one.positionOf(one.entryAtOrBefore(at)), entries.findLast(({ position }) => position <= at)?.position ?? 0)
        one.truncateTo(base + ahead, at)
        const kept = entries.filter(({ offset, position }) => offset < base + ahead && position < at)
        t.equal(one.count, kept.length)
        t.equal(one.lastOffset, kept.at(-1)?.offset ?? base)
      }
    }),
    { numRuns: 50 },
  )
  t.end()
})

t.test('an offset index in disorder, of odd size or beyond its segment is no index', (t) => {
  const bytes = (...numbers: number[]) => Buffer.from(Int32Array.from(numbers).buffer).swap32()
  t.ok(OffsetIndex.parse(bytes(1, 10, 2, 20), 0, 100))
  t.notOk(OffsetIndex.parse(bytes(1, 10, 1, 20), 0, 100))
  t.notOk(OffsetIndex.parse(bytes(1, 10, 2, 10), 0, 100))
  t.notOk(OffsetIndex.parse(bytes(1, 10, 2, 100), 0, 100))
  t.notOk(OffsetIndex.parse(bytes(1, 10, 2), 0, 100))
  t.end()
})

t.test('a time index finds what a search through all its entries finds, and survives its file', (t) => {
  fc.assert(
    fc.property(steps, fc.nat(4000), (made, ahead) => {
      const entries = entriesOf(made).map(({ offset, position }) => ({ offset, timestamp: 1.7e12 + position }))
      const index = new TimeIndex(base)
      for (const { offset, timestamp } of entries) {
        index.append(timestamp, offset)
        index.append(timestamp - 1, offset)
      }
      const again = TimeIndex.parse(index.encode(), base, base + 1e6) as TimeIndex
      const wanted = 1.7e12 + ahead * 50
      for (const one of [index, again]) {
        t.equal(one.count, entries.length)
        t.equal(one.offsetOf(one.entryBefore(wanted)), entries.findLast(({ timestamp }) => timestamp < wanted)?.offset ?? base)
        t.equal(one.lastTimestamp, entries.at(-1)?.timestamp ?? -1)
      }
    }),
    { numRuns: 50 },
  )
  t.end()
})

t.test('a transaction index tells of aborts that reach into what is read', (t) => {
  const index = new TransactionIndex()
  index.append({ producerId: 1, firstOffset: 10, lastOffset: 20, lastStableOffset: 15 })
  index.append({ producerId: 2, firstOffset: 15, lastOffset: 30, lastStableOffset: 31 })
  for (const one of [index, TransactionIndex.parse(index.encode(), 0) as TransactionIndex]) {
    const collect = (from: number, upTo: number) => {
      const found: { producerId: number }[] = []
      const isAll = one.collect(from, upTo, found as never)
      return [found.map(({ producerId }) => producerId), isAll]
    }
    t.same(collect(0, 12), [[1], true])
    t.same(collect(0, 31), [[1, 2], true])
    t.same(collect(21, 40), [[2], false])
    t.same(collect(31, 40), [[], false])
  }
  t.end()
})

t.test('leader epochs answer as a list searched from end to end, and survive their file', (t) => {
  const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 20 })), { maxLength: 20 })
  fc.assert(
    fc.property(history, fc.nat(30), fc.nat(150), (made, asked, offset) => {
      const epochs = new LeaderEpochs()
      let twin: { epoch: number; start: number }[] = []
      let [epoch, end] = [0, 0]
      for (const [step, written] of made) {
        epoch += step
        epochs.assign(epoch, end)
        if (epoch > (twin.at(-1)?.epoch ?? -1)) twin = [...twin.filter(({ start }) => start < end), { epoch, start: end }]
        end += written
      }
      const again = LeaderEpochs.parse(epochs.format()) as LeaderEpochs
      for (const one of [epochs, again]) {
        t.equal(one.latest, twin.at(-1)?.epoch ?? -1)
        t.equal(one.epochAt(offset), twin.findLast(({ start }) => start <= offset)?.epoch ?? -1)
        const floor = twin.findLast((entry) => entry.epoch <= asked)
        const higher = twin.find((entry) => entry.epoch > asked)
        const latest = twin.at(-1)?.epoch ?? -1
        const expected =
          asked > latest
            ? { epoch: -1, endOffset: -1 }
            : { epoch: floor?.epoch ?? asked, endOffset: asked === latest ? end : (higher?.start ?? end) }
        t.same(one.endOffsetOf(asked, end), expected)
      }
    }),
    { numRuns: 50 },
  )
  t.end()
})
