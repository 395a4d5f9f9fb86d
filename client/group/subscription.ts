/**
 * The topics that a consumer asked for, as they exist: by name, or those that match.
 * Owns: what was found last. Internal topics are read by name only.
 */
import type { ClusterView, TopicView } from '../cluster/cluster-view.ts'

export type AskedTopics = readonly string[] | RegExp

export class Subscription {
  readonly #cluster: ClusterView
  readonly asked: AskedTopics
  /** Those that exist, by name. */
  #found: TopicView[] = []

  constructor(cluster: ClusterView, asked: AskedTopics) {
    this.#cluster = cluster
    // A pattern that remembers where it was would match every other time.
    this.asked = asked instanceof RegExp ? new RegExp(asked.source, asked.flags.replace(/[gy]/g, '')) : asked
  }

  /** Asks which there are. Throws ClientError. */
  async refresh(): Promise<readonly TopicView[]> {
    const { asked } = this
    if (asked instanceof RegExp) {
      const all = await this.#cluster.existing()
      this.#found = all.filter(({ name, isInternal }) => !isInternal && asked.test(name))
    } else this.#found = await this.#cluster.existing(asked.map((name) => ({ name })))
    return this.#found
  }

  /** What is subscribed to: names that are asked for, whether they exist or not. */
  get names(): string[] {
    return this.asked instanceof RegExp ? this.#found.map(({ name }) => name).sort() : [...new Set(this.asked)]
  }

  /** By topic, how many partitions there are, of the subscription and of `others`. Throws ClientError. */
  async partitionCounts(others: readonly string[]): Promise<Map<string, number>> {
    const found = await this.#cluster.existing([...new Set([...this.names, ...others])].map((name) => ({ name })))
    return new Map(found.map(({ name, leaders }) => [name, leaders.length]))
  }
}

/** As brokers take it: RE2's syntax, and for the whole of a name. What RE2 does not have, they refuse. */
export function wholePattern({ source, ignoreCase, dotAll }: RegExp): string {
  const flags = `${ignoreCase ? 'i' : ''}${dotAll ? 's' : ''}`
  return `${flags === '' ? '' : `(?${flags})`}.*(?:${source}).*`
}
