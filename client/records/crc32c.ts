/**
 * CRC-32C (Castagnoli), the checksum of record batches: in machine code where installed and worth the call, else by tables.
 * A call into machine code costs as much as tables take for some hundred bytes, so short input never leaves JavaScript.
 */
import { native } from './native.ts'

/** Below this the tables win (bench/micro/crc.ts). */
const nativeBytesMin = 128
const polynomial = 0x82f6_3b78

/** Four tables, one after the other: the CRC of a byte with 0 to 3 zero bytes behind it (slicing by four). */
const tables = makeTables()

function makeTables(): Int32Array {
  const made = new Int32Array(4 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    made[byte] = crc
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256] as number
    made[i] = (made[before & 0xff] as number) ^ (before >>> 8)
  }
  return made
}

/** The checksum of `buffer[start, end)`, unsigned. `seed`: the checksum of what came before, to go on from there. */
export function crc32c(buffer: Buffer, start = 0, end = buffer.length, seed = 0): number {
  if (end - start >= nativeBytesMin) {
    const module = native('@node-rs/crc32')
    if (module) return module.crc32c(start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end), seed)
  }
  return crc32cByTables(buffer, start, end, seed)
}

/** The same without machine code. */
export function crc32cByTables(buffer: Uint8Array, start: number, end: number, seed = 0): number {
  let crc = ~seed
  let i = start
  for (const wholeWords = end - 3; i < wholeWords; i += 4) {
    crc ^= (buffer[i] as number) | ((buffer[i + 1] as number) << 8) | ((buffer[i + 2] as number) << 16) | ((buffer[i + 3] as number) << 24)
    crc =
      (tables[768 + (crc & 0xff)] as number) ^
      (tables[512 + ((crc >>> 8) & 0xff)] as number) ^
      (tables[256 + ((crc >>> 16) & 0xff)] as number) ^
      (tables[crc >>> 24] as number)
  }
  for (; i < end; i++) crc = (tables[(crc ^ (buffer[i] as number)) & 0xff] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}
