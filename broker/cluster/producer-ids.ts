/**
 * Producer ids: taken from the metadata log in blocks, so that handing one out costs nothing and none is ever handed out twice.
 * Owns: the block at hand. What is left of it when the broker stops is never used.
 */
import type { Plan } from './plan.ts'

/** Kafka's own. */
const idsPerBlock = 1000

export interface ProducerIdBlock {
  readonly first: number
  readonly count: number
}

export function planProducerIdBlock(brokerId: number): Plan<ProducerIdBlock> {
  return (image) => {
    const first = image.nextProducerId
    const brokerEpoch = image.brokers.get(brokerId)?.epoch ?? -1
    const value = { brokerId, brokerEpoch, nextProducerId: first + idsPerBlock }
    return { records: [{ name: 'ProducerIdsRecord', value }], reply: { first, count: idsPerBlock } }
  }
}

export class ProducerIds {
  /** Fetches another block; nothing where there is none to be had. */
  readonly #refill: () => Promise<ProducerIdBlock | undefined>
  #next = 0
  #end = 0
  #refilling: Promise<void> | undefined

  constructor(refill: () => Promise<ProducerIdBlock | undefined>) {
    this.#refill = refill
  }

  /** An id that nobody ever had; -1 where there is none to be had. */
  async next(): Promise<number> {
    while (this.#next === this.#end) {
      this.#refilling ??= this.#refilled()
      const before = this.#end
      await this.#refilling
      if (this.#end === before) return -1
    }
    return this.#next++
  }

  async #refilled(): Promise<void> {
    try {
      const block = await this.#refill()
      if (!block) return
      this.#next = block.first
      this.#end = block.first + block.count
    } finally {
      this.#refilling = undefined
    }
  }
}
