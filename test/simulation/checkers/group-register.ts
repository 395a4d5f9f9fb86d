/**
 * What the members of a simulated group were told: who has which partition, and until when, and what they committed.
 * Held against the broker: a partition that one member has is given to no other (invariant 10); what was committed last stays committed (11).
 */
import { Violation } from '../violation.ts'

interface Claim {
  readonly member: string
  /** Virtual time: without an answer until then, the member knows that it may have been put out of the group. */
  until: number
}

export class GroupRegister {
  readonly #partitionCount: number
  readonly #claims = new Map<number, Claim>()
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

  /** The member was told that it has these, and no others. */
  told(member: string, partitions: Iterable<number>, until: number, now: number): void {
    const has = new Set(partitions)
    for (const [partition, claim] of this.#claims) if (claim.member === member && !has.has(partition)) this.#claims.delete(partition)
    for (const partition of has) {
      const claim = this.#claims.get(partition)
      if (claim && claim.member !== member && claim.until > now) {
        throw new Violation(10, `partition ${partition} is ${claim.member}'s, and was given to ${member}`)
      }
      if (claim?.member !== member) this.moves++
      this.#claims.set(partition, { member, until })
    }
  }

  /** The member lives, as far as the broker knows. */
  heard(member: string, until: number): void {
    for (const claim of this.#claims.values()) if (claim.member === member) claim.until = until
  }

  drop(member: string): void {
    for (const [partition, claim] of this.#claims) if (claim.member === member) this.#claims.delete(partition)
  }

  has(member: string, now: number): number[] {
    return [...this.#claims].flatMap(([partition, claim]) => (claim.member === member && claim.until > now ? [partition] : []))
  }

  /** Every partition had an owner at one moment after the faults. */
  isSettled(now: number): boolean {
    this.#wasWhole ||= this.#claims.size === this.#partitionCount && [...this.#claims.values()].every(({ until }) => until > now)
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
