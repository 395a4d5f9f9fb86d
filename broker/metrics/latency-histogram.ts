/**
 * How long things took, counted into buckets that widen with the time: four to every doubling, from a microsecond to half an hour.
 * Made for the hot path: one observation is a few integer operations and allocates nothing.
 */

const subBuckets = 4
const octaves = 31
/** What is exported: bounds at every power of two and half way between, from 64 µs to 16.8 s. */
const firstOctaveExported = 6
const lastOctaveExported = 24

export interface HistogramSnapshot {
  /** Upper bounds in seconds, rising; the count of all is beyond the last. */
  bounds: readonly number[]
  /** Observations at or below each bound. */
  cumulative: readonly number[]
  count: number
  sum: number
}

const bounds: readonly number[] = exportedBounds()

function exportedBounds(): number[] {
  const found = []
  for (let octave = firstOctaveExported; octave <= lastOctaveExported; octave++) {
    found.push((2 ** octave * 1) / 1e6)
    if (octave < lastOctaveExported) found.push((2 ** octave * 1.5) / 1e6)
  }
  return found
}

export class LatencyHistogram {
  readonly #counts = new Float64Array(octaves * subBuckets)
  #sum = 0
  #count = 0

  get count(): number {
    return this.#count
  }

  observe(seconds: number): void {
    this.#sum += seconds
    this.#count++
    const index = bucketOf(seconds)
    this.#counts[index] = (this.#counts[index] as number) + 1
  }

  /** The time that this share of observations stayed within, to a bucket's width; 0 without observations. */
  quantile(share: number): number {
    let left = Math.ceil(this.#count * share)
    if (left <= 0) return 0
    for (let index = 0; index < this.#counts.length; index++) {
      left -= this.#counts[index] as number
      if (left <= 0) return boundOf(index)
    }
    return boundOf(this.#counts.length - 1)
  }

  snapshot(): HistogramSnapshot {
    const cumulative: number[] = []
    let total = 0
    let index = 0
    for (const bound of bounds) {
      while (index < this.#counts.length && boundOf(index) <= bound) total += this.#counts[index++] as number
      cumulative.push(total)
    }
    return { bounds, cumulative, count: this.#count, sum: this.#sum }
  }
}

/** Below 4 µs the four buckets are whole microseconds; above, quarters of a doubling. */
function bucketOf(seconds: number): number {
  const micros = Math.min(seconds * 1e6, 0x7fff_ffff) | 0
  if (micros < subBuckets) return micros < 0 ? 0 : micros
  const octave = 31 - Math.clz32(micros)
  return (octave - 1) * subBuckets + ((micros >> (octave - 2)) & (subBuckets - 1))
}

/** The bucket's upper end, in seconds. */
function boundOf(index: number): number {
  if (index < subBuckets) return (index + 1) / 1e6
  const octave = Math.floor(index / subBuckets) + 1
  const quarter = index % subBuckets
  return (2 ** octave * (1 + (quarter + 1) / subBuckets)) / 1e6
}
