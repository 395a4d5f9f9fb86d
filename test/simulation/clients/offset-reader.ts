/** A simulated onlooker: it fetches what groups have committed, again and again, and at the end until it was told of all of it. */
import type { Surroundings } from './client.ts'
import { type GroupCheckers, OffsetClient, type TopicPartition } from './offset-client.ts'

export interface OffsetReaderTraits {
  readonly groupId: string
  readonly topics: readonly string[]
  readonly pauseMillisMax: number
}

export class OffsetReader extends OffsetClient {
  readonly #traits: OffsetReaderTraits

  constructor(around: Surroundings, traits: OffsetReaderTraits, checkers: GroupCheckers) {
    super(around, traits.groupId, checkers, 1_500)
    this.#traits = traits
  }

  protected async live(): Promise<void> {
    await this.findCoordinator()
    while (!this.stopping) {
      const all = await this.#all()
      await this.fetch(
        all.filter(() => this.random.chance(0.5)),
        { isStable: this.random.chance(0.5) },
      )
      await this.sleep(1 + this.random.fraction() * this.#traits.pauseMillisMax)
    }
  }

  async #all(): Promise<TopicPartition[]> {
    const { partitionsOf } = await this.knownTopics()
    return this.#traits.topics.flatMap((topic) =>
      Array.from({ length: partitionsOf.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
    )
  }

  /** All is over. */
  async audit(): Promise<void> {
    await this.lookUpTopics()
    const all = await this.#all()
    for (const isStable of [true, false]) while (!(await this.fetch(all, { isStable }))) await this.sleep(20)
  }
}
