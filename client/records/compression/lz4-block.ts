/**
 * LZ4 without its package: frames of independent blocks, each a row of literals and of copies of what stands before them.
 * Handed, as the package is, only frames that lz4-frame.ts has walked: whole, small enough, without a content size or checksum.
 */
import { blockBytesMax, copyMatch, findMatches } from './match-finder.ts'
import { blockBytesOf, decompressedBytes, descriptorAt, flag, flagsAt, repairHeader, stored } from './lz4-frame.ts'
import { xxHash32 } from './xxhash32.ts'

const leastMatch = 4
/** Independent blocks of 64 KiB. */
const header = repairHeader(Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0]), 'right')
const endMark = Buffer.alloc(4)

export const lz4Block = {
  compressFrameSync(bytes: Buffer): Buffer {
    const parts: Buffer[] = [Buffer.from(header)]
    for (let start = 0; start < bytes.length; start += blockBytesMax) {
      const block = bytes.subarray(start, start + blockBytesMax)
      const packed = compressBlock(block)
      const isSmaller = packed.length < block.length
      const size = Buffer.allocUnsafe(4)
      size.writeUInt32LE(isSmaller ? packed.length : block.length + stored)
      parts.push(size, isSmaller ? packed : block)
    }
    return Buffer.concat([...parts, endMark])
  },

  decompressFrameSync(frame: Buffer): Buffer {
    const hasChecksums = ((frame[flagsAt] as number) & flag.blockChecksum) !== 0
    const most = blockBytesOf(frame[descriptorAt] as number)
    const parts: Buffer[] = []
    for (let at = descriptorAt + 2; ; ) {
      const word = frame.readUInt32LE(at)
      at += 4
      const size = word >= stored ? word - stored : word
      if (size === 0) return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
      const block = frame.subarray(at, at + size)
      at += size
      if (hasChecksums && frame.readUInt32LE(at) !== xxHash32(block)) throw new Error('a block does not match its checksum')
      if (hasChecksums) at += 4
      parts.push(word >= stored ? Buffer.from(block) : decompressBlock(block, most))
    }
  },
}

function compressBlock(block: Buffer): Buffer {
  const output = Buffer.allocUnsafe(16 + block.length + Math.ceil(block.length / 255))
  let at = 0
  findMatches(block, (from, to, distance, length) => {
    const tokenAt = at++
    const literals = to - from
    const more = length === 0 ? 0 : length - leastMatch
    output[tokenAt] = (Math.min(literals, 15) << 4) | Math.min(more, 15)
    at = writeLength(output, at, literals)
    at += block.copy(output, at, from, to)
    if (length === 0) return
    at = writeLength(output, output.writeUInt16LE(distance, at), more)
  })
  return output.subarray(0, at)
}

/** What a nibble does not hold, in bytes that go on while they are 255. */
function writeLength(output: Buffer, start: number, length: number): number {
  if (length < 15) return start
  let at = start
  let left = length - 15
  for (; left >= 255; left -= 255) output[at++] = 255
  output[at++] = left
  return at
}

function decompressBlock(block: Buffer, bytesMax: number): Buffer {
  const size = decompressedBytes(block, 0, block.length)
  if (size > bytesMax) throw new Error(`a block that holds ${size} bytes, where ${bytesMax} are the most`)
  const output = Buffer.allocUnsafe(size)
  let at = 0
  let written = 0
  const length = (nibble: number): number => {
    let sum = nibble
    for (let byte = nibble < 15 ? 0 : 255; byte === 255; sum += byte) {
      if (at >= block.length) throw new Error('it ends inside a length')
      byte = block[at++] as number
    }
    return sum
  }
  for (;;) {
    if (at >= block.length) throw new Error('it ends where a token should stand')
    const token = block[at++] as number
    const literals = length(token >>> 4)
    if (literals > block.length - at || literals > output.length - written) throw new Error('literals beyond the end')
    written += block.copy(output, written, at, at + literals)
    at += literals
    if (at === block.length) return output.subarray(0, written)
    if (block.length - at < 2) throw new Error('it ends inside a distance')
    const distance = block.readUInt16LE(at)
    at += 2
    const copied = length(token & 15) + leastMatch
    if (!copyMatch(output, written, distance, copied)) throw new Error('a copy of what is not there')
    written += copied
  }
}
