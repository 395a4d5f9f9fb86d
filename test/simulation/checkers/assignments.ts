/**
 * Invariant 10, as members were told: in a generation, or at a member epoch, a partition is one member's; and a consumer group (KIP-848) gives
 * nobody a partition that another member has not given up, as long as that is a member.
 * Owns: what each was told. A static member that comes back has the place, and the partitions, of the one that it replaces.
 */
import { Violation } from '../violation.ts'
import type { CoordinatorView } from './coordinator-view.ts'

export interface Told {
  readonly groupId: string
  readonly memberId: string
  readonly instanceId: string | null
  /** When it asked: an answer may come when there is another group of that name. */
  readonly era: number
  readonly epoch: number
  /** Such as `orders-0`. */
  readonly partitions: readonly string[]
}

export class Assignments {
  readonly #view: CoordinatorView
  /** By group, era, epoch and partition. */
  readonly #owners = new Map<string, string>()
  /** By group: the member that has a partition of a consumer group, and has not given it up. */
  readonly #holders = new Map<string, Map<string, string>>()
  /** Times that a partition came to another member. */
  moves = 0

  constructor(view: CoordinatorView) {
    this.#view = view
  }

  told({ groupId, memberId, instanceId, era, epoch, partitions }: Told): void {
    if (era !== this.#view.era(groupId)) return
    const owner = instanceId ?? memberId
    for (const partition of partitions) {
      const key = `${groupId} ${era} ${epoch} ${partition}`
      const other = this.#owners.get(key)
      if (other !== undefined && other !== owner) {
        throw new Violation(10, `${groupId}: in generation ${epoch} ${partition} was given to ${other}, and to ${owner}`)
      }
      if (other === undefined) this.moves++
      this.#owners.set(key, owner)
    }
    this.#hold(groupId, memberId, partitions)
  }

  #hold(groupId: string, memberId: string, partitions: readonly string[]): void {
    if (!this.#view.isConsumerGroup(groupId)) return void this.#holders.delete(groupId)
    // An answer that comes late, to somebody who was put out meanwhile.
    if (!this.#view.isMember(groupId, memberId)) return
    let holders = this.#holders.get(groupId)
    if (!holders) this.#holders.set(groupId, (holders = new Map()))
    for (const partition of partitions) {
      const holder = holders.get(partition)
      if (holder !== undefined && holder !== memberId && this.#view.isMember(groupId, holder)) {
        throw new Violation(10, `${groupId}: ${partition} is ${holder}'s, which has not given it up, and was given to ${memberId}`)
      }
      holders.set(partition, memberId)
    }
  }

  /**
   * After every step: who was put out has nothing any more, also when it does not know, and joins again by the name it had (a classic member
   * of a consumer group may).
   */
  check(): void {
    for (const [groupId, holders] of this.#holders) {
      for (const [partition, holder] of holders) if (!this.#view.isMember(groupId, holder)) holders.delete(partition)
    }
  }

  /** The member says that it has these, and no others. */
  keeps(groupId: string, memberId: string, partitions: readonly string[]): void {
    const holders = this.#holders.get(groupId)
    for (const [partition, holder] of holders ?? []) {
      if (holder === memberId && !partitions.includes(partition)) holders?.delete(partition)
    }
  }
}
