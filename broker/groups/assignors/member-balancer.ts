/**
 * The subscribers of one topic in order of load, as partitions go from those with most to those with least: who gives next, who takes next.
 * Owns: the order. Never: moves partitions; its caller does, and changes the loads accordingly.
 *
 *     load   3 ┤                   ╭─╮     givers: a range at the end, which grows downwards
 *            2 ┤          ╭────────┤ │
 *            1 ┤    ╭─────╯        ╰─╯
 *            0 ┼────╯ takers: a range at the start, which grows upwards
 *
 * Members of a range take turns; when each had one, the range takes in those of the next load. They are balanced when the ranges' loads meet.
 */
import assert from 'node:assert/strict'

export class MemberBalancer {
  readonly #loads: Int32Array
  #members: number[] = []
  #takersEnd = 0
  #takersLoad = 0
  #nextTaker = 0
  #giversStart = 0
  #giversEnd = 0
  #giversLoad = 0
  #nextGiver = -1

  /** @param loads by member index: how many partitions each has. */
  constructor(loads: Int32Array) {
    this.#loads = loads
  }

  /** Of these members, some at least. How many more the one with most has than the one with least. */
  begin(members: readonly number[]): number {
    this.#members = members.toSorted((a, b) => this.#load(a) - this.#load(b) || a - b)
    const least = this.#loadAt(0)
    const most = this.#loadAt(this.#members.length - 1)
    this.#takersEnd = 0
    this.#takersLoad = least - 1
    this.#nextTaker = 0
    this.#giversStart = this.#members.length
    this.#giversEnd = this.#members.length
    this.#giversLoad = most + 1
    this.#nextGiver = this.#members.length - 1
    return most - least
  }

  get isBalanced(): boolean {
    return this.#giversLoad - this.#takersLoad <= 1
  }

  leastLoaded(): number {
    if (this.#nextTaker >= this.#takersEnd) {
      this.#takersLoad++
      while (this.#takersEnd < this.#members.length && this.#loadAt(this.#takersEnd) === this.#takersLoad) this.#takersEnd++
      this.#nextTaker = 0
    }
    return this.#at(this.#nextTaker++)
  }

  /** Undefined: all were excluded. */
  mostLoaded(): number | undefined {
    if (this.#nextGiver < this.#giversStart) {
      const isEmpty = this.#giversEnd <= this.#giversStart
      this.#giversLoad = isEmpty && this.#giversStart > 0 ? this.#loadAt(this.#giversStart - 1) : this.#giversLoad - 1
      while (this.#giversStart > 0 && this.#loadAt(this.#giversStart - 1) === this.#giversLoad) this.#giversStart--
      this.#nextGiver = this.#giversEnd - 1
    }
    return this.#nextGiver < 0 ? undefined : this.#at(this.#nextGiver--)
  }

  /** The one that was named last has nothing of the topic to give. */
  excludeMostLoaded(): void {
    const named = this.#nextGiver + 1
    const last = --this.#giversEnd
    const excluded = this.#at(named)
    this.#members[named] = this.#at(last)
    this.#members[last] = excluded
  }

  #at(position: number): number {
    const member = this.#members[position]
    assert(member !== undefined, 'a position within the topic’s subscribers')
    return member
  }

  #loadAt(position: number): number {
    return this.#load(this.#at(position))
  }

  #load(member: number): number {
    return this.#loads[member] ?? 0
  }
}
