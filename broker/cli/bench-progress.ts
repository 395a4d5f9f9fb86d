/**
 * Where a bench is, in a line that is drawn again and again on a terminal, from its first moment; elsewhere nothing.
 * Owns: that line. Never: sets a timer; it draws when it is told something, ten times a second at most.
 */
import type { RoundPlace, Sample } from '../../bench/bench.ts'
import type { Clock, Millis } from '../platform/clock.ts'
import { redrawMillis, wipe } from './progress.ts'
import { barText, bytesText, countText } from './quantities.ts'
import type { Stream } from './terminal.ts'

const barColumns = 20

export class BenchProgress {
  readonly #stream: Stream
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #seconds: number
  #place: RoundPlace | undefined
  #measuringSince: Millis | undefined
  #count = 0
  #sample: Sample | undefined
  #drawnAt: Millis = Number.NEGATIVE_INFINITY

  /** @param seconds that a round is measured. */
  constructor(stream: Stream, clock: Pick<Clock, 'monotonic'>, seconds: number) {
    this.#stream = stream
    this.#clock = clock
    this.#seconds = seconds
  }

  round(place: RoundPlace): void {
    this.#place = place
    this.#measuringSince = this.#sample = undefined
    this.#count = 0
    this.#draw(true)
  }

  measuring(): void {
    this.#measuringSince = this.#clock.monotonic()
    this.#draw(true)
  }

  progress(count: number): void {
    this.#count = count
    this.#draw(false)
  }

  sample(sample: Sample): void {
    this.#sample = sample
    this.#draw(true)
  }

  /** The work is over, or something else is to be written. */
  clear(): void {
    if (this.#place && this.#stream.isTerminal) void this.#stream.write(wipe)
  }

  #draw(isNews: boolean): void {
    if (!this.#stream.isTerminal || !this.#place) return
    const now = this.#clock.monotonic()
    if (!isNews && now - this.#drawnAt < redrawMillis) return
    this.#drawnAt = now
    const elapsed = this.#measuringSince === undefined ? undefined : (now - this.#measuringSince) / 1000
    const state = { place: this.#place, seconds: this.#seconds, elapsed, count: this.#count, sample: this.#sample }
    void this.#stream.write(`${wipe}${benchLine(state).slice(0, this.#stream.columns - 1)}`)
  }
}

export interface BenchState {
  readonly place: RoundPlace
  /** That it is measured. */
  readonly seconds: number
  /** That it has been; undefined before. */
  readonly elapsed: number | undefined
  readonly count: number
  readonly sample: Sample | undefined
}

/** `[3/8] produce on kafka  [########------------] 2 s of 5  160,209 records/s  broker 0.42 cores, 374 MiB`. */
export function benchLine({ place, seconds, elapsed, count, sample }: BenchState): string {
  const { nth, total, workload, target, unit, isTold } = place
  const title = `[${nth}/${total}] ${workload} on ${target}`
  if (elapsed === undefined) return `${title}  ${isTold ? 'warming up' : 'starting'}`
  // Others' programs end when they have done so many; our load in time.
  const bar = isTold
    ? `${barText(Math.min(1, elapsed / seconds), barColumns)} ${Math.floor(elapsed)} s of ${seconds}`
    : `${Math.floor(elapsed)} s`
  const rate = sample?.countPerSecond ?? (elapsed > 0 ? count / elapsed : 0)
  const load = isTold ? [`${countText(Math.round(rate))} ${unit}/s`] : []
  const { brokerCores = null, brokerBytes = null } = sample ?? {}
  const broker = brokerCores === null || brokerBytes === null ? [] : [`broker ${brokerCores.toFixed(2)} cores, ${bytesText(brokerBytes)}`]
  return [title, bar, ...load, ...broker].join('  ')
}
