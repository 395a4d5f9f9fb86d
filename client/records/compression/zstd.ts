/**
 * Zstandard (RFC 8878) by node:zlib. The frames are walked first, because the library passes over whatever stands behind the
 * last one, and Kafka's readers refuse it. Several frames and skippable ones are read as one; no bytes at all decompress to none.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { RecordsError } from '../records-error.ts'
import { outputChunkBytes, throwFault } from './zlib-fault.ts'

/** Node has it since 22.15; whoever asks without it is told. */
export const hasZstd = typeof zstdCompressSync === 'function'

const frameMagic = 0xfd2f_b528
const skippableMagic = 0x0184_d2a5
const dictionaryIdBytes = [0, 1, 2, 4]
const contentSizeBytes = [0, 2, 4, 8]
const blockHeaderBytes = 3
const checksumBytes = 4

export const zstd = {
  compress(bytes: Buffer, level = 3): Buffer {
    assertHere()
    return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } })
  },

  decompress(bytes: Buffer, bytesMax: number): Buffer {
    if (bytes.length === 0) return bytes
    assertHere()
    for (let position = 0; position < bytes.length; ) {
      const end = endOfFrame(bytes, position)
      if (end === 0) {
        const decoded = position === 0 ? undefined : decode(bytes.subarray(0, position), bytesMax)
        throw new RecordsError('undecodable', 'Zstandard: bytes that are no frame', undefined, decoded)
      }
      position = end
    }
    return decode(bytes, bytesMax)
  },
}

function assertHere(): void {
  if (!hasZstd) throw new RecordsError('codec', 'Zstandard needs Node 22.15 or later')
}

function decode(frames: Buffer, bytesMax: number): Buffer {
  try {
    return zstdDecompressSync(frames, { maxOutputLength: bytesMax, chunkSize: outputChunkBytes(frames.length, bytesMax) })
  } catch (error) {
    return throwFault('Zstandard', error)
  }
}

/** Where the frame that starts at `start` ends; 0 if none starts there. Throws if it is cut. */
function endOfFrame(bytes: Buffer, start: number): number {
  if (bytes.length - start < 8) throw cut()
  const magic = bytes.readUInt32LE(start)
  if (magic >>> 4 === skippableMagic) return within(bytes, start + 8 + bytes.readUInt32LE(start + 4))
  if (magic !== frameMagic) return 0
  const descriptor = bytes[start + 4] as number
  const isSingleSegment = (descriptor & 0x20) !== 0
  const hasChecksum = (descriptor & 0x04) !== 0
  const sizeFlag = descriptor >>> 6
  let position = start + 5 + (isSingleSegment ? 0 : 1) + (dictionaryIdBytes[descriptor & 3] as number)
  position += sizeFlag === 0 && isSingleSegment ? 1 : (contentSizeBytes[sizeFlag] as number)
  for (let isLast = false; !isLast; ) {
    within(bytes, position + blockHeaderBytes)
    const blockHeader = bytes.readUIntLE(position, blockHeaderBytes)
    isLast = (blockHeader & 1) !== 0
    const isRunLength = ((blockHeader >>> 1) & 3) === 1
    position += blockHeaderBytes + (isRunLength ? 1 : blockHeader >>> 3)
  }
  return within(bytes, hasChecksum ? position + checksumBytes : position)
}

function within(bytes: Buffer, position: number): number {
  if (position > bytes.length) throw cut()
  return position
}

function cut(): RecordsError {
  return new RecordsError('undecodable', 'Zstandard: the bytes end inside a frame')
}
