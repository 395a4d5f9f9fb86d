/**
 * How long things took, counted in buckets as HdrHistogram has them: exact below 2,048, above that to one part in 1,024, so that every quantile
 * is as good as the next and histograms of several processes add up.
 * Owns: its counts, some 200 kB. Our own rather than hdr-histogram-js: that brings three packages along (one of WebAssembly), and what is needed
 * of it is this one page.
 */

const halfBuckets = 1024
const exactBelow = 2 * halfBuckets
/** Above 1 h in microseconds; what takes longer counts as that. */
const exponentMax = 22
const bucketCount = exactBelow + exponentMax * halfBuckets
const valueMax = exactBelow * 2 ** exponentMax - 1

/** What crosses from one process to another. */
export interface HistogramState {
  /** Index and count of each bucket that holds something, in turn. */
  readonly buckets: readonly number[]
  readonly min: number
  readonly max: number
  readonly sum: number
}

export class Histogram {
  readonly #counts = new Float64Array(bucketCount)
  #count = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0
  #sum = 0

  get count(): number {
    return this.#count
  }

  get min(): number {
    return this.#count === 0 ? 0 : this.#min
  }

  get max(): number {
    return this.#max
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  /** @param value not negative; counted as the whole number below it. */
  record(value: number, times = 1): void {
    const whole = Math.min(valueMax, Math.max(0, Math.floor(value)))
    this.#counts[bucketOf(whole)]! += times
    this.#count += times
    this.#sum += whole * times
    if (whole < this.#min) this.#min = whole
    if (whole > this.#max) this.#max = whole
  }

  /** The largest value of the bucket in which `share` of all values are reached, so never less than the true one; 0 of nothing. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.#count))
    let seen = 0
    for (let index = 0; index < bucketCount; index++) {
      seen += this.#counts[index] as number
      if (seen >= wanted) return Math.min(this.#max, lastOf(index))
    }
    return this.#max
  }

  add(other: HistogramState): void {
    for (let at = 0; at < other.buckets.length; at += 2) {
      const count = other.buckets[at + 1] as number
      this.#counts[other.buckets[at] as number]! += count
      this.#count += count
    }
    this.#sum += other.sum
    this.#min = Math.min(this.#min, other.min)
    this.#max = Math.max(this.#max, other.max)
  }

  state(): HistogramState {
    const buckets: number[] = []
    for (const [index, count] of this.#counts.entries()) if (count > 0) buckets.push(index, count)
    return { buckets, min: this.#min, max: this.#max, sum: this.#sum }
  }
}

function bucketOf(value: number): number {
  if (value < exactBelow) return value
  const exponent = Math.floor(Math.log2(value)) - Math.log2(halfBuckets)
  return halfBuckets * exponent + Math.floor(value / 2 ** exponent)
}

function lastOf(index: number): number {
  if (index < exactBelow) return index
  const exponent = Math.floor(index / halfBuckets) - 1
  return (index - halfBuckets * exponent + 1) * 2 ** exponent - 1
}
