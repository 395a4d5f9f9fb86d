/**
 * The sparse map from timestamps to offsets of one segment: up to this offset no record is later than this timestamp.
 * Owns: its entries. Never: reads the segment, awaits, or knows of other segments.
 * Invariants: timestamps and offsets both rise.
 * On disk (`.timeindex`): 12 bytes an entry, big-endian: the timestamp (int64), the offset less the segment's base (int32).
 */
import { readInt64, writeInt64 } from '../../client/records/int64.ts'
import type { Offset } from './offset.ts'
import { SparseIndex } from './sparse-index.ts'

export const timeIndexEntryBytes = 12

/** Keys are timestamps, values offsets. */
export class TimeIndex extends SparseIndex {
  /** Undefined where the bytes can't be a time index of this segment, whose last offset is `end` less one. */
  static parse(bytes: Buffer, base: Offset, end: Offset): TimeIndex | undefined {
    if (bytes.length % timeIndexEntryBytes !== 0) return undefined
    const index = new TimeIndex(base)
    if (bytes.length > 0) index.reserve(bytes.length / timeIndexEntryBytes)
    for (let at = 0; at < bytes.length; at += timeIndexEntryBytes) {
      const timestamp = readInt64(bytes, at)
      const offset = base + bytes.readInt32BE(at + 8)
      if (timestamp < 0 || offset < base || offset >= end) return undefined
      if (index.count > 0 && (timestamp <= index.lastTimestamp || offset < index.lastOffset)) return undefined
      index.push(timestamp, offset - base)
    }
    return index
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.count * timeIndexEntryBytes)
    for (let entry = 0; entry < this.count; entry++) {
      const at = entry * timeIndexEntryBytes
      writeInt64(bytes, at, this.key(entry))
      bytes.writeInt32BE(this.value(entry), at + 8)
    }
    return bytes
  }

  protected newKeys(capacity: number): Float64Array<ArrayBuffer> {
    return new Float64Array(capacity)
  }

  *entries(): Generator<{ timestamp: number; offset: Offset }> {
    for (let entry = 0; entry < this.count; entry++) yield { timestamp: this.key(entry), offset: this.offsetOf(entry) }
  }

  /** -1 where there is none. */
  get lastTimestamp(): number {
    return this.count === 0 ? -1 : this.key(this.count - 1)
  }

  get lastOffset(): Offset {
    return this.offsetOf(this.count - 1)
  }

  /** One entry is kept back for the segment's end. */
  isFull(indexBytesMax: number): boolean {
    return this.count >= Math.floor(indexBytesMax / timeIndexEntryBytes) - 1
  }

  /** Adds an entry if it says more than the last one. */
  append(timestamp: number, offset: Offset): void {
    if (timestamp > this.lastTimestamp) this.push(timestamp, offset - this.base)
  }

  /** The last entry before `timestamp`: nothing up to its offset is as late. -1 where nothing is known. */
  entryBefore(timestamp: number): number {
    return this.lastByKey(timestamp)
  }

  timestampOf(entry: number): number {
    return this.key(entry)
  }

  /** The segment's base where there is no such entry. */
  offsetOf(entry: number): Offset {
    return entry < 0 ? this.base : this.base + this.value(entry)
  }

  /** Forgets entries at or after `offset`. */
  truncateTo(offset: Offset): void {
    while (this.count > 0 && this.lastOffset >= offset) this.dropLast()
  }
}
