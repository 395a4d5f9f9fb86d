/**
 * The sparse map from offsets to file positions of one segment.
 * Owns: its entries. Never: reads the segment, awaits, or knows of other segments.
 * Invariants: offsets and positions both rise; an entry's position is the start of the batch whose last offset it names.
 * On disk (`.index`): 8 bytes an entry, big-endian: the offset less the segment's base, the position.
 */
import assert from 'node:assert/strict'
import type { Offset } from './offset.ts'

export const offsetIndexEntryBytes = 8
const firstCapacity = 16

export class OffsetIndex {
  readonly #base: Offset
  /** Relative offset and position by turns. Not there until something is indexed: most partitions are idle. */
  #entries: Int32Array<ArrayBuffer> | undefined
  #count = 0

  constructor(base: Offset) {
    this.#base = base
  }

  /** Undefined where the bytes can't be an index of this segment: odd size, disorder, beyond the segment. */
  static parse(bytes: Buffer, base: Offset, segmentBytes: number): OffsetIndex | undefined {
    if (bytes.length % offsetIndexEntryBytes !== 0) return undefined
    const index = new OffsetIndex(base)
    const count = bytes.length / offsetIndexEntryBytes
    if (count === 0) return index
    const entries = new Int32Array(count * 2)
    let lastOffset = -1
    let lastPosition = -1
    for (let at = 0; at < count; at++) {
      const offset = bytes.readInt32BE(at * 8)
      const position = bytes.readInt32BE(at * 8 + 4)
      if (offset <= lastOffset || position <= lastPosition || position >= segmentBytes) return undefined
      entries[at * 2] = lastOffset = offset
      entries[at * 2 + 1] = lastPosition = position
    }
    index.#entries = entries
    index.#count = count
    return index
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#count * offsetIndexEntryBytes)
    for (let at = 0; at < this.#count * 2; at++) bytes.writeInt32BE((this.#entries as Int32Array)[at] as number, at * 4)
    return bytes
  }

  get count(): number {
    return this.#count
  }

  *entries(): Generator<{ offset: Offset; position: number }> {
    const entries = this.#entries as Int32Array
    for (let at = 0; at < this.#count * 2; at += 2)
      yield { offset: this.#base + (entries[at] as number), position: entries[at + 1] as number }
  }

  get lastPosition(): number {
    return this.#count === 0 ? 0 : ((this.#entries as Int32Array)[this.#count * 2 - 1] as number)
  }

  get lastOffset(): Offset {
    return this.#count === 0 ? this.#base : this.#base + ((this.#entries as Int32Array)[this.#count * 2 - 2] as number)
  }

  isFull(indexBytesMax: number): boolean {
    return this.#count >= Math.floor(indexBytesMax / offsetIndexEntryBytes)
  }

  append(lastOffset: Offset, position: number): void {
    const relative = lastOffset - this.#base
    const count = this.#count
    let entries = this.#entries
    if (!entries) entries = this.#entries = new Int32Array(firstCapacity * 2)
    else if (count * 2 === entries.length) {
      const larger = new Int32Array(entries.length * 2)
      larger.set(entries)
      entries = this.#entries = larger
    }
    assert(
      count === 0 || (relative > (entries[count * 2 - 2] as number) && position > (entries[count * 2 - 1] as number)),
      'an index only rises',
    )
    entries[count * 2] = relative
    entries[count * 2 + 1] = position
    this.#count = count + 1
  }

  /** Which entry to begin with when looking for `offset`: the last one at or before it, -1 if that is the segment's start. */
  entryFor(offset: Offset): number {
    return this.#last(0, offset - this.#base)
  }

  /** The entry of the last batch known to start at or before `position`, -1 if that is the segment's start. */
  entryAtOrBefore(position: number): number {
    return this.#last(1, position)
  }

  /** The last offset of the batch that an entry names. */
  offsetOf(entry: number): Offset {
    return this.#base + ((this.#entries as Int32Array)[entry * 2] as number)
  }

  /** Where it starts; 0 for the segment's start. */
  positionOf(entry: number): number {
    return entry < 0 ? 0 : ((this.#entries as Int32Array)[entry * 2 + 1] as number)
  }

  /** The last entry whose offset (field 0) or position (field 1) is at most `limit`, or -1. */
  #last(field: 0 | 1, limit: number): number {
    let low = 0
    let high = this.#count - 1
    const entries = this.#entries as Int32Array
    // Most look for the newest.
    if (high >= 0 && (entries[high * 2 + field] as number) <= limit) return high
    while (low <= high) {
      const middle = (low + high) >>> 1
      if ((entries[middle * 2 + field] as number) <= limit) low = middle + 1
      else high = middle - 1
    }
    return high
  }

  /** Forgets what lies at or after `offset`, and every batch that begins at or after `position`. */
  truncateTo(offset: Offset, position: number): void {
    while (this.#count > 0 && (this.lastOffset >= offset || this.lastPosition >= position)) this.#count--
  }
}
