/** What a run of the bench comes to: its JSON form, field by field. */
import type { MachineFacts } from '../measure/machine.ts'
import type { Plan } from '../plan.ts'

/** Microseconds. */
export interface Latencies {
  readonly count: number
  readonly mean: number
  readonly max: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Share of all, and the latency that it does not exceed: for plots. */
  readonly curve: readonly (readonly [share: number, micros: number])[]
}

/** Half a second of a run, at its end. */
export interface Sample {
  /** Since measuring began. */
  readonly seconds: number
  /** Null where others' programs make the load: they tell what they did at their end. */
  readonly countPerSecond: number | null
  readonly bytesPerSecond: number | null
  /** Processors in use by the broker; null where its process is not known. */
  readonly brokerCores: number | null
  readonly brokerBytes: number | null
}

export interface Spent {
  readonly cpuSeconds: number
  /** Resident, at most. */
  readonly residentBytes: number
}

export interface Run {
  readonly workload: string
  /** Index of the target. */
  readonly target: number
  readonly round: number
  /** Whose client made the load. */
  readonly client: string
  /** What `count` counts: records, commits, transactions. */
  readonly unit: string
  readonly seconds: number
  readonly count: number
  readonly bytes: number
  readonly failures: number
  /** What was timed, and how long it took. */
  readonly timed: string | null
  readonly latencies: Latencies | null
  readonly samples: readonly Sample[]
  readonly broker: (Spent & { /** For so long it was looked at. */ readonly seconds: number }) | null
  /** Of all processes of the load. */
  readonly load: Spent | null
  /** What this workload has to say besides. */
  readonly figures: Readonly<Record<string, number>>
}

export interface Report {
  readonly startedAt: string
  /** As it can be typed again. */
  readonly command: string
  readonly machine: MachineFacts
  readonly plan: Plan
  readonly runs: readonly Run[]
  /** What was asked for and could not be, and what should be known of the figures. */
  readonly notes: readonly string[]
  /** Why it ended before all was measured. */
  readonly failure: string | null
}
