import fc from 'fast-check'
import t from 'tap'
import { Histogram } from '../../bench/measure/histogram.ts'

/** Whole microseconds, as likely short as long. */
const value = fc.oneof(fc.nat(3000), fc.nat(1_000_000), fc.integer({ min: 0, max: 3_600_000_000 }))
const share = fc.constantFrom(0, 0.1, 0.5, 0.9, 0.99, 0.999, 1)

function naiveQuantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number
}

t.test('every quantile is what sorting says, or above it by one part in 1,024 at most', async () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), share, (values, share) => {
      const histogram = new Histogram()
      for (const one of values) histogram.record(one)
      const true_ = naiveQuantile(values, share)
      const told = histogram.quantile(share)
      return told >= true_ && told <= true_ * (1 + 1 / 1024)
    }),
  )
})

t.test('count, least, most and mean are exact', async () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 100 }), (values) => {
      const histogram = new Histogram()
      for (const one of values) histogram.record(one)
      const sum = values.reduce((total, one) => total + one, 0)
      const { count, min, max, mean } = histogram
      return count === values.length && min === Math.min(...values) && max === Math.max(...values) && mean === sum / values.length
    }),
  )
})

t.test('histograms of several processes add up to the histogram of all', async () => {
  fc.assert(
    fc.property(fc.array(fc.array(value, { maxLength: 50 }), { minLength: 1, maxLength: 4 }), share, (parts, share) => {
      const [sum, whole] = [new Histogram(), new Histogram()]
      for (const part of parts) {
        const histogram = new Histogram()
        for (const one of part) histogram.record(one)
        sum.add(histogram.state())
        for (const one of part) whole.record(one)
      }
      t.same(sum.state(), whole.state())
      return sum.quantile(share) === whole.quantile(share)
    }),
  )
})

t.test('what takes longer than can be counted counts as the longest, and nothing measured has quantiles of zero', async (t) => {
  const histogram = new Histogram()
  t.equal(histogram.quantile(0.99), 0)
  t.equal(histogram.mean, 0)
  histogram.record(1e15)
  t.ok(histogram.quantile(1) > 3_600_000_000)
})
