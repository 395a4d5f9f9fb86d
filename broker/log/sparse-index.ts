/**
 * What a segment's indexes are in memory: pairs of numbers, one for every few batches, found by either of the two.
 * Owns: two typed arrays that grow together, there once something is indexed: most partitions are idle. Never: knows what the numbers mean.
 * Invariants: keys rise from entry to entry; values never fall.
 */
import type { Offset } from './offset.ts'

const firstCapacity = 16

type Keys = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

export abstract class SparseIndex {
  /** Of the segment: offsets are kept less it. */
  protected readonly base: Offset
  #keys: Keys | undefined
  #values: Int32Array<ArrayBuffer> | undefined
  #count = 0

  constructor(base: Offset) {
    this.base = base
  }

  get count(): number {
    return this.#count
  }

  /** An array as wide as the first numbers need it. */
  protected abstract newKeys(capacity: number): Keys

  protected key(entry: number): number {
    return (this.#keys as Keys)[entry] as number
  }

  protected value(entry: number): number {
    return (this.#values as Int32Array)[entry] as number
  }

  protected push(key: number, value: number): void {
    const count = this.#count
    if (!this.#keys || count === this.#keys.length) this.reserve(Math.max(firstCapacity, count * 2))
    ;(this.#keys as Keys)[count] = key
    ;(this.#values as Int32Array)[count] = value
    this.#count = count + 1
  }

  /** Room for so many entries. */
  protected reserve(capacity: number): void {
    const keys = this.newKeys(capacity)
    const values = new Int32Array(capacity)
    if (this.#keys) keys.set(this.#keys)
    if (this.#values) values.set(this.#values)
    this.#keys = keys
    this.#values = values
  }

  protected dropLast(): void {
    this.#count--
  }

  /** The last entry whose key is below `limit`, or -1. */
  protected lastByKey(limit: number): number {
    return lastBelow(this.#keys, this.#count, limit)
  }

  /** The last entry whose value is below `limit`, or -1. */
  protected lastByValue(limit: number): number {
    return lastBelow(this.#values, this.#count, limit)
  }
}

function lastBelow(numbers: Keys | undefined, count: number, limit: number): number {
  if (!numbers || count === 0) return -1
  let low = 0
  let high = count - 1
  // Most look for the newest.
  if ((numbers[high] as number) < limit) return high
  while (low <= high) {
    const middle = (low + high) >>> 1
    if ((numbers[middle] as number) < limit) low = middle + 1
    else high = middle - 1
  }
  return high
}
