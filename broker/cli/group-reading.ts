/**
 * Reading as a member of a group: what was written out is committed, every second, before partitions are given up, and at the end.
 * Owns: what has been written and not committed. Never: commits a record that was not written, so whoever comes next has it again.
 */
import type { Consumer, ConsumedBatch, Position, ReadRecord, Stele, TopicPartition } from '../../client/index.ts'
import { nodeClock } from '../platform/node/clock.ts'

const commitMillis = 1000
const lookMillis = 50

export interface GroupReadingOptions {
  readonly topic: string
  readonly group: string
  readonly protocol: 'classic' | 'consumer'
  /** Where nothing is committed. */
  readonly from: Position
  /** End once all that was there when the partitions came has been read. */
  readonly untilEnd: boolean
  readonly readCommitted: boolean
  readonly signal: AbortSignal
}

const buffers = { decode: (given: Uint8Array | null) => given as Buffer | null }

export class GroupReading {
  readonly #stele: Stele
  readonly #options: GroupReadingOptions
  readonly #consumer: Consumer<Buffer | null, Buffer | null>
  readonly #readAll = new AbortController()
  /** By partition, for as long as it is this member's. */
  readonly #ends = new Map<number, number>()
  readonly #written = new Map<number, number>()
  #inHand: ConsumedBatch<Buffer | null, Buffer | null> | undefined
  #committedAt = nodeClock.monotonic()

  constructor(stele: Stele, options: GroupReadingOptions) {
    this.#stele = stele
    this.#options = options
    const { topic, group, protocol, from, readCommitted } = options
    this.#consumer = stele.consumer({
      topics: [topic],
      group,
      protocol,
      from,
      isolation: readCommitted ? 'committed' : 'uncommitted',
      autoCommit: false,
      key: buffers,
      value: buffers,
      onAssigned: (partitions) => this.#assigned(partitions),
      onRevoked: (partitions) => this.#revoked(partitions),
      onLost: (partitions) => this.#forget(partitions),
    })
  }

  async *batches(): AsyncGenerator<readonly ReadRecord[]> {
    const signal = AbortSignal.any([this.#options.signal, this.#readAll.signal])
    // A group waits for a topic that is not there; whoever types its name wants to know.
    await this.#stele.topics.describe([this.#options.topic])
    if (this.#options.untilEnd) this.#lookForTheEnd()
    try {
      for await (const batch of this.#consumer.batches({ signal })) {
        this.#inHand = batch
        yield batch.records as readonly ReadRecord[]
        this.#inHand = undefined
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** So many of the records in hand are written, from the first. */
  async written(count: number): Promise<void> {
    if (!this.#inHand) return
    const { partition, records, nextOffset } = this.#inHand
    this.#written.set(partition, records[count]?.offset ?? nextOffset)
    if (nodeClock.monotonic() - this.#committedAt >= commitMillis) await this.#commit()
  }

  /** Commits, and leaves the group. */
  async close(): Promise<void> {
    this.#readAll.abort()
    await this.#commit()
    await this.#consumer.close()
  }

  async #commit(partitions: readonly number[] = [...this.#written.keys()]): Promise<void> {
    const { topic } = this.#options
    const offsets = partitions.flatMap((partition) => {
      const offset = this.#written.get(partition)
      return offset === undefined ? [] : [{ topic, partition, offset }]
    })
    this.#committedAt = nodeClock.monotonic()
    await this.#consumer.commit(offsets)
    for (const { partition, offset } of offsets) if (this.#written.get(partition) === offset) this.#written.delete(partition)
  }

  async #assigned(partitions: readonly TopicPartition[]): Promise<void> {
    if (!this.#options.untilEnd) return
    const { readCommitted } = this.#options
    const asked = partitions.map(({ topic, partition }) => ({ topic, partition, at: 'end' as const }))
    const { orThrow } = await import('../../client/index.ts')
    for (const { partition, offset } of orThrow(await this.#stele.admin.partitions.offsets(asked, { readCommitted }))) {
      this.#ends.set(partition, offset)
    }
  }

  async #revoked(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#commit(partitions.map(({ partition }) => partition))
    this.#forget(partitions)
  }

  #forget(partitions: readonly TopicPartition[]): void {
    for (const { partition } of partitions) {
      this.#ends.delete(partition)
      this.#written.delete(partition)
    }
  }

  /** Where there is nothing to read nothing comes, so somebody must look. A member without partitions waits for some. */
  #lookForTheEnd(): void {
    nodeClock.after(lookMillis, () => {
      if (this.#readAll.signal.aborted) return
      if (this.#inHand === undefined && this.#isAllRead()) this.#readAll.abort()
      else this.#lookForTheEnd()
    })
  }

  #isAllRead(): boolean {
    const { topic } = this.#options
    const isRead = ([partition, end]: [number, number]) => (this.#consumer.position({ topic, partition }) ?? -1) >= end
    return this.#ends.size > 0 && [...this.#ends].every(isRead)
  }
}
