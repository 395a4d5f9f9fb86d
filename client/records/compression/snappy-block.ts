/**
 * A block of Snappy without its package: its length as a varint, then literals and copies, told apart by the two low bits of a tag.
 * Never: writes outside of the length that the block states; the caller has bounded it.
 */
import { blockBytesMax, copyMatch, findMatches } from './match-finder.ts'

const copyBytesMax = 64

export const snappyBlock = {
  compressSync(bytes: Uint8Array): Buffer {
    const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    if (block.length > blockBytesMax) throw new RangeError(`a block of ${block.length} bytes`)
    const output = Buffer.allocUnsafe(8 + block.length + Math.ceil(block.length / 6))
    let at = 0
    for (let rest = block.length; ; rest >>>= 7) {
      output[at++] = rest < 0x80 ? rest : (rest & 0x7f) | 0x80
      if (rest < 0x80) break
    }
    findMatches(block, (from, to, distance, length) => {
      if (to > from) at = writeLiterals(output, at, block, from, to)
      for (let left = length; left > 0; left -= copyBytesMax) {
        output[at++] = ((Math.min(left, copyBytesMax) - 1) << 2) | 2
        at = output.writeUInt16LE(distance, at)
      }
    })
    return output.subarray(0, at)
  },

  uncompressSync(bytes: Uint8Array): Buffer {
    const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const [length, start] = readVarint(block)
    const output = Buffer.allocUnsafe(length)
    let at = start
    let written = 0
    while (at < block.length) {
      const tag = block[at++] as number
      if ((tag & 3) === 0) {
        const extra = Math.max(0, (tag >>> 2) - 59)
        const literals = extra === 0 ? (tag >>> 2) + 1 : littleEndian(block, at, extra) + 1
        at += extra
        if (literals > block.length - at || literals > output.length - written) throw new Error('literals beyond the end')
        block.copy(output, written, at, at + literals)
        at += literals
        written += literals
        continue
      }
      const { distance, copied, width } = copyOf(tag, block, at)
      at += width
      if (!copyMatch(output, written, distance, copied)) throw new Error('a copy of what is not there')
      written += copied
    }
    if (written !== length) throw new Error(`${written} bytes where ${length} were stated`)
    return output
  },
}

function writeLiterals(output: Buffer, start: number, block: Buffer, from: number, to: number): number {
  let at = start
  const more = to - from - 1
  if (more < 60) output[at++] = more << 2
  else {
    const width = more < 256 ? 1 : 2
    output[at++] = (59 + width) << 2
    at = output.writeUIntLE(more, at, width)
  }
  return at + block.copy(output, at, from, to)
}

/** By how many bytes its distance has. */
function copyOf(tag: number, block: Buffer, at: number): { distance: number; copied: number; width: number } {
  if ((tag & 3) === 1) return { distance: ((tag >>> 5) << 8) | littleEndian(block, at, 1), copied: ((tag >>> 2) & 7) + 4, width: 1 }
  const width = (tag & 3) === 2 ? 2 : 4
  return { distance: littleEndian(block, at, width), copied: (tag >>> 2) + 1, width }
}

function littleEndian(block: Buffer, at: number, width: number): number {
  if (at + width > block.length) throw new Error('it ends inside a number')
  return block.readUIntLE(at, width)
}

function readVarint(block: Buffer): [value: number, end: number] {
  let value = 0
  for (let at = 0; at < 5 && at < block.length; at++) {
    const byte = block[at] as number
    value += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return [value, at + 1]
  }
  throw new Error('it has no length')
}
