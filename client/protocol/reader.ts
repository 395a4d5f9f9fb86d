/**
 * What compiled decoders stand on: text, ids and faults. Fixed-width numbers they read inline.
 * Never: checks bounds; the compiled code has done so.
 */
import { DecodeError, truncated } from './malformed.ts'
import { zeroUuid } from './uuid.ts'

export { truncated }

/** What Buffer has had since Node 0.x and its types leave out: the same without the encoding's name to look up. */
declare global {
  interface Buffer {
    utf8Slice(start: number, end: number): string
    latin1Slice(start: number, end: number): string
    base64urlSlice(start: number, end: number): string
    utf8Write(text: string, position: number): number
    base64urlWrite(text: string, position: number, length: number): number
  }
}

export const noBytes = Buffer.alloc(0)

/** As long as Kafka lets a string be, in bytes, compact or not. */
export const stringBytesMax = 0x7fff

export function malformed(what: string, fault: string, position: number): DecodeError {
  return new DecodeError(`${what} ${fault}`, position)
}

/**
 * Topics' and clients' names come again and again. A name found here costs neither a string nor, later, its hash in a Map.
 * Direct mapped: a newcomer replaces whoever sat in its place, so the memory is bounded.
 */
const nameSlots = 1024
const nameBytesMax = 32
const names: string[] = Array.from({ length: nameSlots }, () => '')

export function text(buffer: Buffer, position: number, length: number): string {
  if (length > nameBytesMax) return buffer.utf8Slice(position, position + length)
  if (length === 0) return ''
  let hash = length
  for (let i = position; i < position + length; i++) {
    const byte = buffer[i] as number
    if (byte > 127) return buffer.utf8Slice(position, position + length)
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  const slot = (hash ^ (hash >>> 10)) & (nameSlots - 1)
  const known = names[slot] as string
  if (known.length === length && matches(known, buffer, position)) return known
  const fresh = buffer.latin1Slice(position, position + length)
  names[slot] = fresh
  return fresh
}

function matches(known: string, buffer: Buffer, position: number): boolean {
  for (let i = 0; i < known.length; i++) {
    if (known.charCodeAt(i) !== buffer[position + i]) return false
  }
  return true
}

/** The same for ids, by their random bytes. */
const ids: { bytes: Buffer; text: string }[] = Array.from({ length: 256 }, () => ({ bytes: Buffer.alloc(16), text: zeroUuid }))

export function uuid(buffer: Buffer, position: number): string {
  const slot = ids[buffer[position + 15] as number] as { bytes: Buffer; text: string }
  const { bytes } = slot
  for (let i = 0; i < 16; i++) {
    if (bytes[i] === buffer[position + i]) continue
    buffer.copy(bytes, 0, position, position + 16)
    slot.text = buffer.base64urlSlice(position, position + 16)
    break
  }
  return slot.text
}
