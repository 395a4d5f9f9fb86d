/**
 * Invariant 10, from within: what the broker's own state has of each group, after every step, and had before.
 * Owns: that history, as far as who was a member and at which generation or member epoch. Changes nothing.
 * In a consumer group (KIP-848) a partition is one member's at most, pending revocation included, and a member has nothing that is not part of
 * the target of its epoch: its epoch moves only when it has given up the rest.
 */
import type { ClassicGroup } from '../../../broker/groups/classic/classic-group.ts'
import { ConsumerGroup } from '../../../broker/groups/consumer/consumer-group.ts'
import type { ConsumerMember } from '../../../broker/groups/consumer/member.ts'
import type { Group } from '../../../broker/groups/group.ts'
import { Violation } from '../violation.ts'

/** A group as it was from one step to another. */
interface Sight {
  readonly type: 'Classic' | 'Consumer' | 'none'
  readonly state: string
  /** The generation, or the group epoch. */
  readonly epoch: number
  /** By id; of classic groups only that they are members. */
  readonly members: ReadonlyMap<string, ConsumerMember | undefined>
  /** Groups that begin anew count from the beginning: which of them this is. */
  readonly era: number
  until: number
}

/** Who commits, for which partition. */
export interface Claim {
  readonly memberId: string
  readonly epoch: number
  readonly topicId: string
  readonly partition: number
  readonly isTransactional: boolean
}

const nobody: ReadonlyMap<string, undefined> = new Map()

export class CoordinatorView {
  readonly #sights = new Map<string, Sight[]>()
  /** By group and epoch, as long as the broker lives and the group has not become one of another protocol: the partitions of each member's target. */
  #targets = new Map<string, Map<number, Map<string, Set<string>>>>()
  #life = 0
  #step = 0

  constructor(groupIds: readonly string[]) {
    for (const groupId of groupIds) {
      this.#sights.set(groupId, [{ type: 'none', state: '', epoch: -1, members: nobody, era: 0, until: Number.POSITIVE_INFINITY }])
    }
  }

  get groupIds(): string[] {
    return [...this.#sights.keys()]
  }

  /** For `couldCommit`. */
  get step(): number {
    return this.#step
  }

  /** @param find a group as it is now: undefined where nobody knows, null where there is none. */
  observe(life: number, find: (groupId: string) => Group | null | undefined): void {
    this.#step++
    if (life !== this.#life) this.#targets = new Map()
    this.#life = life
    for (const [groupId, sights] of this.#sights) {
      const group = find(groupId)
      if (group === undefined) continue
      const last = sights.at(-1) as Sight
      if (isAsBefore(last, group)) continue
      if (group?.type !== last.type) this.#targets.delete(groupId)
      if (group instanceof ConsumerGroup) this.#checkConsumers(group)
      last.until = this.#step
      sights.push(sightOf(group, last))
    }
  }

  #checkConsumers(group: ConsumerGroup): void {
    const owners = new Map<string, string>()
    for (const member of group.members()) {
      const has = partitionsOf(member)
      for (const partition of has) {
        const owner = owners.get(partition)
        if (owner !== undefined)
          throw new Violation(10, `${group.groupId}: the broker has ${partition} as ${owner}'s and ${member.memberId}'s`)
        owners.set(partition, member.memberId)
      }
      this.#checkTarget(group, member, has)
    }
  }

  #checkTarget(group: ConsumerGroup, member: ConsumerMember, has: readonly string[]): void {
    const targets = this.#targetsOf(group, group.assignmentEpoch)
    const target = new Set([...group.targetOf(member)].flatMap(([topicId, partitions]) => partitions.map((index) => `${topicId}-${index}`)))
    targets.set(member.memberId, target)
    const ofItsEpoch = member.memberEpoch > 0 ? this.#targetsOf(group, member.memberEpoch).get(member.memberId) : undefined
    const surplus = ofItsEpoch && has.find((partition) => !ofItsEpoch.has(partition))
    if (surplus === undefined) return
    throw new Violation(
      10,
      `${group.groupId}: ${member.memberId} came to epoch ${member.memberEpoch} with ${surplus}, which is not part of its target there`,
    )
  }

  #targetsOf({ groupId }: ConsumerGroup, epoch: number): Map<string, Set<string>> {
    let epochs = this.#targets.get(groupId)
    if (!epochs) this.#targets.set(groupId, (epochs = new Map()))
    let targets = epochs.get(epoch)
    if (!targets) epochs.set(epoch, (targets = new Map()))
    return targets
  }

  #now(groupId: string): Sight {
    return this.#sights.get(groupId)?.at(-1) as Sight
  }

  era(groupId: string): number {
    return this.#now(groupId).era
  }

  isConsumerGroup(groupId: string): boolean {
    return this.#now(groupId).type === 'Consumer'
  }

  isMember(groupId: string, memberId: string): boolean {
    return this.#now(groupId).members.has(memberId)
  }

  latest(groupId: string): { readonly state: string; readonly epoch: number; readonly memberIds: ReadonlySet<string> } {
    const { state, epoch, members } = this.#now(groupId)
    return { state, epoch, memberIds: new Set(members.keys()) }
  }

  /** Whether there was a moment since step `since` at which the group could take this commit. */
  couldCommit(groupId: string, claim: Claim, since: number): boolean {
    const sights = this.#sights.get(groupId) ?? []
    for (let index = sights.length - 1; index >= 0; index--) {
      const sight = sights[index] as Sight
      if (sight.until < since) return false
      if (takes(sight, claim)) return true
    }
    return false
  }
}

function isAsBefore({ type, state, epoch, members }: Sight, group: Group | null): boolean {
  if (group === null) return type === 'none'
  if (group.type !== type) return false
  if (group instanceof ConsumerGroup) {
    if (group.epoch !== epoch || group.memberCount !== members.size || group.stateName !== state) return false
    for (const member of group.members()) if (members.get(member.memberId) !== member) return false
    return true
  }
  const classic = group as ClassicGroup
  if (classic.generation !== epoch || classic.state !== state || classic.members.size !== members.size) return false
  for (const memberId of classic.members.keys()) if (!members.has(memberId)) return false
  return true
}

function sightOf(group: Group | null, before: Sight): Sight {
  const until = Number.POSITIVE_INFINITY
  if (group === null) return { type: 'none', state: '', epoch: -1, members: nobody, era: before.era + 1, until }
  const { type, stateName: state } = group
  const era = type !== before.type && before.members.size === 0 ? before.era + 1 : before.era
  if (group instanceof ConsumerGroup) {
    const members = new Map([...group.members()].map((member) => [member.memberId, member]))
    return { type, state, epoch: group.epoch, members, era, until }
  }
  const { generation: epoch, members: joined } = group as ClassicGroup
  return { type, state, epoch, members: new Map([...joined.keys()].map((memberId) => [memberId, undefined])), era, until }
}

function takes({ type, state, epoch, members }: Sight, claim: Claim): boolean {
  if (type === 'none') return claim.epoch < 0
  if (claim.epoch < 0 && members.size === 0) return true
  if (!members.has(claim.memberId)) return claim.isTransactional && claim.memberId === '' && claim.epoch < 0
  if (type === 'Classic') return claim.epoch === epoch && (claim.isTransactional || state !== 'CompletingRebalance')
  const { memberEpoch, assignedPartitions, partitionsPendingRevocation } = members.get(claim.memberId) as ConsumerMember
  if (claim.epoch === memberEpoch) return true
  const { topicId, partition } = claim
  const since = assignedPartitions.get(topicId)?.get(partition) ?? partitionsPendingRevocation.get(topicId)?.get(partition)
  return since !== undefined && since <= claim.epoch && claim.epoch < memberEpoch
}

function partitionsOf({ assignedPartitions, partitionsPendingRevocation }: ConsumerMember): string[] {
  return [assignedPartitions, partitionsPendingRevocation].flatMap((epochs) =>
    [...epochs].flatMap(([topicId, partitions]) => [...partitions.keys()].map((partition) => `${topicId}-${partition}`)),
  )
}
