/**
 * Record batches as they are stored (magic 2, not compressed), read where there is no Buffer: the browser's small twin of client/records.
 * Never: decompresses, or verifies checksums; the broker has, and sends on what it read. Keys and values are views of the message that they came in.
 */
import type { StreamedRecord } from '../protocol/stream/server-messages.ts'

/** Which stored batches may come as they are. */
export const decodedCodecs = ['none'] as const

const at = { length: 8, magic: 16, attributes: 21, baseTimestamp: 27, maxTimestamp: 35, count: 57 } as const
const lengthEnd = 12
const headerBytes = 61
const logAppendTime = 0x08
const utf8 = new TextDecoder()

/** Those from the offset `first` on. Throws RangeError for bytes that are no batches. */
export function storedRecords(bytes: Uint8Array, first: number): StreamedRecord[] {
  const records: StreamedRecord[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let start = 0; start < bytes.length; ) {
    const end = start + lengthEnd + view.getInt32(start + at.length)
    if (end > bytes.length || end - start < headerBytes || view.getInt8(start + at.magic) !== 2)
      throw new RangeError('these bytes are no record batch')
    readBatch(bytes, view, start, end, first, records)
    start = end
  }
  return records
}

function readBatch(bytes: Uint8Array, view: DataView, start: number, end: number, first: number, into: StreamedRecord[]): void {
  const baseOffset = int64(view, start)
  const isLogTime = (view.getInt16(start + at.attributes) & logAppendTime) !== 0
  const baseTimestamp = int64(view, start + at.baseTimestamp)
  const maxTimestamp = int64(view, start + at.maxTimestamp)
  const cursor = new Cursor(bytes, start + headerBytes, end)
  for (let left = view.getInt32(start + at.count); left > 0; left--) {
    const size = cursor.varint()
    const next = cursor.position + size
    cursor.position++ // Attributes: no bit of them is used.
    const timestamp = baseTimestamp + cursor.varint()
    const offset = baseOffset + cursor.varint()
    const key = cursor.bytes()
    const value = cursor.bytes()
    const headers = cursor.headers()
    if (cursor.position !== next) throw new RangeError(`the record at offset ${offset} is not as long as it says`)
    if (offset >= first)
      into.push({ offset, timestamp: isLogTime ? maxTimestamp : timestamp, key, value, ...(headers.length > 0 && { headers }) })
  }
}

function int64(view: DataView, position: number): number {
  return view.getInt32(position) * 2 ** 32 + view.getUint32(position + 4)
}

class Cursor {
  readonly #bytes: Uint8Array
  readonly #end: number
  position: number

  constructor(bytes: Uint8Array, position: number, end: number) {
    this.#bytes = bytes
    this.position = position
    this.#end = end
  }

  /** Zigzag, seven bits a byte, the lowest first; exact up to 2^53. */
  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      if (this.position >= this.#end) throw new RangeError('the batch is cut')
      const byte = this.#bytes[this.position++] as number
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
  }

  bytes(): Uint8Array | null {
    const length = this.varint()
    if (length < 0) return null
    const start = this.position
    this.position += length
    if (this.position > this.#end) throw new RangeError('the batch is cut')
    return this.#bytes.subarray(start, this.position)
  }

  headers(): [string, Uint8Array | null][] {
    const headers: [string, Uint8Array | null][] = []
    for (let left = this.varint(); left > 0; left--) headers.push([utf8.decode(this.bytes() ?? undefined), this.bytes()])
    return headers
  }
}
