/**
 * Walks the records of a decompressed batch (magic 2) and checks the shape of each, without making an object for any.
 *
 *     length varint, attributes int8, timestampDelta varlong, offsetDelta varint,
 *     keyLength varint, key, valueLength varint, value,
 *     headerCount varint, (keyLength varint, key, valueLength varint, value)*
 *
 * Refuses what Kafka's reader refuses: lengths that pass the record or disagree with it, bytes left behind the last record.
 * Negative lengths stand for null, a header's key excepted. Where a field is wanted as an object, record.ts makes one.
 */
import { DecodeError } from '../protocol/malformed.ts'
import { Cursor } from '../protocol/varint.ts'
import { batchHeaderBytes, type RecordBatch } from './batch.ts'
import { decompress, decompressedBytesMax } from './compression/codec.ts'
import { RecordsError } from './records-error.ts'

/** The records of a batch, ready to be walked. Throws a RecordsError where they cannot be decompressed. */
export function scanRecords(batch: RecordBatch, bytesMax = decompressedBytesMax): RecordScanner {
  const { codec, recordCount } = batch
  if (codec === 0) return new RecordScanner(batch.buffer, batch.position + batchHeaderBytes, batch.end, recordCount)
  const bytes = decompress(codec, batch.payload, bytesMax)
  return new RecordScanner(bytes, 0, bytes.length, recordCount)
}

export class RecordScanner {
  readonly buffer: Buffer
  readonly #count: number
  readonly #end: number
  readonly #cursor: Cursor
  #read = 0

  /** The record `next` has read: where it starts, and its size without the length it starts with. */
  start = 0
  bodyBytes = 0
  timestampDelta = 0
  offsetDelta = 0
  keyStart = 0
  /** Below zero: null. The same for `valueBytes`. */
  keyBytes = 0
  valueStart = 0
  valueBytes = 0
  headerCount = 0
  headersStart = 0

  /** `count` is what the batch's header says. */
  constructor(buffer: Buffer, start: number, end: number, count: number) {
    if (count < 0) throw new RecordsError('invalid', `A batch of ${count} records`)
    this.buffer = buffer
    this.#count = count
    this.#end = end
    this.#cursor = new Cursor(buffer, start, end)
  }

  /** False behind the last record. Throws a RecordsError (invalid). */
  next(): boolean {
    if (this.#read >= this.#count) return false
    this.#read++
    try {
      this.#scan()
    } catch (error) {
      if (error instanceof DecodeError) throw new RecordsError('invalid', `Record ${this.#read - 1}: ${error.message}`, error)
      throw error
    }
    if (this.#read === this.#count && this.#cursor.position !== this.#end) {
      throw new RecordsError('invalid', `Bytes are left behind the last of ${this.#count} records`)
    }
    return true
  }

  #scan(): void {
    const cursor = this.#cursor
    this.start = cursor.position
    const bytes = cursor.varint()
    const end = cursor.position + bytes
    this.bodyBytes = bytes
    if (bytes < 0 || end > this.#end) throw this.#invalid(`is ${bytes} bytes long, which its batch is not`)
    // What follows may not pass the record.
    cursor.end = end
    // The attributes: no bit of them is used.
    cursor.position++
    this.timestampDelta = cursor.varlong()
    this.offsetDelta = cursor.varint()
    this.keyBytes = cursor.varint()
    this.keyStart = cursor.position
    if (this.keyBytes > 0) cursor.position += this.keyBytes
    this.valueBytes = cursor.varint()
    this.valueStart = cursor.position
    if (this.valueBytes > 0) cursor.position += this.valueBytes
    this.headerCount = cursor.varint()
    this.headersStart = cursor.position
    if (this.headerCount !== 0) this.#skipHeaders()
    if (cursor.position !== end) throw this.#invalid('is not as long as it says')
    cursor.end = this.#end
  }

  #skipHeaders(): void {
    const cursor = this.#cursor
    const { headerCount } = this
    if (headerCount < 0 || headerCount > cursor.end - cursor.position) throw this.#invalid(`has ${headerCount} headers`)
    for (let i = 0; i < headerCount; i++) {
      const keyBytes = cursor.varint()
      if (keyBytes < 0) throw this.#invalid('has a header without a key')
      cursor.position += keyBytes
      const valueBytes = cursor.varint()
      if (valueBytes > 0) cursor.position += valueBytes
    }
  }

  /** Its place and shape without rounding: a delta may be any 64-bit integer. */
  timestampDeltaExact(): bigint {
    const cursor = new Cursor(this.buffer, this.start, this.#end)
    cursor.varint()
    cursor.position++
    return cursor.varlongExact()
  }

  key(): Buffer | null {
    return this.keyBytes < 0 ? null : this.buffer.subarray(this.keyStart, this.keyStart + this.keyBytes)
  }

  value(): Buffer | null {
    return this.valueBytes < 0 ? null : this.buffer.subarray(this.valueStart, this.valueStart + this.valueBytes)
  }

  headers(): Header[] {
    if (this.headerCount === 0) return []
    const headers: Header[] = []
    const cursor = new Cursor(this.buffer, this.headersStart, this.#end)
    for (let i = 0; i < this.headerCount; i++) {
      const keyBytes = cursor.varint()
      const keyStart = cursor.position
      cursor.position += keyBytes
      const valueBytes = cursor.varint()
      const valueStart = cursor.position
      if (valueBytes > 0) cursor.position += valueBytes
      const value = valueBytes < 0 ? null : this.buffer.subarray(valueStart, cursor.position)
      headers.push([this.buffer.toString('utf8', keyStart, keyStart + keyBytes), value])
    }
    return headers
  }

  #invalid(what: string): RecordsError {
    return new RecordsError('invalid', `Record ${this.#read - 1} ${what}`)
  }
}

/** Keys may repeat, and the order is kept. */
export type Header = readonly [key: string, value: Buffer | null]
