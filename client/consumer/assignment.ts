/** The partitions that a consumer has. Owns: their states, and that the fetcher knows of them. */
import { AssignedPartition, type Start } from './assigned-partition.ts'
import type { ChosenPartition, TopicPartition } from './consumed.ts'

export class Assignment implements Iterable<AssignedPartition> {
  readonly #partitions = new Map<string, AssignedPartition>()

  get(topic: string, partition: number): AssignedPartition | undefined {
    return this.#partitions.get(`${topic}-${partition}`)
  }

  add(partitions: readonly ChosenPartition[], start: Start): void {
    for (const chosen of partitions) {
      if (this.get(chosen.topic, chosen.partition)) continue
      const added = new AssignedPartition(chosen, chosen.from ?? start)
      this.#partitions.set(added.name, added)
    }
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const name = `${topic}-${partition}`
      this.#partitions.get(name)?.unassign()
      this.#partitions.delete(name)
    }
  }

  [Symbol.iterator](): IterableIterator<AssignedPartition> {
    return this.#partitions.values()
  }

  get list(): TopicPartition[] {
    return [...this].map(({ topic, partition }) => ({ topic, partition }))
  }
}
