/**
 * Which leader epoch began at which offset: how replicas find where their histories part (KIP-101, KIP-279).
 * Owns: its entries. Never: touches the disk; its text form is Kafka's leader-epoch-checkpoint.
 * Invariants: epochs and start offsets both rise.
 */
import type { Offset } from './offset.ts'

export interface EpochEntry {
  readonly epoch: number
  readonly startOffset: Offset
}

const unknown = -1

export class LeaderEpochs {
  #entries: EpochEntry[] = []
  /** Counts its changes; up to `noted` they are in the file, and on the device. */
  changes = 0
  noted = 0
  /** There is a file, which may tell less. */
  hasFile = false

  /** Undefined where the text is no epoch file, or not a whole one: it has no checksum, and ends with a line's end. */
  static parse(text: string): LeaderEpochs | undefined {
    const [version, count = '', ...lines] = text.split('\n')
    if (version !== '0' || !/^\d+$/.test(count) || lines.length !== Number(count) + 1 || lines.pop() !== '') return undefined
    const epochs = new LeaderEpochs()
    epochs.hasFile = true
    for (const line of lines) {
      const match = /^(\d+) (\d+)$/.exec(line)
      if (!match) return undefined
      epochs.#add(Number(match[1]), Number(match[2]))
    }
    return epochs
  }

  format(): string {
    return `0\n${this.#entries.length}\n${this.#entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}\n`).join('')}`
  }

  get entries(): readonly EpochEntry[] {
    return this.#entries
  }

  get count(): number {
    return this.#entries.length
  }

  get latest(): number {
    return this.#entries.at(-1)?.epoch ?? unknown
  }

  /** Epoch `epoch` begins at `startOffset`; nothing happens if it began before. */
  assign(epoch: number, startOffset: Offset): void {
    if (epoch < 0 || epoch <= this.latest) return
    this.#add(epoch, startOffset)
    this.changes++
  }

  /** Entries that contradict a new one (an epoch that wrote nothing) give way to it. */
  #add(epoch: number, startOffset: Offset): void {
    while (this.#entries.length > 0) {
      const last = this.#entries.at(-1) as EpochEntry
      if (last.epoch < epoch && last.startOffset < startOffset) break
      this.#entries.pop()
    }
    this.#entries.push({ epoch, startOffset })
  }

  /** The epoch in which `offset` was written. */
  epochAt(offset: Offset): number {
    for (let at = this.#entries.length - 1; at >= 0; at--) {
      const entry = this.#entries[at] as EpochEntry
      if (entry.startOffset <= offset) return entry.epoch
    }
    return unknown
  }

  /** The largest epoch known that is not above `epoch`, and the offset at which the next one begins; -1 and -1 where nothing can be said. */
  endOffsetOf(epoch: number, logEnd: Offset): { epoch: number; endOffset: Offset } {
    if (epoch < 0 || epoch > this.latest) return { epoch: unknown, endOffset: unknown }
    if (epoch === this.latest) return { epoch, endOffset: logEnd }
    const higher = this.#entries.findIndex((entry) => entry.epoch > epoch)
    const { startOffset } = this.#entries[higher] as EpochEntry
    return { epoch: higher === 0 ? epoch : (this.#entries[higher - 1] as EpochEntry).epoch, endOffset: startOffset }
  }

  /** The log now ends at `end`. */
  truncateFromEnd(end: Offset): void {
    const kept = this.#entries.filter(({ startOffset }) => startOffset < end)
    if (kept.length === this.#entries.length) return
    this.#entries = kept
    this.changes++
  }

  /** The log now begins at `start`: of the epochs before, the one that reaches into it begins there. */
  truncateFromStart(start: Offset): void {
    let first = 0
    while (first + 1 < this.#entries.length && (this.#entries[first + 1] as EpochEntry).startOffset <= start) first++
    const entry = this.#entries[first]
    if (!entry || (first === 0 && entry.startOffset >= start)) return
    this.#entries = [{ epoch: entry.epoch, startOffset: Math.max(start, entry.startOffset) }, ...this.#entries.slice(first + 1)]
    this.changes++
  }

  clear(): void {
    if (this.#entries.length > 0) this.changes++
    this.#entries = []
  }
}
