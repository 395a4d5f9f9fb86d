/**
 * A simulated reader of a compacted topic: from the beginning to the end, over gaps, and again. What it is given must rise, be what was
 * sent, and lie where it was confirmed.
 */
import { RecordBatch } from '../../../client/records/batch.ts'
import { recordsOf } from '../../../client/records/record.ts'
import type { KeysSeen, NewestValues } from '../checkers/newest-values.ts'
import { Violation } from '../violation.ts'
import { batchAt } from './batch.ts'
import type { Surroundings } from './client.ts'
import { type PartitionAnswer, TopicReader, type TopicReaderTraits } from './topic-reader.ts'

interface Cursor {
  readonly partition: number
  next: number
  seen: KeysSeen
  /** As last told; -1: not yet. */
  end: number
}

export class KeyedReader extends TopicReader<Cursor> {
  readonly #newest: NewestValues

  constructor(around: Surroundings, traits: TopicReaderTraits, newest: NewestValues) {
    super(around, traits, (partition) => ({ partition, next: 0, seen: new Map(), end: -1 }))
    this.#newest = newest
  }

  /** Reads everything once more, to the end: the newest of every key is there. */
  async audit(): Promise<void> {
    await this.readAll()
    for (const { partition, seen, end } of this.cursors) this.#newest.complete(partition, seen, end)
  }

  protected again(cursor: Cursor): void {
    Object.assign(cursor, { next: 0, seen: new Map(), end: -1 })
  }

  protected isAtEnd({ next, end }: Cursor): boolean {
    return end >= 0 && next >= end
  }

  protected take(cursor: Cursor, { highWatermark, records }: PartitionAnswer): void {
    cursor.end = highWatermark
    const bytes = records ?? Buffer.alloc(0)
    for (let at = 0; at < bytes.length; ) {
      const found = batchAt(bytes, at)
      if (found === 'cut') return
      if (found === 'damaged') throw new Violation(9, `${this.name} was given a damaged batch after offset ${cursor.next - 1}`)
      if (found.endOffset <= cursor.next && at > 0) throw new Violation(9, `${this.name} was given offsets that do not rise`)
      this.#read(cursor, found.bytes)
      cursor.next = Math.max(cursor.next, found.endOffset)
      at += found.bytes.length
    }
  }

  #read({ partition, next, seen }: Cursor, bytes: Buffer): void {
    for (const { offset, key, value } of recordsOf(new RecordBatch(bytes))) {
      if (offset < next) continue
      const number = value ? value.readUInt32BE(0) : -1
      this.#newest.read({ partition, offset, key: String(key), number, isTombstone: !value }, seen, this.name)
    }
  }
}
