/**
 * The LZ4 frame, walked without decompressing it: is it whole, is it one that Kafka reads, how much can come out at most?
 *
 *     04 22 4d 18        magic
 *     FLG BD             flags; block size (4: 64 KiB … 7: 4 MiB)
 *     (content size)     int64, if FLG says so
 *     HC                 second byte of xxHash32 of FLG up to here
 *     (size block)*      int32 little endian, top bit: stored as it is; a checksum behind each block if FLG says so
 *     00 00 00 00        end mark, and a content checksum if FLG says so, which Kafka does not verify
 */
import { RecordsError } from '../records-error.ts'
import { xxHash32 } from './xxhash32.ts'

const frameMagic = 0x184d_2204
export const flag = {
  contentChecksum: 0x04,
  contentSize: 0x08,
  blockChecksum: 0x10,
  independent: 0x20,
  reserved: 0x03,
  versionMask: 0xc0,
} as const
const version = 0x40
export const flagsAt = 4
export const descriptorAt = 5
export const stored = 0x8000_0000
/** One byte of a block stands for at most this many. */
const expansionMax = 255

export interface Frame {
  /** Where it ends; what stands behind it is passed over, as Kafka's reader does. */
  readonly end: number
  /** True if a strict decoder can be handed the bytes as they are. */
  readonly isPlain: boolean
  /** The same blocks in a frame without content size, content checksum or a wrong header checksum. */
  plain(): Buffer
}

/** Throws a RecordsError: undecodable, or inflated if more than `bytesMax` would come out. */
export function scanFrame(bytes: Buffer, bytesMax: number, ignoreHeaderChecksum: boolean): Frame {
  if (bytes.length < 7) throw undecodable('the bytes end inside the header')
  if (bytes.readUInt32LE(0) !== frameMagic) throw undecodable('bytes that are no frame')
  const flags = bytes[flagsAt] as number
  if (flags & flag.reserved || !(flags & flag.independent) || (flags & flag.versionMask) !== version) {
    throw undecodable('a frame of linked blocks or of another version')
  }
  const blockBytesMax = blockBytesOf(bytes[descriptorAt] as number)
  const checksumAt = flags & flag.contentSize ? descriptorAt + 9 : descriptorAt + 1
  const blocks = checksumAt + 1
  if (bytes.length < blocks) throw undecodable('the bytes end inside the header')
  const isHeaderRight = bytes[checksumAt] === headerChecksum(bytes.subarray(flagsAt, checksumAt))
  if (!isHeaderRight && !ignoreHeaderChecksum) throw undecodable('the header does not match its checksum')

  const endMark = walkBlocks(bytes, { position: blocks, blockBytesMax, hasChecksums: (flags & flag.blockChecksum) !== 0, bytesMax })
  const end = endMark + (flags & flag.contentChecksum ? 4 : 0)
  if (end > bytes.length) throw undecodable('the bytes end inside the content checksum')
  return {
    end,
    isPlain: isHeaderRight && !(flags & (flag.contentSize | flag.contentChecksum)),
    plain() {
      const header = Buffer.from(bytes.subarray(0, 7))
      header[flagsAt] = flags & ~(flag.contentSize | flag.contentChecksum)
      return Buffer.concat([repairHeader(header, 'right'), bytes.subarray(blocks, endMark)])
    },
  }
}

interface Walk {
  position: number
  readonly blockBytesMax: number
  readonly hasChecksums: boolean
  readonly bytesMax: number
}

/** Where the end mark ends. */
function walkBlocks(bytes: Buffer, { position: start, blockBytesMax, hasChecksums, bytesMax }: Walk): number {
  let position = start
  let left = bytesMax
  for (;;) {
    if (bytes.length - position < 4) throw undecodable('the bytes end where a block or the end mark should stand')
    const word = bytes.readUInt32LE(position)
    position += 4
    const isStored = word >= stored
    const size = isStored ? word - stored : word
    if (size === 0) return position
    if (size > blockBytesMax) throw undecodable(`a block of ${size} bytes where ${blockBytesMax} are the most`)
    const end = position + size
    if (end + (hasChecksums ? 4 : 0) > bytes.length) throw undecodable('the bytes end inside a block')
    if (isStored) left -= size
    else {
      const most = Math.min(blockBytesMax, size * expansionMax)
      left -= most > left ? decompressedBytes(bytes, position, end) : most
    }
    if (left < 0) throw new RecordsError('inflated', 'LZ4: more would come out than the bound allows')
    position = hasChecksums ? end + 4 : end
  }
}

/** The exact size of a block, from its tokens: literals and matches, each with a length. */
export function decompressedBytes(bytes: Buffer, start: number, end: number): number {
  let total = 0
  let position = start
  const length = (nibble: number): number => {
    let sum = nibble
    if (nibble < 15) return sum
    for (let byte = 255; byte === 255 && position < end; ) sum += byte = bytes[position++] as number
    return sum
  }
  while (position < end) {
    const token = bytes[position++] as number
    const literals = length(token >>> 4)
    total += literals
    position += literals
    if (position >= end) break
    position += 2
    total += length(token & 15) + 4
  }
  return total
}

/**
 * Writes the header checksum of a frame without content size, in place.
 * Broken: as clients before 0.10 computed it, over the magic too (KIP-57).
 */
export function repairHeader(frame: Buffer, way: 'right' | 'broken'): Buffer {
  frame[descriptorAt + 1] = headerChecksum(frame.subarray(way === 'right' ? flagsAt : 0, descriptorAt + 1))
  return frame
}

function headerChecksum(header: Buffer): number {
  return (xxHash32(header) >>> 8) & 0xff
}

export function blockBytesOf(descriptor: number): number {
  const size = (descriptor >>> 4) & 7
  if (size < 4 || descriptor & 0x8f) throw undecodable('a block size nobody knows')
  return 1 << (2 * size + 8)
}

function undecodable(what: string): RecordsError {
  return new RecordsError('undecodable', `LZ4: ${what}`)
}
