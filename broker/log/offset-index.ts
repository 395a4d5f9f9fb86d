/**
 * The sparse map from offsets to file positions of one segment.
 * Owns: its entries. Never: reads the segment, awaits, or knows of other segments.
 * Invariants: offsets and positions both rise; an entry's position is the start of the batch whose last offset it names.
 * On disk (`.index`): 8 bytes an entry, big-endian: the offset less the segment's base, the position.
 */
import assert from 'node:assert/strict'
import type { Offset } from './offset.ts'
import { SparseIndex } from './sparse-index.ts'

export const offsetIndexEntryBytes = 8

/** Keys are offsets, values positions. */
export class OffsetIndex extends SparseIndex {
  /** Undefined where the bytes can't be an index of this segment: odd size, disorder, beyond the segment. */
  static parse(bytes: Buffer, base: Offset, segmentBytes: number): OffsetIndex | undefined {
    if (bytes.length % offsetIndexEntryBytes !== 0) return undefined
    const index = new OffsetIndex(base)
    if (bytes.length > 0) index.reserve(bytes.length / offsetIndexEntryBytes)
    let lastOffset = -1
    let lastPosition = -1
    for (let at = 0; at < bytes.length; at += offsetIndexEntryBytes) {
      const offset = bytes.readInt32BE(at)
      const position = bytes.readInt32BE(at + 4)
      if (offset <= lastOffset || position <= lastPosition || position >= segmentBytes) return undefined
      index.push(offset, position)
      lastOffset = offset
      lastPosition = position
    }
    return index
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.count * offsetIndexEntryBytes)
    for (let entry = 0; entry < this.count; entry++) {
      const at = entry * offsetIndexEntryBytes
      bytes.writeInt32BE(this.key(entry), at)
      bytes.writeInt32BE(this.value(entry), at + 4)
    }
    return bytes
  }

  protected newKeys(capacity: number): Int32Array<ArrayBuffer> {
    return new Int32Array(capacity)
  }

  *entries(): Generator<{ offset: Offset; position: number }> {
    for (let entry = 0; entry < this.count; entry++) yield { offset: this.offsetOf(entry), position: this.value(entry) }
  }

  get lastPosition(): number {
    return this.positionOf(this.count - 1)
  }

  get lastOffset(): Offset {
    return this.count === 0 ? this.base : this.offsetOf(this.count - 1)
  }

  isFull(indexBytesMax: number): boolean {
    return this.count >= Math.floor(indexBytesMax / offsetIndexEntryBytes)
  }

  append(lastOffset: Offset, position: number): void {
    const { count } = this
    assert(count === 0 || (lastOffset > this.lastOffset && position > this.lastPosition), 'an index only rises')
    this.push(lastOffset - this.base, position)
  }

  /** Which entry to begin with when looking for `offset`: the last one at or before it, -1 if that is the segment's start. */
  entryFor(offset: Offset): number {
    return this.lastByKey(offset - this.base + 1)
  }

  /** The entry of the last batch known to start at or before `position`, -1 if that is the segment's start. */
  entryAtOrBefore(position: number): number {
    return this.lastByValue(position + 1)
  }

  /** The last offset of the batch that an entry names. */
  offsetOf(entry: number): Offset {
    return this.base + this.key(entry)
  }

  /** Where it starts; 0 for the segment's start. */
  positionOf(entry: number): number {
    return entry < 0 ? 0 : this.value(entry)
  }

  /** Forgets what lies at or after `offset`, and every batch that begins at or after `position`. */
  truncateTo(offset: Offset, position: number): void {
    while (this.count > 0 && (this.lastOffset >= offset || this.lastPosition >= position)) this.dropLast()
  }
}
