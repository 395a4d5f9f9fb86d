/**
 * Counts what a load does: nothing while it warms up, everything while it is measured, nothing after.
 * Owns: the phases of one process's round, their timers, and the counts. What is counted is the workload's.
 */
import { Histogram } from '../measure/histogram.ts'
import type { Load } from '../plan.ts'
import type { FromProcess, Outcome } from './messages.ts'
import { nowMicros } from './metronome.ts'

const tellMillis = 100

export class Meter {
  readonly #say: (message: FromProcess) => void
  readonly #load: Load
  readonly #recordsMax: number
  readonly #started = Promise.withResolvers<void>()
  readonly #over = new AbortController()
  readonly #latencies = new Histogram()
  readonly #figures: Record<string, number> = {}
  #isMeasuring = false
  /** Of the measured time, in microseconds. */
  #from = Number.POSITIVE_INFINITY
  #to = Number.POSITIVE_INFINITY
  #measuredSeconds = 0
  #cpu = process.cpuUsage()
  #cpuSeconds = 0
  #count = 0
  #bytes = 0
  #failures = 0
  #told = { count: 0, bytes: 0 }
  #timers: NodeJS.Timeout[] = []

  /** @param processes among whom the records are shared out. */
  constructor(load: Load, processes: number, say: (message: FromProcess) => void) {
    this.#say = say
    this.#load = load
    this.#recordsMax = Math.ceil((load.records ?? Number.POSITIVE_INFINITY) / processes)
  }

  /** All is open and nothing under way yet: resolves when everybody is as far. */
  ready(): Promise<void> {
    this.#say({ kind: 'ready' })
    return this.#started.promise
  }

  start(): void {
    this.#started.resolve()
    this.#timers.push(setTimeout(() => this.#measure(), this.#load.warmUpSeconds * 1000))
  }

  get isOver(): boolean {
    return this.#over.signal.aborted
  }

  /** Aborted when the round is over. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Whether something of that moment (metronome.ts) is measured. */
  measures(micros: number): boolean {
    return micros >= this.#from && micros < this.#to
  }

  /**
   * @param micros how long each of them took, where the workload times them.
   * @param at the moment that they count by, for what may arrive when the round is over; now if left out.
   */
  count(count: number, bytes: number, micros?: number, at?: number): void {
    if (!(at === undefined ? this.#isMeasuring : this.measures(at))) return
    this.#count += count
    this.#bytes += bytes
    if (micros !== undefined) this.#latencies.record(micros, count)
    if (this.#count >= this.#recordsMax) this.finish()
  }

  fail(count: number): void {
    if (this.#isMeasuring) this.#failures += count
  }

  /** What was measured and is missing at the end: counts after the round too. */
  miss(count: number): void {
    this.#failures += count
  }

  /** Adds to a figure of the workload's own. */
  figure(name: string, value: number): void {
    if (this.#isMeasuring) this.note(name, (this.#figures[name] ?? 0) + value)
  }

  /** A figure as it is, whenever it was taken. */
  note(name: string, value: number): void {
    this.#figures[name] = value
  }

  #measure(): void {
    if (this.isOver) return
    this.#isMeasuring = true
    this.#cpu = process.cpuUsage()
    this.#from = nowMicros()
    this.#say({ kind: 'measuring' })
    this.#timers.push(
      setTimeout(() => this.finish(), this.#load.seconds * 1000),
      setInterval(() => this.#tell(), tellMillis),
    )
  }

  #tell(): void {
    const { count, bytes } = this.#told
    this.#told = { count: this.#count, bytes: this.#bytes }
    this.#say({ kind: 'progress', count: this.#count - count, bytes: this.#bytes - bytes })
  }

  /** The round is over, in time or because there is no more to do. */
  finish(): void {
    if (this.isOver) return
    if (this.#isMeasuring) {
      this.#to = nowMicros()
      this.#measuredSeconds = (this.#to - this.#from) / 1e6
      const { user, system } = process.cpuUsage(this.#cpu)
      this.#cpuSeconds = (user + system) / 1e6
      this.#tell()
      this.#say({ kind: 'measured' })
    }
    this.#isMeasuring = false
    for (const timer of this.#timers) clearTimeout(timer)
    this.#over.abort()
  }

  outcome(): Outcome {
    return {
      seconds: this.#measuredSeconds,
      count: this.#count,
      bytes: this.#bytes,
      failures: this.#failures,
      cpuSeconds: this.#cpuSeconds,
      residentBytes: process.resourceUsage().maxRSS * 1024,
      latencies: this.#latencies.state(),
      figures: this.#figures,
    }
  }
}
