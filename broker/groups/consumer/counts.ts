/** How many there are of each: a key leaves when its count comes to nothing. */
export class Counts<K> {
  readonly #counts: Map<K, number>

  constructor(counts: Iterable<readonly [K, number]> = []) {
    this.#counts = new Map(counts)
  }

  get size(): number {
    return this.#counts.size
  }

  get(key: K): number {
    return this.#counts.get(key) ?? 0
  }

  has(key: K): boolean {
    return this.#counts.has(key)
  }

  keys(): IterableIterator<K> {
    return this.#counts.keys()
  }

  entries(): IterableIterator<[K, number]> {
    return this.#counts.entries()
  }

  add(key: K, difference: number): void {
    const count = this.get(key) + difference
    if (count === 0) this.#counts.delete(key)
    else this.#counts.set(key, count)
  }

  copy(): Counts<K> {
    return new Counts(this.#counts)
  }
}
