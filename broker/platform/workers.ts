/**
 * Long work that must not keep the event loop: a task runs in a thread of its own, in steps, from plain data to plain data.
 * A task is a generator, so that the simulator can run it step by step in its own time.
 */
import type { Millis } from './clock.ts'
import type { Disk } from './disk.ts'

/** What a task has of the world. It may block. */
export interface WorkSite {
  readonly disk: Disk
  /** As the clock's. */
  monotonic(): Millis
}

/** Between two steps a task may be stopped for good. */
export interface WorkStep<Report> {
  /** How long to wait before the next one. */
  readonly restMillis: Millis
  /** For whoever started it. */
  readonly report?: Report
}

/** Input, reports and result cross to another thread and back: nothing but data. */
export interface Task<Input, Report, Result> {
  /** The module, below the broker's folder and without its ending, that serves it in a thread. */
  readonly module: string
  run(input: Input, site: WorkSite): Generator<WorkStep<Report>, Result, undefined>
}

export interface Work<Result> {
  /** Undefined where it was cancelled. Rejects with a DiskError, or with what was thrown. Nothing of the task runs any more then. */
  readonly done: Promise<Result | undefined>
  /** Ends it between two steps, or in the middle of one. */
  cancel(): void
}

export interface Workers {
  start<Input, Report, Result>(task: Task<Input, Report, Result>, input: Input, onReport: (report: Report) => void): Work<Result>
}
