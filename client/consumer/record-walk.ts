/**
 * Walks the records that one fetch brought of one partition, batch by batch, without an object for any. A batch is checked and decompressed
 * when it is reached. Control records and those of aborted transactions are passed over.
 * Owns: how far the walk has come. Never: decodes a key or a value.
 */
import { batchBytesAt, batchHeaderBytes, magicAt, RecordBatch } from '../records/batch.ts'
import { decompressedBytesMax } from '../records/compression/codec.ts'
import { legacyRecordsAt } from '../records/legacy.ts'
import { AbortedFilter, type ReadOptions, type StoredRecord } from '../records/record.ts'
import { type Header, type RecordScanner, scanRecords } from '../records/record-scanner.ts'

const noHeaders: readonly Header[] = Object.freeze([])

export class RecordWalk {
  readonly bytes: Buffer
  readonly #aborted: NonNullable<ReadOptions['aborted']>
  readonly #filter: AbortedFilter
  readonly #batch: RecordBatch
  readonly #from: number
  readonly #until: number
  #position = 0
  #scanner: RecordScanner | undefined
  #legacy: StoredRecord[] = []
  #record: StoredRecord | undefined
  #baseOffset = 0
  #baseTimestamp = 0
  #appendTime: number | undefined
  #batchEnd: number

  /** Of the record that `next` has reached. */
  offset = -1
  /** Milliseconds since the Unix epoch; -1 for none. */
  timestamp = -1
  /** Of the batch that was reached; -1 where it does not say. */
  leaderEpoch = -1

  /** @param from records before it are passed over, and the walk ends before `until`: a batch comes whole, whatever in it was asked for. */
  constructor(bytes: Buffer, from: number, until: number, aborted: NonNullable<ReadOptions['aborted']>) {
    this.bytes = bytes
    this.#from = from
    this.#until = until
    this.#batchEnd = from
    this.#aborted = aborted
    this.#filter = new AbortedFilter(aborted)
    this.#batch = new RecordBatch(bytes)
  }

  /** Behind the batches that were walked to their end. */
  get nextOffset(): number {
    return this.#batchEnd
  }

  /** Behind the batch that is being walked, as its header says. */
  get endOfBatch(): number {
    const { bytes } = this
    const isWhole = bytes.length - this.#position >= batchHeaderBytes && magicAt(bytes, this.#position) === 2
    return isWhole ? this.#batch.moveTo(bytes, this.#position).nextOffset : this.#batchEnd + 1
  }

  /** The same bytes from this record on. */
  again(from: number): RecordWalk {
    return new RecordWalk(this.bytes, from, this.#until, this.#aborted)
  }

  /** False behind the last. Throws a RecordsError where the bytes are not what they should be: the batch is the one at `nextOffset`. */
  next(): boolean {
    for (;;) {
      const scanner = this.#scanner
      if (scanner) {
        while (scanner.next()) {
          const offset = this.#baseOffset + scanner.offsetDelta
          if (offset < this.#from) continue
          if (offset >= this.#until) return this.#end()
          this.offset = offset
          this.timestamp = this.#appendTime ?? this.#baseTimestamp + scanner.timestampDelta
          return true
        }
        this.#scanner = undefined
        this.#batchEnd = Math.max(this.#from, this.#batch.nextOffset)
        this.#position += this.#batch.bytes
      } else if (this.#legacy.length > 0) {
        if (this.#nextLegacy()) return true
      } else if (!this.#enter()) return false
    }
  }

  /** Nothing behind it is wanted. */
  #end(): false {
    this.#batchEnd = this.#until
    this.#scanner = undefined
    this.#legacy = []
    this.#position = this.bytes.length
    return false
  }

  #nextLegacy(): boolean {
    const record = this.#legacy.shift() as StoredRecord
    if (this.#legacy.length === 0) this.#batchEnd = Math.max(this.#from, record.offset + 1)
    if (record.offset < this.#from) return false
    if (record.offset >= this.#until) return this.#end()
    this.#record = record
    this.offset = record.offset
    this.timestamp = record.timestamp
    return true
  }

  /** False where no whole batch is left. */
  #enter(): boolean {
    const { bytes } = this
    const size = batchBytesAt(bytes, this.#position)
    if (size === 0) return false
    this.#record = undefined
    if (magicAt(bytes, this.#position) < 2) {
      this.#legacy = legacyRecordsAt(bytes, this.#position, decompressedBytesMax)
      this.#position += size
      this.leaderEpoch = -1
      return true
    }
    const batch = this.#batch.moveTo(bytes, this.#position)
    batch.ensureValid()
    this.leaderEpoch = batch.partitionLeaderEpoch
    if (!this.#filter.admits(batch) || batch.isControl) {
      this.#batchEnd = Math.max(this.#from, batch.nextOffset)
      this.#position += size
      return true
    }
    this.#baseOffset = batch.baseOffset
    this.#baseTimestamp = batch.baseTimestamp
    this.#appendTime = batch.isLogAppendTime ? batch.maxTimestamp : undefined
    this.#scanner = scanRecords(batch)
    return true
  }

  key(): Buffer | null {
    return this.#record ? this.#record.key : (this.#scanner as RecordScanner).key()
  }

  value(): Buffer | null {
    return this.#record ? this.#record.value : (this.#scanner as RecordScanner).value()
  }

  headers(): readonly Header[] {
    if (this.#record) return this.#record.headers
    const scanner = this.#scanner as RecordScanner
    return scanner.headerCount === 0 ? noHeaders : scanner.headers()
  }
}

/** The place behind the last whole batch in these bytes, with its leader epoch; undefined where none is whole. Throws a RecordsError. */
export function endOfBatches(bytes: Buffer): { readonly nextOffset: number; readonly leaderEpoch: number } | undefined {
  let position = 0
  let last = -1
  for (let size = batchBytesAt(bytes, position); size > 0; size = batchBytesAt(bytes, position)) {
    last = position
    position += size
  }
  if (last < 0) return undefined
  if (magicAt(bytes, last) < 2) return { nextOffset: new RecordBatch(bytes, last).baseOffset + 1, leaderEpoch: -1 }
  const batch = new RecordBatch(bytes, last)
  return { nextOffset: batch.nextOffset, leaderEpoch: batch.partitionLeaderEpoch }
}
