/**
 * What the members of a simulated group were told: who has which partition, and until when, and what they committed.
 * Held against the broker: a partition that one member has is given to no other (invariant 10); what was committed last stays committed (11).
 */
import { Violation } from '../violation.ts'

export class GroupRegister {
  readonly #partitionCount: number
  /** By partition: the member that has it. */
  readonly #claims = new Map<number, string>()
  /** By member, in virtual time: without an answer until then, it knows that it may have been put out of the group. */
  readonly #until = new Map<string, number>()
  /** The offset that will be committed next. */
  readonly #next = new Map<number, number>()
  /** The largest that was acknowledged. */
  readonly #committed = new Map<number, number>()
  /** Times that a partition came to another member. */
  moves = 0
  commits = 0
  #wasWhole = false

  constructor(partitionCount: number) {
    this.#partitionCount = partitionCount
  }

  /** The member has these, and no others. */
  told(member: string, partitions: Iterable<number>, now: number): void {
    const has = new Set(partitions)
    for (const [partition, owner] of this.#claims) if (owner === member && !has.has(partition)) this.#claims.delete(partition)
    for (const partition of has) {
      const owner = this.#claims.get(partition)
      if (owner === member) continue
      if (owner !== undefined && this.#isAlive(owner, now)) {
        throw new Violation(10, `partition ${partition} is ${owner}'s, and was given to ${member}`)
      }
      this.moves++
      this.#claims.set(partition, member)
    }
  }

  /** The broker has heard of the member; what it had when that was too long ago, it has no more. */
  heard(member: string, until: number, now: number): void {
    if (!this.#isAlive(member, now)) this.drop(member)
    this.#until.set(member, until)
  }

  drop(member: string): void {
    for (const [partition, owner] of this.#claims) if (owner === member) this.#claims.delete(partition)
  }

  #isAlive(member: string, now: number): boolean {
    return (this.#until.get(member) ?? 0) > now
  }

  has(member: string, now: number): number[] {
    if (!this.#isAlive(member, now)) return []
    return [...this.#claims].flatMap(([partition, owner]) => (owner === member ? [partition] : []))
  }

  /** Every partition had an owner at one moment after the faults. */
  isSettled(now: number): boolean {
    this.#wasWhole ||= this.#claims.size === this.#partitionCount && [...this.#claims.values()].every((owner) => this.#isAlive(owner, now))
    return this.#wasWhole
  }

  nextOffset(partition: number): number {
    const offset = (this.#next.get(partition) ?? 0) + 1
    this.#next.set(partition, offset)
    return offset
  }

  acknowledged(partition: number, offset: number): void {
    this.commits++
    this.#committed.set(partition, Math.max(offset, this.#committed.get(partition) ?? 0))
  }

  found(partition: number, offset: number): void {
    const committed = this.#committed.get(partition) ?? -1
    if (offset < committed) throw new Violation(11, `of partition ${partition} offset ${committed} was committed, and it is ${offset}`)
    const sent = this.#next.get(partition) ?? -1
    if (offset > sent) throw new Violation(11, `of partition ${partition} nobody committed offset ${offset}`)
  }
}
