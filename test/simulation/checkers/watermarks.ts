/**
 * Invariant 3, from within: start <= last stable offset <= high watermark <= written end <= end, and none but a new life moves them back.
 * Looks at every log after every step, through what it tells about itself; changes nothing.
 */
import { Violation } from '../violation.ts'

/** What the checker may see of a broker's log. */
export interface ProbedLog {
  readonly topic: string
  readonly partition: number
  readonly startOffset: number
  readonly endOffset: number
  readonly writtenEnd: number
  readonly durableEnd: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly offline: unknown
  epochAt(offset: number): number
}

interface Marks {
  start: number
  highWatermark: number
  lastStableOffset: number
  durableEnd: number
}

export class Watermarks {
  readonly #seen = new Map<ProbedLog, Marks>()

  /** @param started told of each log whose start moved. */
  check(logs: Iterable<ProbedLog>, started: (log: ProbedLog) => void): void {
    for (const log of logs) {
      const { startOffset, highWatermark, durableEnd } = log
      let marks = this.#seen.get(log)
      if (!marks) {
        marks = { start: -1, highWatermark: 0, lastStableOffset: 0, durableEnd: 0 }
        this.#seen.set(log, marks)
      }
      if (startOffset !== marks.start) started(log)
      if (log.offline) {
        // Reopened, it knows less of what is on the device; of what was committed it may not know less.
        marks.durableEnd = 0
        continue
      }
      const inOrder = startOffset <= highWatermark && highWatermark <= log.writtenEnd && log.writtenEnd <= log.endOffset
      const inBounds = log.lastStableOffset <= highWatermark && durableEnd <= log.writtenEnd
      if (!inOrder || !inBounds) throw new Violation(3, `${nameOf(log)}: out of order: ${describe(log)}`)
      const wentBack = startOffset < marks.start || highWatermark < marks.highWatermark || durableEnd < marks.durableEnd
      if (wentBack || log.lastStableOffset < marks.lastStableOffset) {
        throw new Violation(3, `${nameOf(log)}: went back from ${JSON.stringify(marks)} to ${describe(log)}`)
      }
      marks.start = startOffset
      marks.highWatermark = highWatermark
      marks.lastStableOffset = log.lastStableOffset
      marks.durableEnd = durableEnd
    }
  }

  forgetAll(): void {
    this.#seen.clear()
  }
}

function nameOf({ topic, partition }: ProbedLog): string {
  return `${topic}-${partition}`
}

function describe(log: ProbedLog): string {
  const { startOffset, lastStableOffset, highWatermark, durableEnd, writtenEnd, endOffset } = log
  return JSON.stringify({ startOffset, lastStableOffset, highWatermark, durableEnd, writtenEnd, endOffset })
}
