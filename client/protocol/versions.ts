/**
 * Ranges of versions as Kafka writes them: `3`, `0-13`, `9+`.
 * Owns: reading the text. Invariant: both ends are included, first <= last.
 */
import assert from 'node:assert/strict'

export interface VersionRange {
  readonly first: number
  readonly last: number
}

/** The highest version an int16 can say; where `9+` ends. */
const versionMax = 32767

export function versionRange(text: string): VersionRange {
  const [, first, dash, last] = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text) ?? []
  assert(first !== undefined, `'${text}' is not a range of versions`)
  const range = { first: Number(first), last: dash ? versionMax : Number(last ?? first) }
  assert(range.first <= range.last && range.last <= versionMax, `the range '${text}' is upside down`)
  return range
}

export function within(range: VersionRange | null, version: number): boolean {
  return range !== null && version >= range.first && version <= range.last
}
