/**
 * Messages that were made for one reader and will do for the next: a batch is encoded once, and the same bytes go to all who read it.
 * Owns: the newest few of each partition, within a bound over all. Never: decides who may have one (their credit does).
 * What is kept was committed, so it stays true; the reader looks whether it may still be read.
 */
import type { Partition } from '../replication/partition.ts'
import type { Message } from './cut.ts'

/** Readers of one variant get the same bytes for the same offset: subprotocol, subscription's number, isolation, codecs. Made by `SharedFrames`. */
export interface Variant {
  readonly name: string
}

interface Kept {
  readonly partition: Partition
  readonly from: number
  readonly variant: Variant
  readonly message: Message
}

const keptPerPartition = 16
const keptBytesMax = 16 * 1024 * 1024

export class SharedFrames {
  readonly #variants = new Map<string, Variant>()
  readonly #byPartition = new Map<Partition, Kept[]>()
  #bytes = 0
  hits = 0
  misses = 0

  get bytes(): number {
    return this.#bytes
  }

  /** The same name gives the same variant, for as long as somebody may use it: there are as many as clients make up numbers. */
  variant(name: string): Variant {
    let variant = this.#variants.get(name)
    if (!variant) {
      if (this.#variants.size >= 1024) this.#variants.clear()
      variant = { name }
      this.#variants.set(name, variant)
    }
    return variant
  }

  find(partition: Partition, from: number, variant: Variant): Message | undefined {
    const kept = this.#byPartition.get(partition)
    if (kept) {
      for (let index = kept.length - 1; index >= 0; index--) {
        const one = kept[index] as Kept
        if (one.from === from && one.variant === variant) {
          this.hits++
          return one.message
        }
      }
    }
    this.misses++
    return undefined
  }

  keep(partition: Partition, from: number, variant: Variant, message: Message): void {
    const size = message.frame?.length ?? 0
    if (size === 0 || size > keptBytesMax / 4) return
    let kept = this.#byPartition.get(partition)
    if (!kept) {
      kept = []
      this.#byPartition.set(partition, kept)
    }
    kept.push({ partition, from, variant, message })
    this.#bytes += size
    if (kept.length > keptPerPartition) this.#dropFirst(partition, kept)
    while (this.#bytes > keptBytesMax) {
      const [first] = this.#byPartition
      if (!first) break
      this.#dropFirst(...first)
    }
  }

  /** Nobody reads it any more. */
  forget(partition: Partition): void {
    const kept = this.#byPartition.get(partition)
    while (kept && kept.length > 0) this.#dropFirst(partition, kept)
  }

  #dropFirst(partition: Partition, kept: Kept[]): void {
    this.#bytes -= kept.shift()?.message.frame?.length ?? 0
    if (kept.length === 0) this.#byPartition.delete(partition)
  }
}
