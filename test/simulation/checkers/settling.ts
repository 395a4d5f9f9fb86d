/**
 * Invariant 12: once nothing fails any more, a group comes to rest: its members are those that live, all at the newest generation or member epoch,
 * and each partition of the topics that they subscribe to is one member's.
 * Owns: who lives, as the members say. Never: keeps time.
 */
import type { CoordinatorView } from './coordinator-view.ts'

/** A member that lives, as it sees itself. */
export interface LivingMember {
  readonly groupId: string
  readonly memberId: string
  /** The generation, or the member epoch. */
  readonly epoch: number
  readonly subscription: readonly string[]
  /** Such as `orders-0`. */
  readonly partitions: readonly string[]
}

export class Settling {
  readonly #view: CoordinatorView
  readonly #partitionCount: (topic: string) => number
  readonly #living = new Set<LivingMember>()
  /** Every group was seen at rest. */
  isOver = false

  constructor(view: CoordinatorView, partitionCount: (topic: string) => number) {
    this.#view = view
    this.#partitionCount = partitionCount
  }

  lives(member: LivingMember): void {
    this.#living.add(member)
  }

  dies(member: LivingMember): void {
    this.#living.delete(member)
  }

  /** Why it is not over, or undefined. */
  unrest(): string | undefined {
    for (const groupId of this.#view.groupIds) {
      const why = this.#unrestIn(groupId)
      if (why !== undefined) return `${groupId}: ${why}`
    }
    this.isOver = true
    return undefined
  }

  #unrestIn(groupId: string): string | undefined {
    const { state, epoch, memberIds } = this.#view.latest(groupId)
    const living = [...this.#living].filter((member) => member.groupId === groupId)
    const dead = [...memberIds].find((memberId) => living.every((member) => member.memberId !== memberId))
    if (dead !== undefined) return `${dead} is a member, and does not live`
    if (living.length > 0 && state !== 'Stable') return `its state is ${state}`
    const owners = new Map<string, string>()
    for (const member of living) {
      if (!memberIds.has(member.memberId)) return `${member.memberId} lives, and is no member`
      if (member.epoch !== epoch) return `${member.memberId} is at ${member.epoch}, the group at ${epoch}`
      for (const partition of member.partitions) {
        const owner = owners.get(partition)
        if (owner !== undefined) return `${partition} is ${owner}'s and ${member.memberId}'s`
        owners.set(partition, member.memberId)
      }
    }
    for (const topic of new Set(living.flatMap(({ subscription }) => subscription))) {
      const count = this.#partitionCount(topic)
      for (let index = 0; index < count; index++) if (!owners.has(`${topic}-${index}`)) return `${topic}-${index} is nobody's`
      if (count === 0) return `nobody knows ${topic}`
    }
    return undefined
  }
}
