/**
 * The aborted transactions whose markers lie in one segment.
 * On disk (`.txnindex`, only where there is one): 34 bytes an entry, big-endian: version 0 (int16), producer id, first offset,
 * last offset (the marker's), last stable offset once it was written (int64 each).
 */
import { readInt64, writeInt64 } from '../../client/records/int64.ts'
import type { Offset } from './offset.ts'

export interface AbortedEntry {
  readonly producerId: number
  readonly firstOffset: Offset
  readonly lastOffset: Offset
  readonly lastStableOffset: Offset
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: Offset
}

export const transactionIndexEntryBytes = 34

export class TransactionIndex {
  readonly entries: AbortedEntry[] = []

  /** Undefined where the bytes can't be a transaction index. */
  static parse(bytes: Buffer, base: Offset): TransactionIndex | undefined {
    if (bytes.length % transactionIndexEntryBytes !== 0) return undefined
    const index = new TransactionIndex()
    for (let at = 0; at < bytes.length; at += transactionIndexEntryBytes) {
      if (bytes.readInt16BE(at) < 0) return undefined
      const lastOffset = readInt64(bytes, at + 18)
      if (lastOffset < base) return undefined
      index.entries.push({
        producerId: readInt64(bytes, at + 2),
        firstOffset: readInt64(bytes, at + 10),
        lastOffset,
        lastStableOffset: readInt64(bytes, at + 26),
      })
    }
    return index
  }

  encode(): Buffer {
    const bytes = Buffer.alloc(this.entries.length * transactionIndexEntryBytes)
    this.entries.forEach(({ producerId, firstOffset, lastOffset, lastStableOffset }, entry) => {
      const at = entry * transactionIndexEntryBytes
      writeInt64(bytes, at + 2, producerId)
      writeInt64(bytes, at + 10, firstOffset)
      writeInt64(bytes, at + 18, lastOffset)
      writeInt64(bytes, at + 26, lastStableOffset)
    })
    return bytes
  }

  append(entry: AbortedEntry): void {
    this.entries.push(entry)
  }

  /** Adds to `found` what a reader of [from, upTo) must know. True: no later segment can hold more of it. */
  collect(from: Offset, upTo: Offset, found: AbortedTransaction[]): boolean {
    for (const { producerId, firstOffset, lastOffset, lastStableOffset } of this.entries) {
      if (lastOffset >= from && firstOffset < upTo) found.push({ producerId, firstOffset })
      if (lastStableOffset >= upTo) return true
    }
    return false
  }

  truncateTo(offset: Offset): void {
    while (this.entries.length > 0 && (this.entries.at(-1) as AbortedEntry).lastOffset >= offset) this.entries.pop()
  }
}
