/**
 * The segments of one log, in order of their base offsets; the last is the active one.
 */
import type { Offset } from './offset.ts'
import type { Segment } from './segment.ts'

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

  /** Takes the first `count` out. */
  removeFirst(count: number): Segment[] {
    return this.#list.splice(0, count)
  }

  /** Takes out all from `index` on. */
  removeFrom(index: number): Segment[] {
    return this.#list.splice(index)
  }
}
