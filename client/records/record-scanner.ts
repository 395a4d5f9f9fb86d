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
  const bytes = decompressRecords(batch, bytesMax)
  return new RecordScanner(bytes, 0, bytes.length, recordCount)
}

/**
 * The bytes of a compressed batch's records. Where they turn out damaged only at their end, a malformed record among what came out
 * before is the fault that is told: a reader of a stream, as Kafka's is, meets it first.
 */
export function decompressRecords(batch: RecordBatch, bytesMax: number): Buffer {
  try {
    return decompress(batch.codec, batch.payload, bytesMax)
  } catch (error) {
    if (error instanceof RecordsError && error.decoded) {
      const scanner = new RecordScanner(error.decoded, 0, error.decoded.length, batch.recordCount)
      while (scanner.isNextWhole && scanner.next());
    }
    throw error
  }
}

/** Up to the end of the key's length, where all numbers have two bytes. */
const usualHeadBytes = 9

export class RecordScanner {
  readonly buffer: Buffer
  readonly #count: number
  readonly #end: number
  readonly #cursor: Cursor
  #read = 0
  #position: number

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
    this.#position = start
    this.#cursor = new Cursor(buffer, start, end)
  }

  /** Are all bytes there that the next record says it has? */
  get isNextWhole(): boolean {
    this.#cursor.reset(this.buffer, this.#position, this.#end)
    try {
      const bytes = this.#cursor.varint()
      return bytes <= this.#end - this.#cursor.position
    } catch (error) {
      if (error instanceof DecodeError) return error.fault === 'malformed'
      throw error
    }
  }

  /** False behind the last record. Throws a RecordsError (invalid). */
  next(): boolean {
    if (this.#read === this.#count) return false
    this.#read++
    if (!this.#scanUsual()) this.#scanAny()
    if (this.#read === this.#count && this.#position !== this.#end) {
      throw new RecordsError('invalid', `Bytes are left behind the last of ${this.#count} records`)
    }
    return true
  }

  /**
   * Nearly every record has numbers of one or two bytes, no headers, and is well formed: one pass without a call, at half the
   * cost of reading number by number. False, and nothing decided, for any other. A varint is zigzag: even is positive.
   */
  #scanUsual(): boolean {
    const { buffer } = this
    const start = this.#position
    if (start + usualHeadBytes > this.#end) return false
    let at = start
    let bodyBytes = buffer[at++] as number
    if (bodyBytes >= 0x80) bodyBytes = (bodyBytes & 0x7f) | ((buffer[at++] as number) << 7)
    if (bodyBytes >= 0x4000 || bodyBytes & 1) return false
    bodyBytes >>>= 1
    const end = at + bodyBytes
    if (end > this.#end) return false
    // The attributes: no bit of them is used.
    at++
    let timestampDelta = buffer[at++] as number
    if (timestampDelta >= 0x80) timestampDelta = (timestampDelta & 0x7f) | ((buffer[at++] as number) << 7)
    let offsetDelta = buffer[at++] as number
    if (offsetDelta >= 0x80) offsetDelta = (offsetDelta & 0x7f) | ((buffer[at++] as number) << 7)
    let keyBytes = buffer[at++] as number
    if (keyBytes >= 0x80) keyBytes = (keyBytes & 0x7f) | ((buffer[at++] as number) << 7)
    if (timestampDelta >= 0x4000 || offsetDelta >= 0x4000 || keyBytes >= 0x4000) return false
    keyBytes = (keyBytes >>> 1) ^ -(keyBytes & 1)
    const keyStart = at
    if (keyBytes > 0) at += keyBytes
    // Two bytes of a length and the one that says there are no headers.
    if (at + 3 > end && at + 2 !== end) return false
    let valueBytes = buffer[at++] as number
    if (valueBytes >= 0x80) valueBytes = (valueBytes & 0x7f) | ((buffer[at++] as number) << 7)
    if (valueBytes >= 0x4000) return false
    valueBytes = (valueBytes >>> 1) ^ -(valueBytes & 1)
    const valueStart = at
    if (valueBytes > 0) at += valueBytes
    if (at + 1 !== end || buffer[at] !== 0) return false
    this.start = start
    this.bodyBytes = bodyBytes
    this.timestampDelta = (timestampDelta >>> 1) ^ -(timestampDelta & 1)
    this.offsetDelta = (offsetDelta >>> 1) ^ -(offsetDelta & 1)
    this.keyStart = keyStart
    this.keyBytes = keyBytes
    this.valueStart = valueStart
    this.valueBytes = valueBytes
    this.headerCount = 0
    this.headersStart = end
    this.#position = end
    return true
  }

  #scanAny(): void {
    try {
      this.#cursor.reset(this.buffer, this.#position, this.#end)
      this.#scan()
      this.#position = this.#cursor.position
    } catch (error) {
      if (error instanceof DecodeError) throw new RecordsError('invalid', `Record ${this.#read - 1}: ${error.message}`, error)
      throw error
    }
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

  /** Where the record ends, and the next one starts. */
  get end(): number {
    return this.#position
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
