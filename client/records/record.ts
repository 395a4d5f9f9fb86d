/**
 * Reads records: of one batch, or of all batches that a fetch brought.
 * Keys, values and headers are views of the bytes they came in (decompressed ones, where the batch is compressed).
 * A compressed batch is decompressed whole before its first record is given out, within a bound.
 */
import { batchBytesAt, magicAt, RecordBatch } from './batch.ts'
import { decompressedBytesMax } from './compression/codec.ts'
import { abortMarker, controlTypeOf } from './control.ts'
import { legacyRecordsAt } from './legacy.ts'
import { type Header, scanRecords } from './record-scanner.ts'

/** `headers` as in the record; old message formats have none. */
export interface StoredRecord {
  readonly offset: number
  /** Milliseconds since the Unix epoch; -1 for none. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
}

/** The records of a batch one by one. Throws a RecordsError at the first that is malformed. */
export function* recordsOf(batch: RecordBatch, bytesMax = decompressedBytesMax): Generator<StoredRecord> {
  const { baseOffset, baseTimestamp, maxTimestamp, isLogAppendTime } = batch
  const scanner = scanRecords(batch, bytesMax)
  while (scanner.next()) {
    yield {
      offset: baseOffset + scanner.offsetDelta,
      timestamp: isLogAppendTime ? maxTimestamp : baseTimestamp + scanner.timestampDelta,
      key: scanner.key(),
      value: scanner.value(),
      headers: scanner.headers(),
    }
  }
}

export interface BatchRecords {
  readonly lastOffset: number
  readonly records: StoredRecord[]
}

export interface ReadOptions {
  /** Of a read-committed fetch: which transactions' records to leave out, by producer and first offset. */
  readonly aborted?: readonly { readonly producerId: number; readonly firstOffset: number }[]
  readonly bytesMax?: number
}

/**
 * What a consumer reads of the batches that a fetch brought, whatever their format. Control records are passed over, as are
 * those of aborted transactions; their batches still come, without records, so that a reader moves on past them.
 * A batch that is cut at the end is left out. Throws a RecordsError for bytes that are no batches.
 */
export function* readRecords(bytes: Buffer, { aborted = [], bytesMax = decompressedBytesMax }: ReadOptions = {}): Generator<BatchRecords> {
  const filter = new AbortedFilter(aborted)
  const batch = new RecordBatch(bytes)
  let position = 0
  for (let size = batchBytesAt(bytes, position); size > 0; size = batchBytesAt(bytes, position)) {
    if (magicAt(bytes, position) < 2) {
      const records = legacyRecordsAt(bytes, position, bytesMax)
      yield { lastOffset: records.at(-1)?.offset ?? -1, records }
    } else {
      batch.moveTo(bytes, position).ensureValid()
      const isWanted = filter.admits(batch) && !batch.isControl
      const { lastOffset } = batch
      yield { lastOffset, records: isWanted ? [...recordsOf(batch, bytesMax)] : [] }
    }
    position += size
  }
}

/** Tells the batches of aborted transactions, given all batches in order (KIP-98). */
export class AbortedFilter {
  readonly #upcoming: { readonly producerId: number; readonly firstOffset: number }[]
  readonly #open = new Set<number>()

  constructor(aborted: NonNullable<ReadOptions['aborted']>) {
    this.#upcoming = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset)
  }

  admits(batch: RecordBatch): boolean {
    if (this.#upcoming.length === 0 && this.#open.size === 0) return true
    const { lastOffset, producerId } = batch
    while ((this.#upcoming.at(-1)?.firstOffset ?? Infinity) <= lastOffset) {
      this.#open.add((this.#upcoming.pop() as { producerId: number }).producerId)
    }
    if (!batch.isTransactional || !this.#open.has(producerId)) return true
    if (batch.isControl && controlTypeOf(batch) === abortMarker) this.#open.delete(producerId)
    return false
  }
}
