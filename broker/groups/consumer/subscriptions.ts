/**
 * What the members of a group subscribe to, added up: topics by name, regular expressions, and the topics that those match.
 * Owns: the counts, which follow members and resolved expressions as they change. Never: matches expressions.
 * A copy shows what would be, before the records that make it so are written.
 */
import { Counts } from './counts.ts'
import type { ConsumerMember } from './member.ts'
import type { ResolvedRegularExpression } from './regular-expressions.ts'

type Subscriber = Pick<ConsumerMember, 'subscribedTopicNames' | 'subscribedTopicRegex'>

export class Subscriptions {
  /** How many members subscribe to a topic by its name. */
  readonly #names: Counts<string>
  /** How many expressions match a topic. */
  readonly #matched: Counts<string>
  /** How many members subscribe by an expression. */
  readonly #expressions: Counts<string>

  constructor(names = new Counts<string>(), matched = new Counts<string>(), expressions = new Counts<string>()) {
    this.#names = names
    this.#matched = matched
    this.#expressions = expressions
  }

  copy(): Subscriptions {
    return new Subscriptions(this.#names.copy(), this.#matched.copy(), this.#expressions.copy())
  }

  /** Either may be missing: a member comes, changes or goes. */
  memberChanged(before: Subscriber | undefined, after: Subscriber | undefined): void {
    if (before) this.#count(before, -1)
    if (after) this.#count(after, 1)
  }

  #count({ subscribedTopicNames, subscribedTopicRegex }: Subscriber, difference: 1 | -1): void {
    for (const name of subscribedTopicNames) this.#names.add(name, difference)
    if (subscribedTopicRegex !== '') this.#expressions.add(subscribedTopicRegex, difference)
  }

  /** What an expression matches has changed. */
  resolved(before: ResolvedRegularExpression | undefined, after: ResolvedRegularExpression | undefined): void {
    for (const name of before?.topics ?? []) this.#matched.add(name, -1)
    for (const name of after?.topics ?? []) this.#matched.add(name, 1)
  }

  subscribersOf(expression: string): number {
    return this.#expressions.get(expression)
  }

  get expressionCount(): number {
    return this.#expressions.size
  }

  expressions(): IterableIterator<string> {
    return this.#expressions.keys()
  }

  has(topic: string): boolean {
    return this.#names.has(topic) || this.#matched.has(topic)
  }

  topics(): ReadonlySet<string> {
    return new Set([...this.#names.keys(), ...this.#matched.keys()])
  }

  /** Whether all of so many members subscribe to the same topics, as far as that can be told without looking at each. */
  isHomogeneous(memberCount: number): boolean {
    const [expression] = this.#expressions.entries()
    if (!expression) return [...this.#names.entries()].every(([, count]) => count === memberCount)
    return expression[1] === memberCount && this.#names.size === 0 && [...this.#matched.entries()].every(([, count]) => count === 1)
  }
}
