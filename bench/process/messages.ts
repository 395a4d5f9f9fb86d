/** What the harness and its load processes say to each other, by the channel that Node opens between a process and one that it forks. */
import type { HistogramState } from '../measure/histogram.ts'
import type { Load } from '../plan.ts'

/** One process's part of a round. */
export interface Share {
  readonly workload: string
  /** `host:port` that the load is for. */
  readonly bootstrap: string
  readonly http: string
  readonly load: Load
  /** Of the processes, from 0. */
  readonly index: number
  readonly processes: number
  /** What `prepare` has made: a topic's name, mostly. */
  readonly scene: Readonly<Record<string, string>>
}

export type ToProcess = { readonly kind: 'share'; readonly share: Share } | { readonly kind: 'start' } | { readonly kind: 'stop' }

export interface Outcome {
  readonly seconds: number
  readonly count: number
  readonly bytes: number
  readonly failures: number
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly latencies: HistogramState
  readonly figures: Readonly<Record<string, number>>
}

export type FromProcess =
  | { readonly kind: 'ready' }
  /** The warm-up is over. */
  | { readonly kind: 'measuring' }
  /** The measured time is over; what is under way may still come to its end. */
  | { readonly kind: 'measured' }
  /** Since it was last said. */
  | { readonly kind: 'progress'; readonly count: number; readonly bytes: number }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly message: string }
