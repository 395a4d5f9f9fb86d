/**
 * The LZ4 frame format as Kafka reads and writes it: independent blocks, no dictionary.
 * The library behind it has no bound, drops what stands behind the frame and takes a cut one for whole (lz4-frame.ts walks the
 * frame first), so it is only handed frames that were found whole, small enough, and without the parts Kafka leaves unchecked.
 * Where the library is not installed, lz4-block.ts does its work.
 */
import { native } from '../native.ts'
import { RecordsError } from '../records-error.ts'
import { lz4Block } from './lz4-block.ts'
import { repairHeader, scanFrame } from './lz4-frame.ts'

export const lz4 = {
  compress(bytes: Buffer): Buffer {
    return library().compressFrameSync(bytes)
  },

  decompress(bytes: Buffer, bytesMax: number): Buffer {
    return decompressFrame(bytes, bytesMax, false)
  },
}

/** Message sets of magic 0 carry a header checksum computed over the wrong bytes (KIP-57): there it is not looked at, nor right when written. */
export const lz4OfMagic0 = {
  compress(bytes: Buffer): Buffer {
    return repairHeader(library().compressFrameSync(bytes), 'broken')
  },

  decompress(bytes: Buffer, bytesMax: number): Buffer {
    return decompressFrame(bytes, bytesMax, true)
  },
}

function decompressFrame(bytes: Buffer, bytesMax: number, ignoreHeaderChecksum: boolean): Buffer {
  const frame = scanFrame(bytes, bytesMax, ignoreHeaderChecksum)
  const { decompressFrameSync } = library()
  const plain = frame.isPlain ? bytes.subarray(0, frame.end) : frame.plain()
  try {
    return decompressFrameSync(plain)
  } catch (cause) {
    throw new RecordsError('undecodable', 'LZ4: a damaged block', cause)
  }
}

function library() {
  return native('lz4-napi') ?? lz4Block
}
