/**
 * An offset for each partition, in one text file: Kafka's `…-offset-checkpoint`.
 *
 *     0                     version
 *     2                     entries
 *     orders 0 4711         topic, partition, offset
 *     orders 1 12
 *
 * Owns: what the file says now. Never: knows what the offsets mean. A file that can't be read vouches for nothing.
 */
import type { Logger } from '../metrics/logger.ts'
import type { Disk } from '../platform/disk.ts'
import type { Offset } from './offset.ts'
import { readWhole, replaceLater, replaceNow } from './whole-file.ts'

/** `topic partition`, as the file has it. */
export type PartitionKey = string

export function partitionKey(topic: string, partition: number): PartitionKey {
  return `${topic} ${partition}`
}

export class Checkpoint {
  readonly #disk: Disk
  readonly #path: string
  #entries: ReadonlyMap<PartitionKey, Offset>
  #isWriting = false

  constructor(disk: Disk, path: string, logger: Logger) {
    this.#disk = disk
    this.#path = path
    const text = readWhole(disk, path)?.toString()
    const entries = text === undefined ? new Map() : parseCheckpoint(text)
    if (!entries) logger.warn({ path }, 'A checkpoint file is damaged: taken as empty')
    this.#entries = entries ?? new Map()
  }

  get(key: PartitionKey): Offset | undefined {
    return this.#entries.get(key)
  }

  get entries(): ReadonlyMap<PartitionKey, Offset> {
    return this.#entries
  }

  /** On the device when it returns, also where something older is on its way. */
  writeNow(entries: ReadonlyMap<PartitionKey, Offset>): void {
    if (!this.#isWriting && isSame(entries, this.#entries)) return
    replaceNow(this.#disk, this.#path, formatCheckpoint(entries))
    this.#entries = entries
  }

  /** The same without blocking; passed over while one is on its way. */
  async writeLater(entries: ReadonlyMap<PartitionKey, Offset>): Promise<void> {
    if (this.#isWriting || isSame(entries, this.#entries)) return
    this.#isWriting = true
    try {
      const before = this.#entries
      await replaceLater(this.#disk, this.#path, formatCheckpoint(entries), () => this.#entries === before)
      if (this.#entries === before) this.#entries = entries
    } finally {
      this.#isWriting = false
    }
  }
}

export function formatCheckpoint(entries: ReadonlyMap<PartitionKey, Offset>): Buffer {
  const lines = [`0\n${entries.size}\n`]
  for (const [key, offset] of entries) lines.push(`${key} ${offset}\n`)
  return Buffer.from(lines.join(''))
}

/** Undefined where the text is no whole checkpoint. */
export function parseCheckpoint(text: string): Map<PartitionKey, Offset> | undefined {
  const lines = text.split('\n')
  const count = Number(lines[1])
  if (lines[0] !== '0' || !Number.isInteger(count) || lines.length < count + 2) return undefined
  const entries = new Map<PartitionKey, Offset>()
  for (const line of lines.slice(2, 2 + count)) {
    const match = /^(\S+ \d+) (-?\d+)$/.exec(line)
    if (!match) return undefined
    entries.set(match[1] as string, Number(match[2]))
  }
  return entries
}

function isSame(one: ReadonlyMap<PartitionKey, Offset>, other: ReadonlyMap<PartitionKey, Offset>): boolean {
  if (one.size !== other.size) return false
  for (const [key, offset] of one) if (other.get(key) !== offset) return false
  return true
}
