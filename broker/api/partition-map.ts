/** Something for each of many partitions, by topic: for requests that may name a partition twice, and answers that name it once. */

export class PartitionMap<V> {
  readonly #topics = new Map<string, Map<number, V>>()

  /** What was there before gives way. */
  set(topic: string, index: number, value: V): void {
    const partitions = this.#topics.get(topic)
    if (partitions) partitions.set(index, value)
    else this.#topics.set(topic, new Map([[index, value]]))
  }

  /** What an answer has for its topics, in the order in which they came. @param answer of one partition. */
  map<P>(answer: (value: V, index: number, topic: string) => P): { name: string; partitions: P[] }[] {
    return [...this.#topics].map(([name, partitions]) => ({
      name,
      partitions: [...partitions].map(([index, value]) => answer(value, index, name)),
    }))
  }
}
