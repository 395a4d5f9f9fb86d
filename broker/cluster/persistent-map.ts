/**
 * A map that is a value: a changed one is a new map, and the old one stays as it was.
 * Owns: a large base that versions share, and a small overlay of what differs from it. A change costs about the square root of
 * the size, so that n changes one by one are far from n squared, and lookups stay one or two of a native Map's.
 * Never: changes once made. Iteration gives the base's keys first, then those added since.
 */
const deleted = Symbol('deleted')
const overlayMin = 32

export class PersistentMap<K, V> implements ReadonlyMap<K, V> {
  readonly #base: ReadonlyMap<K, V>
  readonly #overlay: ReadonlyMap<K, V | typeof deleted>
  readonly size: number

  private constructor(base: ReadonlyMap<K, V>, overlay: ReadonlyMap<K, V | typeof deleted>, size: number) {
    this.#base = base
    this.#overlay = overlay
    this.size = size
  }

  static of<K, V>(entries: Iterable<readonly [K, V]> = []): PersistentMap<K, V> {
    const base = new Map(entries)
    return new PersistentMap(base, new Map(), base.size)
  }

  /** This map with each of these set, or where the value is `undefined`, removed. */
  with(changes: ReadonlyMap<K, V | undefined>): PersistentMap<K, V> {
    if (changes.size === 0) return this
    const overlay = new Map(this.#overlay)
    let size = this.size
    for (const [key, value] of changes) {
      size += Number(value !== undefined) - Number(this.has(key))
      if (value !== undefined) overlay.set(key, value)
      else if (this.#base.has(key)) overlay.set(key, deleted)
      else overlay.delete(key)
    }
    const changed = new PersistentMap(this.#base, overlay, size)
    const isSmall = overlay.size <= Math.max(overlayMin, Math.sqrt(this.#base.size))
    return isSmall ? changed : PersistentMap.of(changed)
  }

  get(key: K): V | undefined {
    const value = this.#overlay.get(key)
    if (value === undefined) return this.#base.get(key)
    return value === deleted ? undefined : value
  }

  has(key: K): boolean {
    return this.get(key) !== undefined
  }

  *entries(): MapIterator<[K, V]> {
    for (const [key, value] of this.#base) {
      const newer = this.#overlay.get(key)
      if (newer === undefined) yield [key, value]
      else if (newer !== deleted) yield [key, newer]
    }
    for (const [key, value] of this.#overlay) {
      if (value !== deleted && !this.#base.has(key)) yield [key, value]
    }
  }

  *keys(): MapIterator<K> {
    for (const [key] of this.entries()) yield key
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this)
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }
}
