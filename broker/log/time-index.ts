/**
 * The sparse map from timestamps to offsets of one segment: up to this offset no record is later than this timestamp.
 * Owns: its entries. Never: reads the segment, awaits, or knows of other segments.
 * Invariants: timestamps and offsets both rise.
 * On disk (`.timeindex`): 12 bytes an entry, big-endian: the timestamp (int64), the offset less the segment's base (int32).
 */
import { readInt64, writeInt64 } from '../../client/records/int64.ts'
import type { Offset } from './offset.ts'

export const timeIndexEntryBytes = 12
const firstCapacity = 16

export class TimeIndex {
  readonly #base: Offset
  #timestamps: Float64Array<ArrayBuffer> | undefined
  #offsets: Int32Array<ArrayBuffer> | undefined
  #count = 0

  constructor(base: Offset) {
    this.#base = base
  }

  /** Undefined where the bytes can't be a time index of this segment, whose last offset is `end` less one. */
  static parse(bytes: Buffer, base: Offset, end: Offset): TimeIndex | undefined {
    if (bytes.length % timeIndexEntryBytes !== 0) return undefined
    const index = new TimeIndex(base)
    for (let at = 0; at < bytes.length; at += timeIndexEntryBytes) {
      const timestamp = readInt64(bytes, at)
      const offset = base + bytes.readInt32BE(at + 8)
      if (timestamp < 0 || offset < base || offset >= end) return undefined
      if (index.#count > 0 && (timestamp <= index.lastTimestamp || offset < index.lastOffset)) return undefined
      index.#push(timestamp, offset - base)
    }
    return index
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#count * timeIndexEntryBytes)
    for (let entry = 0; entry < this.#count; entry++) {
      const at = entry * timeIndexEntryBytes
      writeInt64(bytes, at, (this.#timestamps as Float64Array)[entry] as number)
      bytes.writeInt32BE((this.#offsets as Int32Array)[entry] as number, at + 8)
    }
    return bytes
  }

  get count(): number {
    return this.#count
  }

  *entries(): Generator<{ timestamp: number; offset: Offset }> {
    for (let entry = 0; entry < this.#count; entry++) {
      const timestamp = (this.#timestamps as Float64Array)[entry] as number
      yield { timestamp, offset: this.#base + ((this.#offsets as Int32Array)[entry] as number) }
    }
  }

  /** -1 where there is none. */
  get lastTimestamp(): number {
    return this.#count === 0 ? -1 : ((this.#timestamps as Float64Array)[this.#count - 1] as number)
  }

  get lastOffset(): Offset {
    return this.#count === 0 ? this.#base : this.#base + ((this.#offsets as Int32Array)[this.#count - 1] as number)
  }

  /** One entry is kept back for the segment's end. */
  isFull(indexBytesMax: number): boolean {
    return this.#count >= Math.floor(indexBytesMax / timeIndexEntryBytes) - 1
  }

  /** Adds an entry if it says more than the last one. */
  append(timestamp: number, offset: Offset): void {
    if (timestamp > this.lastTimestamp) this.#push(timestamp, offset - this.#base)
  }

  #push(timestamp: number, relative: number): void {
    const count = this.#count
    if (!this.#timestamps || count === this.#timestamps.length) {
      const capacity = Math.max(firstCapacity, count * 2)
      const timestamps = new Float64Array(capacity)
      const offsets = new Int32Array(capacity)
      if (this.#timestamps) {
        timestamps.set(this.#timestamps)
        offsets.set(this.#offsets as Int32Array)
      }
      this.#timestamps = timestamps
      this.#offsets = offsets
    }
    this.#timestamps[count] = timestamp
    ;(this.#offsets as Int32Array)[count] = relative
    this.#count = count + 1
  }

  /** The last entry before `timestamp`: nothing up to its offset is as late. -1 where nothing is known. */
  entryBefore(timestamp: number): number {
    let low = 0
    let top = this.#count - 1
    while (low <= top) {
      const middle = (low + top) >>> 1
      if (this.timestampOf(middle) < timestamp) low = middle + 1
      else top = middle - 1
    }
    return top
  }

  timestampOf(entry: number): number {
    return (this.#timestamps as Float64Array)[entry] as number
  }

  /** The segment's base where there is no such entry. */
  offsetOf(entry: number): Offset {
    return entry < 0 ? this.#base : this.#base + ((this.#offsets as Int32Array)[entry] as number)
  }

  /** Forgets entries at or after `offset`. */
  truncateTo(offset: Offset): void {
    while (this.#count > 0 && this.lastOffset >= offset) this.#count--
  }
}
