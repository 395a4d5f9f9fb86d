/**
 * Makes messages out of what was read of a partition: decoded records, or whole batches for clients that decode them.
 * Pure: bytes in, one message out, and where the next begins.
 * Invariants: `next` rises over all that was looked at, sent or not; no message holds more than the credit that it was cut for.
 */
import { RecordBatch, batchBytesAt, magicAt } from '../../client/records/batch.ts'
import { legacyRecordsAt } from '../../client/records/legacy.ts'
import { AbortedFilter, recordsOf, type StoredRecord } from '../../client/records/record.ts'
import type { Heading, RecordWriter } from './record-writer.ts'

export interface CutOptions {
  readonly writer: RecordWriter
  readonly heading: Heading
  readonly chunks: readonly Buffer[]
  /** Records below have been sent before. */
  readonly from: number
  /** After the last of the chunks. */
  readonly nextOffset: number
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[]
  readonly recordsMax: number
  /** Of keys, values and headers. */
  readonly bytesMax: number
  /** Which keys are wanted; all, if left out. */
  readonly wants?: KeyFilter | undefined
  /** Ids of codecs whose batches go out as they are. */
  readonly decodes: ReadonlySet<number>
}

export interface KeyFilter {
  has(key: Buffer | null): boolean
}

export interface Message {
  /** Undefined: there is nothing to say. */
  readonly frame: Buffer | undefined
  readonly records: number
  /** What it costs of a credit in bytes. */
  readonly bytes: number
  readonly next: number
  /** The first record costs so much, and that is more than there is. */
  readonly starved?: number
}

/** A message is ended once it is as large as this. */
const messageBytes = 256 * 1024
/** Of one batch, once decompressed. */
const decompressedBytesMax = 64 * 1024 * 1024
const recordBytes = 16

/** One message, of as much as may be sent. Throws a RecordsError for bytes that are no batches. */
export function cut(options: CutOptions): Message {
  const { decodes, wants } = options
  if (decodes.size === 0 || wants) return new RecordCut(options).run()
  return batchesOf(options) ?? new RecordCut(options).run()
}

function* batchPlaces(chunks: readonly Buffer[]): Generator<{ chunk: Buffer; at: number; size: number }> {
  for (const chunk of chunks) {
    for (let at = 0, size = batchBytesAt(chunk, 0); size > 0; at += size, size = batchBytesAt(chunk, at)) yield { chunk, at, size }
  }
}

/** A run of stored batches that the client decodes; undefined if the first one is none, or more than its credit. */
function batchesOf({ chunks, from, aborted, recordsMax, bytesMax, decodes, heading, writer }: CutOptions): Message | undefined {
  const filter = new AbortedFilter(aborted)
  const run: Buffer[] = []
  let next = from
  let count = 0
  let bytes = 0
  for (const { chunk, at, size } of batchPlaces(chunks)) {
    if (magicAt(chunk, at) < 2) break
    const batch = new RecordBatch(chunk, at)
    if (filter.admits(batch) && !batch.isControl && batch.lastOffset >= from) {
      const records = Math.min(batch.recordCount, batch.nextOffset - Math.max(batch.baseOffset, from))
      const fits = count + records <= recordsMax && bytes + size <= bytesMax && (count === 0 || bytes + size <= messageBytes)
      if (!decodes.has(batch.codec) || !fits) break
      run.push(chunk.subarray(at, at + size))
      count += records
      bytes += size
    }
    next = batch.nextOffset
  }
  if (count === 0) return undefined
  return { frame: writer.batches(heading, run, { first: from, count, next }), records: count, bytes, next }
}

class RecordCut {
  readonly #options: CutOptions
  #records = 0
  #bytes = 0
  #next: number
  #starved: number | undefined

  constructor(options: CutOptions) {
    this.#options = options
    this.#next = options.from
  }

  run(): Message {
    const { writer, heading, nextOffset } = this.#options
    writer.begin(heading)
    if (this.#walk()) this.#next = Math.max(this.#next, nextOffset)
    const frame = this.#records > 0 ? writer.end(this.#next) : undefined
    const message = { frame, records: this.#records, bytes: this.#bytes, next: this.#next }
    return this.#starved !== undefined && this.#records === 0 ? { ...message, starved: this.#starved } : message
  }

  /** True at the end of the chunks. */
  #walk(): boolean {
    const { chunks, aborted, from } = this.#options
    const filter = new AbortedFilter(aborted)
    for (const { chunk, at } of batchPlaces(chunks)) {
      if (magicAt(chunk, at) < 2) {
        if (!this.#take(legacyRecordsAt(chunk, at, decompressedBytesMax))) return false
        continue
      }
      const batch = new RecordBatch(chunk, at)
      const isWanted = filter.admits(batch) && !batch.isControl && batch.lastOffset >= from
      if (isWanted && !this.#take(recordsOf(batch, decompressedBytesMax))) return false
      this.#next = Math.max(this.#next, batch.nextOffset)
    }
    return true
  }

  /** False once the message is full, or the credit spent. */
  #take(records: Iterable<StoredRecord>): boolean {
    const { writer, from, recordsMax, bytesMax, wants } = this.#options
    for (const record of records) {
      if (record.offset < from) continue
      if (!wants || wants.has(record.key)) {
        if (this.#records >= recordsMax || writer.bytes >= messageBytes) return false
        const bytes = sizeOf(record)
        if (this.#bytes + bytes > bytesMax) {
          this.#starved = bytes
          return false
        }
        writer.add(record)
        this.#records++
        this.#bytes += bytes
      }
      this.#next = record.offset + 1
    }
    return true
  }
}

function sizeOf({ key, value, headers }: StoredRecord): number {
  let bytes = recordBytes + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) bytes += Buffer.byteLength(name) + (content?.length ?? 0)
  return bytes
}
