/**
 * How far long work is: a bar on a terminal, drawn once the work has taken a second, and wiped away at its end.
 * Elsewhere it writes nothing. Never: sets a timer; it draws when it is told of progress.
 */
import type { Clock, Millis } from '../platform/clock.ts'
import { barText, bytesText, countText, durationText } from './quantities.ts'
import type { Stream } from './terminal.ts'

const quietMillis: Millis = 1000
/** Ten times a second at most. */
export const redrawMillis: Millis = 100
/** Wipes away the line that was drawn. */
export const wipe = '\r\u001b[2K'
const barColumns = 24

export interface ProgressOptions {
  /** What is being done: `recovering`. */
  title: string
  /** How much there is to do, if that is known. */
  total?: number
  /** In the plural; `bytes` are written in units of their own. */
  unit?: string
}

export class Progress {
  readonly #stream: Stream
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #options: ProgressOptions
  readonly #startedAt: Millis
  #drawnAt: Millis
  #drawn = false

  constructor(stream: Stream, clock: Pick<Clock, 'monotonic'>, options: ProgressOptions) {
    this.#stream = stream
    this.#clock = clock
    this.#options = options
    this.#startedAt = clock.monotonic()
    this.#drawnAt = this.#startedAt + quietMillis - redrawMillis
  }

  /** So much is done in all. Cheap: draws ten times a second at most. */
  done(amount: number): void {
    if (!this.#stream.isTerminal) return
    const now = this.#clock.monotonic()
    if (now - this.#drawnAt < redrawMillis) return
    this.#drawnAt = now
    this.#drawn = true
    void this.#stream.write(`${wipe}${progressLine(this.#options, amount, now - this.#startedAt, this.#stream.columns - 1)}`)
  }

  /** The work is over, or something else is to be written. */
  clear(): void {
    if (!this.#drawn) return
    this.#drawn = false
    void this.#stream.write(wipe)
  }
}

/** `recovering [######------]  50%  1.2 GiB  300 MiB/s  4 s left`. */
export function progressLine(
  { title, total, unit = 'records' }: ProgressOptions,
  amount: number,
  elapsed: Millis,
  columns: number,
): string {
  const text = unit === 'bytes' ? bytesText : countText
  const perSecond = (amount / Math.max(1, elapsed)) * 1000
  const rate = unit === 'bytes' ? `${bytesText(perSecond)}/s` : `${countText(Math.round(perSecond))}/s`
  const amountText = unit === 'bytes' ? text(amount) : `${text(amount)} ${unit}`
  if (total === undefined || total <= 0) return [title, amountText, rate].join('  ').slice(0, columns)
  const share = Math.min(1, amount / total)
  const bar = `${barText(share, barColumns)} ${String(Math.floor(share * 100)).padStart(3)}%`
  const left = perSecond > 0 ? `${durationText(Math.max(1000, ((total - amount) / perSecond) * 1000))} left` : ''
  return [title, bar, amountText, rate, left].join('  ').trimEnd().slice(0, columns)
}
