/**
 * The segments of one log, in order of their base offsets; the last is the active one.
 */
import type { Offset } from './offset.ts'
import type { Segment } from './segment.ts'
import type { AbortedTransaction } from './transaction-index.ts'

export class Segments {
  #list: Segment[] = []

  get count(): number {
    return this.#list.length
  }

  get first(): Segment | undefined {
    return this.#list[0]
  }

  get active(): Segment | undefined {
    return this.#list[this.#list.length - 1]
  }

  get bytes(): number {
    let bytes = 0
    for (const segment of this.#list) bytes += segment.bytes
    return bytes
  }

  all(): readonly Segment[] {
    return this.#list
  }

  replaceAll(list: Segment[]): void {
    this.#list = list
  }

  add(segment: Segment): void {
    this.#list.push(segment)
  }

  /** Where the segment that may hold `offset` stands: the last that begins at or before it, else the first. */
  floor(offset: Offset): number {
    let low = 0
    let high = this.#list.length - 1
    if (high >= 0 && (this.#list[high] as Segment).baseOffset <= offset) return high
    while (low <= high) {
      const middle = (low + high) >>> 1
      if ((this.#list[middle] as Segment).baseOffset <= offset) low = middle + 1
      else high = middle - 1
    }
    return Math.max(0, high)
  }

  at(index: number): Segment | undefined {
    return this.#list[index]
  }

  /** The first offset of each that may be read, and the time of its latest record. */
  starts(startOffset: Offset): { offset: Offset; lastModified: number }[] {
    return this.#list.map(({ baseOffset, largestTimestamp }) => ({
      offset: Math.max(baseOffset, startOffset),
      lastModified: largestTimestamp,
    }))
  }

  /** What a reader of [from, upTo) must leave out. */
  abortedTransactions(from: Offset, upTo: Offset): AbortedTransaction[] {
    const found: AbortedTransaction[] = []
    for (let at = this.floor(from); at < this.#list.length; at++) {
      if ((this.#list[at] as Segment).indexes.aborted.collect(from, upTo, found)) break
    }
    return found
  }

  /** Takes the first `count` out. */
  removeFirst(count: number): Segment[] {
    return this.#list.splice(0, count)
  }

  /** One in the place of `count` from `index` on. */
  replace(index: number, count: number, segment: Segment): void {
    this.#list.splice(index, count, segment)
  }

  /** Takes out all from `index` on. */
  removeFrom(index: number): Segment[] {
    return this.#list.splice(index)
  }
}
