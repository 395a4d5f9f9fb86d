/** xxHash32 with seed 0, for the header and the blocks of an LZ4 frame. */

const prime1 = 0x9e37_79b1
const prime2 = 0x85eb_ca77
const prime3 = 0xc2b2_ae3d
const prime4 = 0x27d4_eb2f
const prime5 = 0x1656_67b1
const stripeBytes = 16

export function xxHash32(bytes: Buffer): number {
  const striped = bytes.length - (bytes.length % stripeBytes)
  let hash = ((striped > 0 ? hashStripes(bytes, striped) : prime5) + bytes.length) | 0
  let position = striped
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

/** Four lanes, each over every fourth word. */
function hashStripes(bytes: Buffer, end: number): number {
  let [one, two, three, four] = [(prime1 + prime2) | 0, prime2 | 0, 0, -prime1 | 0]
  const round = (lane: number, at: number) => Math.imul(rotateLeft((lane + Math.imul(bytes.readUInt32LE(at), prime2)) | 0, 13), prime1)
  for (let at = 0; at < end; at += stripeBytes) {
    one = round(one, at)
    two = round(two, at + 4)
    three = round(three, at + 8)
    four = round(four, at + 12)
  }
  return rotateLeft(one, 1) + rotateLeft(two, 7) + rotateLeft(three, 12) + rotateLeft(four, 18)
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}
