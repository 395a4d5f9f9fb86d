/**
 * Where encoders write, and what compiled ones stand on: text, ids, lengths, 64-bit numbers.
 * A message goes into a slab that many messages share one after another; a slab that is full is dropped, never written again, and
 * lives as long as somebody holds a chunk of it. Record data is not copied: it splits the message into chunks.
 * Invariant: bytes that were handed out are never written again.
 */
import { EncodeError, LostFieldError } from './malformed.ts'
import { isUuid, zeroUuid } from './uuid.ts'
import { sizeOfUvarint, writeUvarint } from './varint.ts'

const slabBytes = 64 * 1024
/** A message that begins with less room than this begins a new slab. */
const roomBytesMin = 256
const stringBytesMax = 0x7fff

export class Writer {
  buffer = Buffer.allocUnsafeSlow(slabBytes)
  /** Where the next byte goes. */
  position = 0
  /** Where the chunk that is being written began. */
  #start = 0
  #chunks: Buffer[] = []

  /** What was begun and not finished is forgotten. */
  begin(): void {
    if (this.buffer.length - this.#start < roomBytesMin) {
      this.buffer = Buffer.allocUnsafeSlow(slabBytes)
      this.#start = 0
    }
    this.position = this.#start
    if (this.#chunks.length > 0) this.#chunks = []
  }

  finish(): Buffer[] {
    this.#close()
    const chunks = this.#chunks
    this.#chunks = []
    return chunks
  }

  /** Finishes a frame, whose first four bytes were left for its size. */
  finishFrame(): Buffer[] {
    const chunks = this.finish()
    let size = -4
    for (const chunk of chunks) size += chunk.length
    if (size > 0x7fff_ffff) throw new EncodeError(`a frame of ${size} bytes is more than an int32 can say`)
    ;(chunks[0] as Buffer).writeInt32BE(size, 0)
    return chunks
  }

  /** Makes room for `bytes` more; `buffer` and `position` may change. */
  grow(bytes: number): void {
    const written = this.position - this.#start
    const larger = Buffer.allocUnsafeSlow(Math.max(slabBytes, 2 * (written + bytes)))
    this.buffer.copy(larger, 0, this.#start, this.position)
    this.buffer = larger
    this.#start = 0
    this.position = written
  }

  reserve(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.grow(bytes)
  }

  int32(value: number): void {
    this.reserve(4)
    this.position = this.buffer.writeInt32BE(value, this.position)
  }

  /** Record data, by reference. */
  records(value: Buffer | Buffer[]): void {
    this.#close()
    if (Array.isArray(value)) this.#chunks.push(...value)
    else this.#chunks.push(value)
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length)
    this.buffer.set(value, this.position)
    this.position += value.length
  }

  /** How far the chunk has come: stays true when `grow` moves it. */
  mark(): number {
    return this.position - this.#start
  }

  /** Puts the size of what was written since into the one byte left at `mark`, moving it if the size needs more. */
  closeTag(mark: number): void {
    const size = this.mark() - mark - 1
    const extra = sizeOfUvarint(size) - 1
    if (extra > 0) {
      this.reserve(extra)
      const from = this.#start + mark + 1
      this.buffer.copyWithin(from + extra, from, this.position)
      this.position += extra
    }
    writeUvarint(this.buffer, this.#start + mark, size)
  }

  #close(): void {
    if (this.position > this.#start) this.#chunks.push(this.buffer.subarray(this.#start, this.position))
    this.#start = this.position
  }
}

export function sizeOfRecords(value: Buffer | Buffer[]): number {
  return Array.isArray(value) ? value.reduce((sum, { length }) => sum + length, 0) : value.length
}

/** Room that a string may take, its length included. */
export function roomFor(text: string): number {
  return text.length * 3 + 3
}

/** With an int16 length. The room is there; so it is for all that follow. */
export function putString(buffer: Buffer, position: number, text: string, path: string): number {
  const length = putText(buffer, position + 2, text)
  if (length > stringBytesMax) throw tooLong(path, length)
  buffer[position] = length >> 8
  buffer[position + 1] = length
  return position + 2 + length
}

/** With a varint length, one too high. */
export function putCompactString(buffer: Buffer, position: number, text: string, path: string): number {
  // Where a varint of one byte is enough for whatever the text comes to, it is written behind it in one go.
  if (text.length * 3 < 0x7f) {
    const length = putText(buffer, position + 1, text)
    buffer[position] = length + 1
    return position + 1 + length
  }
  const length = Buffer.byteLength(text)
  if (length > stringBytesMax) throw tooLong(path, length)
  const at = writeUvarint(buffer, position, length + 1)
  return at + buffer.utf8Write(text, at)
}

/** Short text is nearly always ASCII, and then cheaper to copy here than to hand over to native code. */
function putText(buffer: Buffer, position: number, text: string): number {
  const { length } = text
  if (length > 24) return buffer.utf8Write(text, position)
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return buffer.utf8Write(text, position)
    buffer[position + i] = unit
  }
  return length
}

/** Topics' ids come again and again, mostly as the same string; translating one costs a native call. Direct mapped, so bounded. */
const ids: { text: string; bytes: Buffer }[] = Array.from({ length: 256 }, () => ({ text: zeroUuid, bytes: Buffer.alloc(16) }))

export function putUuid(buffer: Buffer, position: number, text: string, path: string): number {
  if (typeof text !== 'string' || text.length !== 22) throw invalid(path, text)
  const slot = ids[(text.charCodeAt(3) ^ (text.charCodeAt(19) << 2)) & 255] as { text: string; bytes: Buffer }
  if (slot.text !== text) {
    if (!isUuid(text)) throw invalid(path, text)
    slot.bytes.base64urlWrite(text, 0, 16)
    slot.text = text
  }
  const { bytes } = slot
  for (let i = 0; i < 16; i++) buffer[position + i] = bytes[i] as number
  return position + 16
}

/** Out of range, the nearest that there is: the default of some fields is an int64 that no double can be. */
export function putInt64(buffer: Buffer, position: number, value: number, path: string): number {
  if (typeof value !== 'number') throw invalid(path, value)
  let high = value < 0 ? -1 : 0
  let low = value
  if ((value | 0) !== value) {
    if (value >= 2 ** 63) [high, low] = [0x7fff_ffff, 0xffff_ffff]
    else if (value <= -(2 ** 63)) [high, low] = [0x8000_0000, 0]
    else {
      if (!Number.isInteger(value)) throw invalid(path, value)
      high = Math.floor(value / 0x1_0000_0000)
      low = value - high * 0x1_0000_0000
    }
  }
  buffer[position] = high >>> 24
  buffer[position + 1] = high >>> 16
  buffer[position + 2] = high >>> 8
  buffer[position + 3] = high
  buffer[position + 4] = low >>> 24
  buffer[position + 5] = low >>> 16
  buffer[position + 6] = low >>> 8
  buffer[position + 7] = low
  return position + 8
}

export function putInt64Exact(buffer: Buffer, position: number, value: number | bigint): number {
  return buffer.writeBigInt64BE(BigInt(value), position)
}

export function invalid(path: string, value: unknown): EncodeError {
  return new EncodeError(`${path} cannot be ${value === null || typeof value !== 'object' ? String(value) : typeof value}`)
}

/** A value that would silently be lost. */
export function lost(path: string, version: number): LostFieldError {
  return new LostFieldError(`${path} has a value, but version ${version} has no such field`)
}

function tooLong(path: string, length: number): EncodeError {
  return new EncodeError(`${path} takes ${length} bytes, more than a string may (${stringBytesMax})`)
}
