/**
 * Real input for tests: Debian's package index as keyed records, the package's name and its stanza.
 * Where no index is on the machine, a set of the same shape is made up, always the same one, and said loudly.
 * Owns: the order, the times and the headers of the records. Never: sends them.
 */
import { execFileSync } from 'node:child_process'

export interface SourceRecord {
  readonly timeMillis: number
  readonly key: Buffer
  readonly value: Buffer
  readonly headers: readonly (readonly [string, Buffer])[]
}

const firstTimeMillis = 1_700_000_000_000
const stepMillis = 37
const indexBytesMax = 512 << 20

/** Up to `count` records in the index's order, their times rising. */
export function aptRecords(count: number, { headers = true } = {}): SourceRecord[] {
  return stanzas(count).map((stanza, nth) => ({
    timeMillis: firstTimeMillis + nth * stepMillis,
    key: Buffer.from(field(stanza, 'Package')),
    value: Buffer.from(stanza),
    headers: headers ? [['section', Buffer.from(field(stanza, 'Section'))]] : [],
  }))
}

function field(stanza: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? 'none'
}

function stanzas(count: number): string[] {
  let index = ''
  try {
    index = execFileSync('apt-cache', ['dumpavail'], { encoding: 'utf8', maxBuffer: indexBytesMax, stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    // No apt on this machine: said below, as an empty index is.
  }
  const found = index.split('\n\n').filter((stanza) => stanza.startsWith('Package: '))
  if (found.length > 0) return found.slice(0, count)
  console.error("SKIPPED: Debian's package index (none on this machine; `apt-get update` brings it): made-up records stand in for it")
  return Array.from({ length: Math.min(count, 60_000) }, (_, nth) => madeUp(nth))
}

/** Like a stanza: some hundred bytes of fields, keys that come again now and then. */
function madeUp(nth: number): string {
  const words = (some: number) =>
    Array.from({ length: some }, (_, place) => ((nth * 2_654_435_761 + place * 40_503) >>> 0).toString(36)).join(' ')
  return [
    `Package: package-${nth % 59_999}`,
    `Version: ${nth % 7}.${nth % 11}-${nth % 3}`,
    `Section: section-${nth % 40}`,
    `Installed-Size: ${(nth * 7919) % 100_000}`,
    `Depends: ${words(3 + (nth % 9)).replaceAll(' ', ', ')}`,
    `Description: ${words(5 + (nth % 6))}\u00e9`,
    ` ${words(20 + (nth % 50))}`,
  ].join('\n')
}
