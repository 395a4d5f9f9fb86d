/**
 * A simulated reader of committed transactions: it reads partitions from their beginning as far as the last stable offset, leaves out what
 * it is told was aborted, and puts the rest to the ledger. What is above the last stable offset it must not be given.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../../client/protocol/messages/offset-fetch.ts'
import { batchBytesAt, RecordBatch } from '../../../client/records/batch.ts'
import { readEndMarker } from '../../../client/records/control.ts'
import { recordsOf } from '../../../client/records/record.ts'
import type { Ledger, Pass } from '../checkers/ledger.ts'
import { Violation } from '../violation.ts'
import type { Surroundings } from './client.ts'
import { type PartitionAnswer, TopicReader, type TopicReaderTraits } from './topic-reader.ts'

interface Cursor {
  readonly partition: number
  next: number
  pass: Pass
  /** Producers whose transaction, as far as is read, is an aborted one. */
  aborted: Set<number>
  lastStableOffset: number
  highWatermark: number
  /** The broker's life that said so. */
  life: number
}

export class CommittedReader extends TopicReader<Cursor> {
  protected override readonly isolationLevel = 1
  readonly #ledger: Ledger

  constructor(around: Surroundings, traits: TopicReaderTraits, ledger: Ledger) {
    super(around, traits, beginning)
    this.#ledger = ledger
  }

  /** Reads everything once more, to the end: nothing may be undecided there. */
  async audit(): Promise<void> {
    await this.readAll()
    const offsets = new Map<string, number>()
    for (const group of this.#ledger.groups) offsets.set(group, await this.#offsetOf(group))
    this.#ledger.complete(new Map(this.cursors.map(({ partition, pass }) => [partition, pass])), offsets)
  }

  /** Once no transaction is open that may change it. */
  async #offsetOf(groupId: string): Promise<number> {
    const topics = [{ name: this.topic, partitionIndexes: [0] }]
    for (;;) {
      const connection = await this.connectedAnyway()
      const ask = { groups: [{ groupId, topics }], requireStable: true }
      const answer = await this.tryTo(() => connection.request(OffsetFetchRequest, OffsetFetchResponse, 8, ask))
      const [group] = answer?.groups ?? []
      const partition = group?.topics[0]?.partitions[0]
      if (group?.errorCode === ErrorCode.NONE && partition?.errorCode === ErrorCode.NONE) return partition.committedOffset
      await this.sleep(20)
    }
  }

  protected again(cursor: Cursor): void {
    Object.assign(cursor, { ...beginning(cursor.partition), lastStableOffset: cursor.lastStableOffset, life: cursor.life })
  }

  protected isAtEnd({ next, lastStableOffset, highWatermark }: Cursor): boolean {
    return highWatermark >= 0 && lastStableOffset === highWatermark && next === highWatermark
  }

  protected take(cursor: Cursor, data: PartitionAnswer, life: number): void {
    if (life === cursor.life && data.lastStableOffset < cursor.lastStableOffset) {
      const { lastStableOffset } = cursor
      throw new Violation(8, `${this.name}: the last stable offset went back from ${lastStableOffset} to ${data.lastStableOffset}`)
    }
    // What followed was lost with the power, and other things stand there now.
    const isStale = life !== cursor.life
    if (isStale) this.again(cursor)
    cursor.life = life
    cursor.lastStableOffset = data.lastStableOffset
    cursor.highWatermark = data.highWatermark
    if (!isStale) this.#read(cursor, data)
  }

  #read(cursor: Cursor, { records, abortedTransactions, lastStableOffset }: PartitionAnswer): void {
    const bytes = records ?? Buffer.alloc(0)
    const aborted = [...(abortedTransactions ?? [])].sort((a, b) => a.firstOffset - b.firstOffset)
    for (let at = 0, size = batchBytesAt(bytes, 0); size > 0 && at + size <= bytes.length; size = batchBytesAt(bytes, at)) {
      const batch = new RecordBatch(bytes, at)
      at += size
      if (batch.lastOffset < cursor.next) continue
      if (batch.lastOffset >= lastStableOffset) {
        throw new Violation(8, `${this.name} was given offset ${batch.lastOffset}, and may see those below ${lastStableOffset}`)
      }
      while ((aborted[0]?.firstOffset ?? Infinity) <= batch.lastOffset) cursor.aborted.add(aborted.shift()?.producerId as number)
      if (batch.isControl) {
        if (readEndMarker(batch)?.committed === false) cursor.aborted.delete(batch.producerId)
      } else if (!cursor.aborted.has(batch.producerId)) {
        for (const { value } of recordsOf(batch)) this.#ledger.shown(value as Buffer, cursor.partition, cursor.pass, this.name)
      }
      cursor.next = batch.lastOffset + 1
    }
  }
}

function beginning(partition: number): Cursor {
  return { partition, next: 0, pass: new Map(), aborted: new Set(), lastStableOffset: 0, highWatermark: -1, life: -1 }
}
