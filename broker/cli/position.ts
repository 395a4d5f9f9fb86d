/** Where reading begins, as people write it: a word, an offset, how long ago, or a moment. Pure. */
import type { Position } from '../../client/index.ts'
import { BadValue, type Flag } from './command.ts'

const unitMillis: Readonly<Record<string, number>> = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const allowed = 'beginning, end, an offset, how long ago (30s, 15m, 2h, 7d) or a moment (2026-01-31T08:00:00Z)'

export type WrittenPosition = Exclude<Position, { time: number }> | { readonly time: number } | { readonly millisAgo: number }

/** Throws BadValue. */
export function readPosition(text: string): WrittenPosition {
  if (text === 'beginning' || text === 'end') return text
  if (/^\d{1,16}$/.test(text)) return { offset: Number(text) }
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?) ?(s|min|m|h|d|w)(?: ago)?$/.exec(text) ?? []
  if (amount !== undefined && unit !== undefined) return { millisAgo: Number(amount) * (unitMillis[unit] as number) }
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return { time }
  throw new BadValue(allowed)
}

export function positionAt(written: WrittenPosition, now: number): Position {
  if (typeof written === 'string' || !('millisAgo' in written)) return written
  return { time: Math.round(now - written.millisAgo) }
}

/** @param doc up to the words that are allowed. */
export function positionFlag<D extends WrittenPosition | undefined>(otherwise: D, doc: string): Flag<WrittenPosition | D> {
  return {
    value: 'WHERE',
    doc: `${doc}: ${allowed}.`,
    short: undefined,
    required: false,
    read: (texts) => {
      const text = texts.at(-1)
      return text === undefined ? otherwise : readPosition(text)
    },
  }
}
