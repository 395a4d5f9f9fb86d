/** Stored batches in a browser's reader, against the client's own. */
import t from 'tap'
import fc from 'fast-check'
import { buildBatch } from '../../../client/records/builder.ts'
import { readRecords } from '../../../client/records/record.ts'
import { storedRecords } from '../../../client/stream/stored-batches.ts'

const bytes = fc.option(fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)))
const record = fc.record({
  key: bytes,
  value: bytes,
  timestamp: fc.integer({ min: 0, max: 2 ** 46 }),
  headers: fc.array(
    fc.tuple(
      fc.string().map((name) => name.toWellFormed()),
      bytes,
    ),
    { maxLength: 3 },
  ),
})
const batch = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 20 }),
  logAppendTime: fc.option(fc.constant(1_700_000_000_000), { nil: undefined }),
})

t.test('both read the same', (t) => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 5 }), fc.integer({ min: 0, max: 60 }), (batches, first) => {
      let next = 2 ** 33
      const stored = Buffer.concat(
        batches.map((one) => {
          const built = buildBatch({ ...one, baseOffset: next })
          next += one.records.length
          return built
        }),
      )
      const expected = [...readRecords(stored)].flatMap(({ records }) => records).filter(({ offset }) => offset >= 2 ** 33 + first)
      const seen = storedRecords(new Uint8Array(stored), 2 ** 33 + first)
      t.strictSame(
        seen.map(({ headers = [], key, value, ...rest }) => ({
          ...rest,
          key: key && Buffer.from(key),
          value: value && Buffer.from(value),
          headers: headers.map(([name, content]) => [name, content && Buffer.from(content)]),
        })),
        expected,
      )
    }),
    { numRuns: 60 },
  )
  t.end()
})

t.test('what is no batch, or cut, is said to be', (t) => {
  const built = new Uint8Array(buildBatch({ records: [{ timestamp: 1, key: Buffer.from('k'), value: Buffer.from('value') }] }))
  for (let size = 1; size < built.length; size++) t.throws(() => storedRecords(built.subarray(0, size), 0), RangeError)
  for (const position of [11, 16, 61, 65, 67]) {
    const damaged = built.slice()
    damaged[position] = 0x7f
    t.throws(() => storedRecords(damaged, 0), RangeError, `byte ${position}`)
  }
  t.end()
})
