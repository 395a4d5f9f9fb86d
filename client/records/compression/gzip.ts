/**
 * gzip (RFC 1952) by node:zlib. Several members are read as one. As in Kafka's readers, bytes behind the last member are
 * passed over; the library refuses them, so the members are then taken one by one.
 */
import { constants, crc32, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib'
import { RecordsError } from '../records-error.ts'
import { outputChunkBytes, throwFault } from './zlib-fault.ts'

const headerBytes = 10
const trailerBytes = 8
const deflate = 8
const flag = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10 } as const

export const gzip = {
  compress(bytes: Buffer, level: number = constants.Z_DEFAULT_COMPRESSION): Buffer {
    return gzipSync(bytes, { level })
  },

  decompress(bytes: Buffer, bytesMax: number): Buffer {
    try {
      return gunzipSync(bytes, { maxOutputLength: bytesMax, chunkSize: outputChunkBytes(bytes.length, bytesMax) })
    } catch (error) {
      const leading = leadingMembers(bytes, bytesMax)
      return leading ?? throwFault('gzip', error)
    }
  },
}

/**
 * What the members decompress to that stand before bytes that start no member; null if the first is none or one is damaged
 * inside. Throws where that shows at the end of one alone, with what came out of it.
 */
function leadingMembers(bytes: Buffer, bytesMax: number): Buffer | null {
  const parts: Buffer[] = []
  let left = bytesMax
  let position = 0
  for (;;) {
    const start = endOfHeader(bytes, position)
    if (start === 0) break
    const member = inflate(bytes.subarray(start), left)
    if (!member) return null
    parts.push(member.inflated)
    const trailer = start + member.bytes
    if (!isTrailerRight(bytes, trailer, member.inflated)) {
      throw new RecordsError('undecodable', 'gzip: a member that is cut, or does not match its checksum', undefined, Buffer.concat(parts))
    }
    left -= member.inflated.length
    position = trailer + trailerBytes
  }
  return parts.length === 0 ? null : Buffer.concat(parts)
}

function isTrailerRight(bytes: Buffer, trailer: number, inflated: Buffer): boolean {
  if (bytes.length - trailer < trailerBytes) return false
  return bytes.readUInt32LE(trailer) === crc32(inflated) && bytes.readUInt32LE(trailer + 4) === inflated.length
}

function inflate(bytes: Buffer, bytesMax: number): { inflated: Buffer; bytes: number } | null {
  try {
    const { buffer, engine } = inflateRawSync(bytes, {
      info: true,
      // Of a cut member, what there is.
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: bytesMax,
      chunkSize: outputChunkBytes(bytes.length, bytesMax),
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    return { inflated: buffer, bytes: engine.bytesWritten }
  } catch (error) {
    if (error instanceof RangeError) throwFault('gzip', error)
    return null
  }
}

/** Where the deflated bytes of the member at `start` begin; 0 if no member starts there. */
function endOfHeader(bytes: Buffer, start: number): number {
  if (bytes.length - start < headerBytes) return 0
  if (bytes[start] !== 0x1f || bytes[start + 1] !== 0x8b || bytes[start + 2] !== deflate) return 0
  const flags = bytes[start + 3] as number
  let position = start + headerBytes
  if (flags & flag.extra) {
    if (bytes.length - position < 2) return 0
    position += 2 + bytes.readUInt16LE(position)
  }
  for (const text of [flag.name, flag.comment]) {
    if (!(flags & text)) continue
    const zero = bytes.indexOf(0, position)
    if (zero < 0) return 0
    position = zero + 1
  }
  if (flags & flag.headerCrc) position += 2
  return position < bytes.length ? position : 0
}
