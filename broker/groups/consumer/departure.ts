/**
 * Members that leave a consumer group, or are put out of it because they were silent too long: their partitions are free at once.
 * Owns: what of the group's records goes with them. Where they were the last that speak the consumer protocol, the group goes back to the
 * classic one (downgrade.ts).
 */
import type { GroupTurn } from '../group.ts'
import { removal } from './admission.ts'
import type { ConsumerGroupsContext } from './consumer-context.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { groupRecord, regularExpressionTombstone } from './consumer-records.ts'
import type { Downgrade } from './downgrade.ts'
import type { ConsumerMember } from './member.ts'
import { type Fencing, MemberTimers } from './member-timers.ts'
import { metadataHash } from './metadata-hash.ts'

export class Departure implements Fencing {
  readonly timers: MemberTimers = new MemberTimers(this)
  readonly #context: ConsumerGroupsContext
  readonly #downgrade: Downgrade

  constructor(context: ConsumerGroupsContext, downgrade: Downgrade) {
    this.#context = context
    this.#downgrade = downgrade
  }

  depart(turn: GroupTurn, group: ConsumerGroup, leaving: readonly ConsumerMember[]): void {
    if (leaving.length === 0) return
    const { groupId } = group
    for (const { memberId } of leaving) this.timers.clear(turn, groupId, memberId)
    if (this.#downgrade.isDueWithout(group, leaving)) {
      for (const { memberId } of group.members()) this.timers.clear(turn, groupId, memberId)
      return this.#downgrade.without(turn, group, leaving)
    }
    for (const { memberId } of leaving) for (const record of removal(groupId, memberId)) turn.append(record)
    const subscriptions = group.subscriptions.copy()
    for (const member of leaving) subscriptions.memberChanged(member, undefined)
    for (const text of new Set(leaving.map(({ subscribedTopicRegex }) => subscribedTopicRegex))) {
      if (text === '' || subscriptions.subscribersOf(text) > 0) continue
      turn.append(regularExpressionTombstone(groupId, text))
      subscriptions.resolved(group.expression(text), undefined)
    }
    turn.append(groupRecord(groupId, group.epoch + 1, metadataHash(subscriptions.topics(), this.#context.topics)))
  }

  fence(turn: GroupTurn, groupId: string, memberId: string, why: string, atEpoch?: number): void {
    const group = this.#context.groups.get(groupId)
    const member = group instanceof ConsumerGroup ? group.member(memberId) : undefined
    if (!member || !(group instanceof ConsumerGroup) || (atEpoch !== undefined && member.memberEpoch !== atEpoch)) return
    this.#context.logger.info({ group: groupId, member: memberId }, `A member is put out of its group: ${why}`)
    this.depart(turn, group, [member])
  }
}
