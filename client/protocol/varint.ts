/**
 * Kafka's variable-length integers: seven bits a byte, least significant first, the top bit says that more follow.
 * Signed ones (`varint`, `varlong`) are zigzag coded, unsigned ones (`uvarint`, `uvarlong`) are plain.
 * Owns: reading them through a cursor, writing them at a position, their sizes. Never: allocates (the exact, bigint variants aside).
 * As in Kafka's reader, bits beyond the integer's room in its last byte are dropped, and a byte that says "more" there is refused.
 */
import { DecodeError, truncated } from './malformed.ts'

const two32 = 0x1_0000_0000

/**
 * A place in a buffer that reading moves on: one object for a whole pass, so that a read need not return two things.
 * Reading past `end` throws; the position is then undefined.
 */
export class Cursor {
  buffer: Uint8Array
  position: number
  end: number

  constructor(buffer: Uint8Array, position = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  /** Points this cursor elsewhere, for those who keep one for many passes. */
  reset(buffer: Uint8Array, position = 0, end = buffer.length): void {
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  /** An unsigned 32-bit integer, at most 5 bytes. */
  uvarint(): number {
    const buffer = this.buffer
    const end = this.end
    let position = this.position
    let value = 0
    for (let shift = 0; shift <= 28; shift += 7) {
      if (position >= end) throw truncated('a varint', position)
      const byte = buffer[position++] as number
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.position = position
        return value >>> 0
      }
    }
    throw new DecodeError('a varint is longer than 5 bytes', position)
  }

  /** A signed 32-bit integer, zigzag, at most 5 bytes. */
  varint(): number {
    const position = this.position
    if (position < this.end) {
      const byte = this.buffer[position] as number
      if (byte < 0x80) {
        this.position = position + 1
        return (byte >>> 1) ^ -(byte & 1)
      }
    }
    const raw = this.uvarint()
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** An unsigned 64-bit integer, at most 10 bytes; beyond 2^53 the nearest double. */
  uvarlong(): number {
    const low = this.#low()
    return high * two32 + low
  }

  /** A signed 64-bit integer, zigzag, at most 10 bytes; outside the safe integers the nearest double. */
  varlong(): number {
    const position = this.position
    if (position < this.end) {
      const byte = this.buffer[position] as number
      if (byte < 0x80) {
        this.position = position + 1
        return (byte >>> 1) ^ -(byte & 1)
      }
    }
    const low = this.#low()
    const half = ((low >>> 1) | (high << 31)) >>> 0
    return low & 1 ? -((high >>> 1) * two32 + (half + 1)) : (high >>> 1) * two32 + half
  }

  uvarlongExact(): bigint {
    const low = this.#low()
    return (BigInt(high) << 32n) | BigInt(low)
  }

  varlongExact(): bigint {
    const raw = this.uvarlongExact()
    return raw & 1n ? -(raw >> 1n) - 1n : raw >> 1n
  }

  /** Reads 64 bits as two halves: returns the low one and leaves the high one in `high`. */
  #low(): number {
    const buffer = this.buffer
    const end = this.end
    let position = this.position
    let low = 0
    let upper = 0
    for (let shift = 0; shift <= 63; shift += 7) {
      if (position >= end) throw truncated('a varlong', position)
      const byte = buffer[position++] as number
      if (shift < 28) low |= (byte & 0x7f) << shift
      else if (shift === 28) {
        low |= (byte & 0x7f) << 28
        upper = (byte & 0x7f) >>> 4
      } else upper |= (byte & 0x7f) << (shift - 32)
      if (byte < 0x80) {
        this.position = position
        high = upper >>> 0
        return low >>> 0
      }
    }
    throw new DecodeError('a varlong is longer than 10 bytes', position)
  }
}

/** The upper half of what `#low` read last: a second result without an object. */
let high = 0

export function sizeOfUvarint(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x20_0000) return 3
  return value < 0x1000_0000 ? 4 : 5
}

export function sizeOfVarint(value: number): number {
  return sizeOfUvarint(((value << 1) ^ (value >> 31)) >>> 0)
}

/** The value must be a safe integer, zero or more. */
export function sizeOfUvarlong(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

/** The value must be a safe integer. */
export function sizeOfVarlong(value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return sizeOfVarint(value)
  // Seven bits a byte and one for the sign: 2^(7n-1) is the first magnitude that n bytes cannot hold.
  const magnitude = value < 0 ? -value - 1 : value
  let size = 5
  for (let limit = 2 ** 34; magnitude >= limit; limit *= 0x80) size++
  return size
}

/** Writes at `position` and returns the position after it; so do all that follow. The value is 0 to 2^32-1. */
export function writeUvarint(buffer: Uint8Array, position: number, value: number): number {
  let rest = value >>> 0
  let at = position
  while (rest >= 0x80) {
    buffer[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[at++] = rest
  return at
}

export function writeVarint(buffer: Uint8Array, position: number, value: number): number {
  return writeUvarint(buffer, position, ((value << 1) ^ (value >> 31)) >>> 0)
}

/** The value must be a safe integer, zero or more. */
export function writeUvarlong(buffer: Uint8Array, position: number, value: number): number {
  return writeHalves(buffer, position, Math.floor(value / two32), value >>> 0)
}

/** The value must be a safe integer. */
export function writeVarlong(buffer: Uint8Array, position: number, value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return writeVarint(buffer, position, value)
  const low = value | 0
  const upper = Math.floor(value / two32) | 0
  const sign = upper >> 31
  return writeHalves(buffer, position, (((upper << 1) | (low >>> 31)) ^ sign) >>> 0, ((low << 1) ^ sign) >>> 0)
}

export function writeUvarlongExact(buffer: Uint8Array, position: number, value: bigint): number {
  const raw = BigInt.asUintN(64, value)
  return writeHalves(buffer, position, Number(raw >> 32n), Number(raw & 0xffff_ffffn))
}

export function writeVarlongExact(buffer: Uint8Array, position: number, value: bigint): number {
  return writeUvarlongExact(buffer, position, (value << 1n) ^ (value >> 63n))
}

function writeHalves(buffer: Uint8Array, position: number, upper: number, lower: number): number {
  let low = lower
  let rest = upper
  let at = position
  while (rest > 0) {
    buffer[at++] = (low & 0x7f) | 0x80
    low = ((low >>> 7) | (rest << 25)) >>> 0
    rest >>>= 7
  }
  return writeUvarint(buffer, at, low)
}
