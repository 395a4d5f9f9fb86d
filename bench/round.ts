/**
 * One round of one workload against one target: prepared, loaded by its processes, watched meanwhile.
 * Owns: the watching (throughput, and the broker's processor time and memory, twice a second). The processes are the crew's.
 */
import { Histogram } from './measure/histogram.ts'
import { type Usage, usageOf } from './measure/process-usage.ts'
import type { Load, Target } from './plan.ts'
import { runCrew } from './process/crew.ts'
import type { Outcome, Share } from './process/messages.ts'
import type { Latencies, Run, Sample, Spent } from './report/report.ts'
import { deleteTopic } from './workloads/own-client.ts'
import type { Workload } from './workloads/workload.ts'

const sampleMillis = 500

export interface RoundEvents {
  /** Of the measured time, so far. */
  progress(count: number): void
}

export type RoundResult = Omit<Run, 'target' | 'round'>

export async function runRound(
  workload: Workload,
  target: Target,
  load: Load,
  events: RoundEvents,
  signal: AbortSignal,
): Promise<RoundResult> {
  const scene = await workload.prepare(target, load)
  try {
    const { processes } = load
    const shares = Array.from({ length: processes }, (_, index): Share => {
      return { workload: workload.name, bootstrap: target.bootstrap, http: target.http, load, index, processes, scene }
    })
    const watch = new Watch(target.pid, events)
    const outcomes = await runCrew(shares, watch, signal).finally(() => watch.end())
    return { workload: workload.name, client: 'stele', unit: workload.unit, timed: workload.timed, ...summed(outcomes), ...watch.seen() }
  } finally {
    if (scene['topic'] !== undefined) await deleteTopic(target, scene['topic'])
  }
}

type Summed = Pick<Run, 'seconds' | 'count' | 'bytes' | 'failures' | 'latencies' | 'load' | 'figures'>

function summed(outcomes: readonly Outcome[]): Summed {
  const all = new Histogram()
  const figures: Record<string, number> = {}
  for (const { latencies, figures: own } of outcomes) {
    all.add(latencies)
    for (const [name, value] of Object.entries(own)) figures[name] = (figures[name] ?? 0) + value
  }
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  return {
    seconds: Math.max(0, ...outcomes.map(({ seconds }) => seconds)),
    count: sum(({ count }) => count),
    bytes: sum(({ bytes }) => bytes),
    failures: sum(({ failures }) => failures),
    latencies: latenciesOf(all),
    load: { cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds), residentBytes: sum(({ residentBytes }) => residentBytes) },
    figures,
  }
}

/** What a plot shows: evenly spaced in the number of nines. */
const curveShares = [
  0,
  0.1,
  0.2,
  0.3,
  0.4,
  0.5,
  0.6,
  0.7,
  0.75,
  0.8,
  0.85,
  ...[1, 2, 3, 4, 5].flatMap((nines) => [1, 2, 4].map((part) => 1 - 10 ** -nines / part)),
]

export function latenciesOf(histogram: Histogram): Latencies | null {
  const { count, min, mean, max } = histogram
  if (count === 0) return null
  const at = (share: number) => histogram.quantile(share)
  const curve = curveShares.filter((share) => 1 - share >= 1 / count).map((share) => [share, at(share)] as const)
  return { count, min, mean, max, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), p9999: at(0.9999), curve }
}

class Watch {
  readonly #pid: number | undefined
  readonly #events: RoundEvents
  readonly #samples: Sample[] = []
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #began = 0
  #sampledAt = 0
  #first: Usage | undefined
  #last: Usage | undefined
  #residentBytes = 0
  #count = 0
  #sampledCount = 0
  #sampledBytes = 0

  constructor(pid: number | undefined, events: RoundEvents) {
    this.#pid = pid
    this.#events = events
  }

  /** The first process says so; the others begin within milliseconds. */
  measuring(): void {
    if (this.#timer) return
    this.#began = this.#sampledAt = performance.now()
    this.#first = this.#last = this.#usage()
    this.#timer = setInterval(() => this.#sample(), sampleMillis)
  }

  progress(count: number, bytes: number): void {
    this.#count += count
    this.#sampledCount += count
    this.#sampledBytes += bytes
    this.#events.progress(this.#count)
  }

  #usage(): Usage | undefined {
    const usage = this.#pid === undefined ? undefined : usageOf(this.#pid)
    this.#residentBytes = Math.max(this.#residentBytes, usage?.residentBytes ?? 0)
    return usage
  }

  #sample(): void {
    const now = performance.now()
    const seconds = (now - this.#sampledAt) / 1000
    const usage = this.#usage()
    this.#samples.push({
      seconds: (now - this.#began) / 1000,
      countPerSecond: this.#sampledCount / seconds,
      bytesPerSecond: this.#sampledBytes / seconds,
      brokerCores: usage && this.#last ? (usage.cpuSeconds - this.#last.cpuSeconds) / seconds : null,
      brokerBytes: usage?.residentBytes ?? null,
    })
    this.#sampledAt = now
    this.#sampledCount = this.#sampledBytes = 0
    this.#last = usage
  }

  measured(): void {
    if (this.#isOver) return
    this.end()
    this.#last = this.#usage()
  }

  end(): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }

  seen(): { samples: readonly Sample[]; broker: Spent | null } {
    const isKnown = this.#first !== undefined && this.#last !== undefined
    const broker = isKnown
      ? { cpuSeconds: (this.#last as Usage).cpuSeconds - (this.#first as Usage).cpuSeconds, residentBytes: this.#residentBytes }
      : null
    return { samples: this.#samples, broker }
  }
}
