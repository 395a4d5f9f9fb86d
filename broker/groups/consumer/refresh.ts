/**
 * When the topics that a group's regular expressions match are looked for: when an expression is new, when topics have come, and once in a while.
 * It takes a turn of its own, so that a member's answer does not wait for it, and at most one every ten seconds for a group.
 * Owns: who is being looked for, and the records of what was found. Never: matches (regular-expressions.ts).
 */
import type { GroupTurn } from '../group.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupsContext } from './consumer-context.ts'
import { groupRecord, regularExpressionRecord, regularExpressionTombstone } from './consumer-records.ts'
import type { MemberStep } from './member-step.ts'
import { metadataHash } from './metadata-hash.ts'
import { checkRegularExpression, type ResolvedRegularExpression, resolve } from './regular-expressions.ts'

/** What became of a member's expression: as it was, another one, or another one of which it is known what it matches. */
export type ExpressionChange = 'none' | 'changed' | 'changed and resolved'

const restMillis = 10_000

export class Refresh {
  readonly #context: ConsumerGroupsContext
  /** Ids of groups for which a look is under way. */
  readonly #underWay = new Set<string>()
  /** Of the metadata in which topics last came. */
  #newTopicsVersion: number

  constructor(context: ConsumerGroupsContext) {
    this.#context = context
    this.#newTopicsVersion = context.topics.version
  }

  topicsCame(): void {
    this.#newTopicsVersion = this.#context.topics.version
  }

  /** Throws CoordinatorError (INVALID_REGULAR_EXPRESSION). */
  update({ turn, group, before, after }: MemberStep): ExpressionChange {
    const was = before.subscribedTopicRegex
    const is = after.subscribedTopicRegex
    let change: ExpressionChange = 'none'
    let isNew = false
    if (was !== is) {
      change = 'changed'
      const { subscriptions } = group
      if (was !== '' && subscriptions.subscribersOf(was) === 1) turn.append(regularExpressionTombstone(group.groupId, was))
      if (is === '') change = 'changed and resolved'
      else if (subscriptions.subscribersOf(is) > 0) change = group.expression(is) ? 'changed and resolved' : 'changed'
      else {
        checkRegularExpression(is)
        isNew = true
      }
    }
    if (isNew || group.subscriptions.expressionCount > 0) this.#lookIfDue(turn, group, { was, is, isNew })
    return change
  }

  #lookIfDue(turn: GroupTurn, group: ConsumerGroup, { was, is, isNew }: { was: string; is: string; isNew: boolean }): void {
    const { groupId } = group
    const [last] = group.expressions.values()
    const age = last ? turn.now - last.timestamp : Infinity
    if (this.#underWay.has(groupId) || (age >= 0 && age <= restMillis)) return
    const subscriptions = group.subscriptions.copy()
    subscriptions.memberChanged({ subscribedTopicNames: new Set(), subscribedTopicRegex: was }, undefined)
    subscriptions.memberChanged(undefined, { subscribedTopicNames: new Set(), subscribedTopicRegex: is })
    const isDue =
      isNew ||
      subscriptions.expressionCount !== group.expressions.size ||
      (last?.version ?? 0) < this.#newTopicsVersion ||
      age > this.#context.settings(groupId).regexRefreshIntervalMillis
    if (!isDue || subscriptions.expressionCount === 0) return
    const expressions = [...subscriptions.expressions()]
    this.#underWay.add(groupId)
    turn.schedule(`expressions ${groupId}`, 0, (later) => {
      this.#underWay.delete(groupId)
      this.#found(later, groupId, resolve(expressions, this.#context.topics, later.now))
    })
  }

  #found(turn: GroupTurn, groupId: string, resolved: ReadonlyMap<string, ResolvedRegularExpression>): void {
    const group = this.#context.groups.get(groupId)
    if (!(group instanceof ConsumerGroup)) return
    const subscriptions = group.subscriptions.copy()
    let isOther = false
    for (const [text, found] of resolved) {
      if (subscriptions.subscribersOf(text) === 0) continue
      const before = group.expression(text)
      isOther ||= (before?.topics ?? new Set()).symmetricDifference(found.topics).size > 0
      subscriptions.resolved(before, found)
      turn.append(regularExpressionRecord(groupId, text, found))
    }
    const hash = metadataHash(subscriptions.topics(), this.#context.topics)
    if (!isOther && hash === group.metadataHash) return
    turn.append(groupRecord(groupId, group.epoch + 1, hash))
    group.topicsCompared()
  }
}
