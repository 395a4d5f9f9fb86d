/**
 * One round of one workload against one target: prepared, loaded by its processes, watched meanwhile.
 * Owns: the watching (throughput, and the broker's processor time and memory, twice a second). The processes are the crew's.
 */
import { Histogram } from './measure/histogram.ts'
import type { ForeignClient, ForeignResult, Job } from './foreign/foreign-load.ts'
import { recordsUsually, runProgram } from './foreign/foreign-round.ts'
import { Presence } from './measure/presence.ts'
import { type Usage, usageOf } from './measure/process-usage.ts'
import type { Load, Target } from './plan.ts'
import { runCrew } from './process/crew.ts'
import type { Outcome, Share } from './process/messages.ts'
import type { Latencies, Run, Sample } from './report/report.ts'
import { deleteTopic } from './workloads/own-client.ts'
import type { Workload } from './workloads/workload.ts'

const sampleMillis = 500
/** Before a broker's memory is looked at. */
const settleMillis = 1_000

export interface RoundEvents {
  /** Of the measured time, so far. */
  progress(count: number): void
  measuring(): void
  sample(sample: Sample): void
  notice(text: string): void
}

export type RoundResult = Omit<Run, 'target' | 'round'>

export interface RoundOptions {
  readonly workload: Workload
  readonly target: Target
  readonly load: Load
  readonly events: RoundEvents
  readonly signal: AbortSignal
}

/** By our own client, in processes of the load. */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const { workload, target, load, signal } = options
  const { processes } = load
  return prepared(options, 'stele', async (scene, watch, gone) => {
    const shares = Array.from({ length: processes }, (_, index): Share => {
      return { workload: workload.name, bootstrap: target.bootstrap, http: target.http, load, index, processes, scene }
    })
    const loaded = summed(await runCrew(shares, watch, { signal, gone }))
    return { ...loaded, timed: workload.timed, figures: { ...loaded.figures, ...waitingFigures(options, watch) } }
  })
}

function waitingFigures({ workload: { waiting }, load }: RoundOptions, { openedBytes }: Watch): Record<string, number> {
  return waiting && openedBytes !== undefined ? { [`idle kB/${waiting.name}`]: openedBytes / waiting.count(load) / 1000 } : {}
}

/** By somebody else's. */
export async function runForeignRound(options: RoundOptions, client: ForeignClient, direction: Job['direction']): Promise<RoundResult> {
  const { workload, target, load, signal } = options
  return prepared(options, client.name, async (scene, watch, gone) => {
    const records = recordsUsually(load)
    const program = client.program({ direction, bootstrap: target.bootstrap, topic: scene['topic'] ?? '', records, load })
    watch.measuring()
    const { count, seconds, latencies, used } = await runProgram(program, { signal, gone })
    watch.measured()
    return {
      seconds,
      count,
      bytes: count * load.size,
      failures: 0,
      timed: latencies ? workload.timed : null,
      latencies: latencies ? toldLatencies(count, latencies) : null,
      load: used ?? null,
      figures: {},
    }
  })
}

type Loaded = Pick<Run, 'seconds' | 'count' | 'bytes' | 'failures' | 'timed' | 'latencies' | 'load' | 'figures'>

async function prepared(
  { workload, target, load, events }: RoundOptions,
  client: string,
  act: (scene: Readonly<Record<string, string>>, watch: Watch, gone: Promise<never>) => Promise<Loaded>,
): Promise<RoundResult> {
  const scene = await workload.prepare(target, load)
  const watch = new Watch(target.pid, events, { isToldOf: client === 'stele', opens: workload.waiting !== undefined })
  const presence = new Presence(target.bootstrap)
  const tidy = async () => {
    if (scene['topic'] !== undefined) await deleteTopic(target, scene['topic'])
  }
  try {
    const loaded = await act(scene, watch, presence.gone)
    await tidy().catch((error: unknown) => events.notice(`Topic ${scene['topic']} is left behind: ${(error as Error).message}.`))
    return { workload: workload.name, client, unit: workload.unit, ...loaded, ...watch.seen() }
  } catch (error) {
    // Why the round failed is what is to be told, not that its topic cannot be deleted either.
    await tidy().catch(() => undefined)
    throw error
  } finally {
    presence.end()
    watch.end()
  }
}

function toldLatencies(count: number, told: NonNullable<ForeignResult['latencies']>): Latencies {
  const micros = (millis: number) => Math.round(millis * 1000)
  const [p50, p99, p999] = [micros(told.p50), micros(told.p99), micros(told.p999)]
  const curve = [
    [0.5, p50],
    [0.99, p99],
    [0.999, p999],
  ] as const
  return { count, mean: micros(told.mean), max: micros(told.max), p50, p99, p999, curve }
}

function summed(outcomes: readonly Outcome[]): Omit<Loaded, 'timed'> {
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
  const { count, mean, max } = histogram
  if (count === 0) return null
  const at = (share: number) => histogram.quantile(share)
  const curve = curveShares.filter((share) => 1 - share >= 1 / count).map((share) => [share, at(share)] as const)
  return { count, mean, max, p50: at(0.5), p99: at(0.99), p999: at(0.999), curve }
}

class Watch {
  readonly #pid: number | undefined
  readonly #events: RoundEvents
  readonly #samples: Sample[] = []
  readonly #isToldOf: boolean
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #seconds = 0
  #began = 0
  #sampledAt = 0
  #first: Usage | undefined
  #last: Usage | undefined
  #residentBytes = 0
  #count = 0
  #sampledCount = 0
  #sampledBytes = 0

  /** How much larger the broker has become by what was opened; undefined where its process is not known. */
  openedBytes: number | undefined
  readonly #before: Usage | undefined

  /**
   * @param isToldOf what is done, while it is done.
   * @param opens what is opened before, for its own sake.
   */
  constructor(pid: number | undefined, events: RoundEvents, { isToldOf, opens }: { isToldOf: boolean; opens: boolean }) {
    this.#pid = pid
    this.#isToldOf = isToldOf
    this.#events = events
    this.#before = opens ? this.#usage() : undefined
  }

  async ready(): Promise<void> {
    if (!this.#before) return
    await new Promise((resolve) => setTimeout(resolve, settleMillis))
    const usage = this.#usage()
    if (usage) this.openedBytes = usage.residentBytes - this.#before.residentBytes
  }

  /** The first process says so; the others begin within milliseconds. */
  measuring(): void {
    if (this.#timer) return
    this.#began = this.#sampledAt = performance.now()
    this.#first = this.#last = this.#usage()
    this.#timer = setInterval(() => this.#sample(), sampleMillis)
    this.#events.measuring()
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
    const sample: Sample = {
      seconds: (now - this.#began) / 1000,
      countPerSecond: this.#isToldOf ? this.#sampledCount / seconds : null,
      bytesPerSecond: this.#isToldOf ? this.#sampledBytes / seconds : null,
      brokerCores: usage && this.#last ? (usage.cpuSeconds - this.#last.cpuSeconds) / seconds : null,
      brokerBytes: usage?.residentBytes ?? null,
    }
    this.#samples.push(sample)
    this.#events.sample(sample)
    this.#sampledAt = now
    this.#sampledCount = this.#sampledBytes = 0
    this.#last = usage
  }

  measured(): void {
    if (this.#isOver) return
    this.end()
    this.#last = this.#usage()
    this.#seconds = (performance.now() - this.#began) / 1000
  }

  end(): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }

  seen(): Pick<Run, 'samples' | 'broker'> {
    const [first, last] = [this.#first, this.#last]
    const broker =
      first && last ? { cpuSeconds: last.cpuSeconds - first.cpuSeconds, residentBytes: this.#residentBytes, seconds: this.#seconds } : null
    return { samples: this.#samples, broker }
  }
}
