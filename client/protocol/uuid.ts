/**
 * Kafka's UUIDs: 16 bytes, shown as 22 characters of base64url, which is the form this code base carries them in.
 * Owns: text to bytes and back, order, which ones are reserved, how chance makes one. Never: makes chance (that is the caller's Random port).
 */
import assert from 'node:assert/strict'

export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'
/** The id of Kafka's metadata topic. */
export const metadataTopicUuid = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** Whether Kafka would take this as a UUID. It takes padding, and ignores the four bits that 22 characters have too many. */
export function isUuid(text: string): boolean {
  return /^[A-Za-z0-9_-]{22}(?:==)?$/.test(text)
}

export function uuidBytes(text: string): Buffer {
  assert(isUuid(text), `'${text}' is not a UUID in base64url`)
  return Buffer.from(text, 'base64url')
}

export function uuidText(bytes: Uint8Array): string {
  assert(bytes.length === 16, 'a UUID has 16 bytes')
  return Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('base64url')
}

/** Reserved ones name no topic and no directory that a user made: random ids avoid them, and ids that look like an option (a leading dash). */
export function isReservedUuid(text: string): boolean {
  return text === zeroUuid || text === metadataTopicUuid
}

/** A random one (version 4), as Java makes them: not reserved, and without a leading dash, which looks like an option. */
export function randomUuid(random: { bytes(count: number): Buffer }): string {
  for (;;) {
    const bytes = random.bytes(16)
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
    const id = uuidText(bytes)
    if (!isReservedUuid(id) && !id.startsWith('-')) return id
  }
}

/** Kafka's order: two signed 64-bit halves. */
export function compareUuids(a: string, b: string): -1 | 0 | 1 {
  const left = uuidBytes(a)
  const right = uuidBytes(b)
  for (const half of [0, 8]) {
    const difference = left.readBigInt64BE(half) - right.readBigInt64BE(half)
    if (difference !== 0n) return difference < 0n ? -1 : 1
  }
  return 0
}
