/**
 * Snappy as Kafka's clients write it: blocks in the xerial framing; and bare blocks, which some clients send.
 *
 *     82 53 4e 41 50 50 59 00   magic: 0x82 SNAPPY 0x00
 *     00 00 00 01  00 00 00 01  version, oldest version that can read it
 *     (length int32, block)*    each block is snappy on its own; a new header may stand where a length is expected
 */
import { native } from '../native.ts'
import { RecordsError } from '../records-error.ts'
import { snappyBlock } from './snappy-block.ts'

const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const header = Buffer.concat([magic, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])])
const compatibleVersion = 1
const blockBytes = 32 * 1024
/** Three bytes stand for 64 at most. */
const expansionMax = 22

export const snappy = {
  compress(bytes: Buffer): Buffer {
    const { compressSync } = library()
    const parts: Buffer[] = [header]
    for (let start = 0; start < bytes.length; start += blockBytes) {
      const block = compressSync(bytes.subarray(start, start + blockBytes))
      const length = Buffer.allocUnsafe(4)
      length.writeInt32BE(block.length)
      parts.push(length, block)
    }
    return Buffer.concat(parts)
  },

  decompress(bytes: Buffer, bytesMax: number): Buffer {
    if (bytes.length === 0) throw undecodable('no bytes at all')
    if (!startsFrame(bytes, 0)) return uncompressBlock(bytes, bytesMax)
    if (bytes.readInt32BE(12) < compatibleVersion) throw undecodable('a framing of a version nobody reads')
    const parts: Buffer[] = []
    let left = bytesMax
    let position = header.length
    // Fewer than four bytes at the end are passed over, as Kafka's reader does.
    while (bytes.length - position >= 4) {
      if (startsFrame(bytes, position)) {
        position += header.length
        continue
      }
      const length = bytes.readInt32BE(position)
      position += 4
      if (length < 0 || length > bytes.length - position) throw undecodable(`a block of ${length} bytes where fewer are left`)
      const part = uncompressBlock(bytes.subarray(position, position + length), left)
      parts.push(part)
      left -= part.length
      position += length
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  },
}

function startsFrame(bytes: Buffer, position: number): boolean {
  return bytes.length - position >= header.length && magic.compare(bytes, position, position + magic.length) === 0
}

function uncompressBlock(block: Buffer, bytesMax: number): Buffer {
  const length = statedLength(block)
  if (length > block.length * expansionMax) throw undecodable(`a block of ${block.length} bytes that claims to hold ${length}`)
  if (length > bytesMax) throw new RecordsError('inflated', `A snappy block of ${length} bytes passes the bound`)
  const { uncompressSync } = library()
  try {
    return uncompressSync(block)
  } catch (cause) {
    throw undecodable('a damaged block', cause)
  }
}

/** A block begins with its decompressed length, an unsigned varint of 32 bits. */
function statedLength(block: Buffer): number {
  let length = 0
  for (let i = 0; i < 5 && i < block.length; i++) {
    const byte = block[i] as number
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return length
  }
  throw undecodable('a block without its length')
}

function library() {
  return native('snappy') ?? snappyBlock
}

function undecodable(what: string, cause?: unknown): RecordsError {
  return new RecordsError('undecodable', `Snappy: ${what}`, cause)
}
