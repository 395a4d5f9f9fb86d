/** Load made by others' clients, as programs of their own: they produce, or read what is stored. */
import type { Load } from '../plan.ts'

export interface Job {
  readonly direction: 'produce' | 'consume'
  readonly bootstrap: string
  readonly topic: string
  readonly records: number
  readonly load: Load
}

/** A program, and what its output says. Its warm-up, if it has one, counts. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  /** What is given to its standard input, and how often. */
  readonly input?: { readonly chunk: Buffer; readonly times: number }
  /** @param seconds that it ran in all. Throws BenchError where the output does not say what is asked. */
  read(output: string, seconds: number): ForeignResult
}

export interface ForeignResult {
  readonly count: number
  readonly seconds: number
  /** Milliseconds, of producers that say it. */
  readonly latencies?: { readonly mean: number; readonly max: number; readonly p50: number; readonly p99: number; readonly p999: number }
}

export interface ForeignClient {
  readonly name: string
  /** Why it cannot load here; undefined if it can. May build what it needs. */
  missing(): string | undefined
  program(job: Job): Program
}
