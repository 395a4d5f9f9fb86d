/** xxHash32 with seed 0, for the header of an LZ4 frame: short input only, so no striped loop is needed. */
import { strict as assert } from 'node:assert'

const prime1 = 0x9e37_79b1
const prime2 = 0x85eb_ca77
const prime3 = 0xc2b2_ae3d
const prime4 = 0x27d4_eb2f
const prime5 = 0x1656_67b1
const bytesMax = 15

export function xxHash32(bytes: Buffer): number {
  assert(bytes.length <= bytesMax, 'only headers are hashed')
  let hash = (prime5 + bytes.length) | 0
  let position = 0
  for (; position + 4 <= bytes.length; position += 4) {
    hash = (hash + Math.imul(bytes.readUInt32LE(position), prime3)) | 0
    hash = Math.imul(rotateLeft(hash, 17), prime4)
  }
  for (; position < bytes.length; position++) {
    hash = (hash + Math.imul(bytes[position] as number, prime5)) | 0
    hash = Math.imul(rotateLeft(hash, 11), prime1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2)
  hash = Math.imul(hash ^ (hash >>> 13), prime3)
  return (hash ^ (hash >>> 16)) >>> 0
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}
