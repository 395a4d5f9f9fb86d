/** Where reading begins, as people write it: a word, an offset, how long ago, or a moment. Pure. */
import type { Position } from '../../client/index.ts'
import { BadValue, type Flag } from './command.ts'

const unitMillis: Readonly<Record<string, number>> = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const times = 'how long ago (30s, 15m, 2h, 7d) or a moment (2026-01-31T08:00:00Z)'
const allowed = `beginning, end, an offset, ${times}`
const allowedInReading = `beginning, end, an offset, so many before the end (-5), ${times}`

export type WrittenPosition = Position | { readonly millisAgo: number }
export type ReadingPosition = WrittenPosition | { readonly beforeEnd: number }

/** Throws BadValue. */
export function readPosition(text: string): WrittenPosition {
  const position = positionIn(text)
  if (position === undefined) throw new BadValue(allowed)
  return position
}

function positionIn(text: string): WrittenPosition | undefined {
  if (text === 'beginning' || text === 'end') return text
  if (/^\d{1,16}$/.test(text)) return { offset: Number(text) }
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?) ?(s|min|m|h|d|w)(?: ago)?$/.exec(text) ?? []
  if (amount !== undefined && unit !== undefined) return { millisAgo: Number(amount) * (unitMillis[unit] as number) }
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : { time }
}

/** Throws BadValue. */
function readingPosition(text: string): ReadingPosition {
  const position = /^-\d{1,15}$/.test(text) ? { beforeEnd: -Number(text) } : positionIn(text)
  if (position === undefined) throw new BadValue(allowedInReading)
  return position
}

export function positionAt<P extends ReadingPosition>(written: P, now: number): Exclude<P, { millisAgo: number }> | { time: number } {
  if (typeof written === 'object' && 'millisAgo' in written) return { time: Math.round(now - written.millisAgo) }
  return written as Exclude<P, { millisAgo: number }>
}

/** @param doc up to the words that are allowed. */
export function positionFlag<D extends WrittenPosition | undefined>(otherwise: D, doc: string): Flag<WrittenPosition | D> {
  return positionsFlag(otherwise, `${doc}: ${allowed}.`, readPosition)
}

/** Of what is read without a group, places before the end too. */
export function readingFlag<D extends ReadingPosition | undefined>(otherwise: D, doc: string): Flag<ReadingPosition | D> {
  return positionsFlag(otherwise, `${doc}: ${allowedInReading}.`, readingPosition)
}

function positionsFlag<P, D>(otherwise: D, doc: string, read: (text: string) => P): Flag<P | D> {
  return {
    value: 'WHERE',
    doc,
    short: undefined,
    required: false,
    read: (texts) => {
      const text = texts.at(-1)
      return text === undefined ? otherwise : read(text)
    },
  }
}
