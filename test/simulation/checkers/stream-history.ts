/**
 * What pages wrote and read: at each offset one value for ever, of each writer its records in order, none twice and none left out (invariant 1).
 * Owns: the values by partition and offset, as writers and readers were told. Never: asks the broker.
 */
import { Violation } from '../violation.ts'

export class StreamHistory {
  readonly #values = new Map<string, string>()
  acknowledgedCount = 0

  /** @param offset -1: written, and nobody knows any more where. */
  acknowledged(partition: number, offset: number, value: string): void {
    this.acknowledgedCount++
    if (offset >= 0) this.#holds(partition, offset, value, 'was told written')
  }

  /** Somebody was given it. */
  read(partition: number, offset: number, value: string | null): void {
    this.#holds(partition, offset, value ?? '', 'was read')
  }

  #holds(partition: number, offset: number, value: string, how: string): void {
    const place = `${partition}@${offset}`
    const known = this.#values.get(place)
    if (known !== undefined && known !== value) throw new Violation(1, `${nameOf(value)} ${how} at ${place}, where ${nameOf(known)} is`)
    this.#values.set(place, value)
  }
}

/** One reader's view of a partition from its beginning: whose record comes next. */
export class WritersInOrder {
  readonly #next = new Map<string, number>()

  check(partition: number, value: string | null): void {
    const [writer = '', nth] = (value ?? '').split(':')
    const expected = this.#next.get(`${partition}/${writer}`) ?? 0
    if (Number(nth) !== expected)
      throw new Violation(1, `in partition ${partition} ${nameOf(value ?? '')} came where number ${expected} of its writer is next`)
    this.#next.set(`${partition}/${writer}`, expected + 1)
  }
}

function nameOf(value: string): string {
  return value.split(':').slice(0, 2).join(':')
}
