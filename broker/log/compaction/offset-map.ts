/**
 * The newest offset of each key, for one pass of compaction: an open-addressing table in one piece of memory of a given size.
 * An entry is 24 bytes: 16 of the key's hash (key-hash.ts), 8 of its offset. A key itself is never kept, so the memory is bounded
 * by how many keys there are and not by how long they are.
 * Owns: the table, and up to which offset it speaks (`latestOffset`). Never: grows. Who puts sees to `isFull` first.
 */
import assert from 'node:assert/strict'
import type { Offset } from '../offset.ts'
import { KeyHash } from './key-hash.ts'

const wordsPerEntry = 6
export const offsetMapEntryBytes = wordsPerEntry * 4
const two32 = 0x1_0000_0000

export interface OffsetMapOptions {
  /** Memory for the table. */
  readonly bytes: number
  /** How full it may get, above 0 and at most 1. */
  readonly loadFactor: number
  /** 16 bytes that nobody knows. */
  readonly secret: Uint8Array
}

export class OffsetMap {
  /** Every key that was put has its newest offset here up to this one; -1 while nothing was put. */
  latestOffset: Offset = -1
  readonly slots: number
  readonly #entriesMax: number
  /** Of each entry: the hash in four words, the offset plus one in two; zeros where there is none. */
  readonly #words: Int32Array<ArrayBuffer>
  readonly #hash: KeyHash
  #count = 0

  constructor({ bytes, loadFactor, secret }: OffsetMapOptions) {
    this.slots = largestPrime(Math.floor(bytes / offsetMapEntryBytes))
    // One slot at least stays empty, so that a search ends.
    this.#entriesMax = Math.max(1, Math.min(Math.floor(this.slots * loadFactor), this.slots - 1))
    this.#words = new Int32Array(this.slots * wordsPerEntry)
    this.#hash = new KeyHash(secret)
  }

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count >= this.#entriesMax
  }

  /** The share of the slots in use. */
  get utilization(): number {
    return this.#count / this.slots
  }

  /** The key `bytes[start, start + length)` was seen at `offset`, which is later than all before. */
  put(bytes: Uint8Array, start: number, length: number, offset: Offset): void {
    const words = this.#words
    const at = this.#find(bytes, start, length)
    if (words[at + 4] === 0 && words[at + 5] === 0) {
      assert(!this.isFull, 'nothing new is put into a full map')
      const hash = this.#hash
      words[at] = hash.h0
      words[at + 1] = hash.h1
      words[at + 2] = hash.h2
      words[at + 3] = hash.h3
      this.#count++
    }
    words[at + 4] = Math.floor((offset + 1) / two32)
    words[at + 5] = (offset + 1) | 0
    this.latestOffset = offset
  }

  /** -1 where the key was never put. */
  get(bytes: Uint8Array, start: number, length: number): Offset {
    const at = this.#find(bytes, start, length)
    return (this.#words[at + 4] as number) * two32 + ((this.#words[at + 5] as number) >>> 0) - 1
  }

  /** Where the key's entry is, or the empty one that would take it. Steps differ from key to key, so that full stretches are left. */
  #find(bytes: Uint8Array, start: number, length: number): number {
    const hash = this.#hash
    hash.of(bytes, start, length)
    const { h0, h1, h2, h3 } = hash
    const words = this.#words
    const { slots } = this
    const step = 1 + ((h1 >>> 0) % (slots - 1))
    for (let slot = (h0 >>> 0) % slots; ; slot = slot + step < slots ? slot + step : slot + step - slots) {
      const at = slot * wordsPerEntry
      if (words[at] === h0 && words[at + 1] === h1 && words[at + 2] === h2 && words[at + 3] === h3) return at
      if (words[at + 4] === 0 && words[at + 5] === 0) return at
    }
  }
}

/** No larger than `limit`, and at least 3: every step then reaches every slot. */
function largestPrime(limit: number): number {
  for (let candidate = Math.max(3, limit); ; candidate--) if (isPrime(candidate)) return candidate
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false
  return true
}
