/**
 * gzip (RFC 1952) by node:zlib. Several members are read as one. As in Kafka's readers, bytes behind the last member are
 * passed over; the library refuses them, so the members are then taken one by one.
 */
import { constants, crc32, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib'
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

/** What the members decompress to that stand before bytes that start no member; null if the first is none or one is damaged. */
function leadingMembers(bytes: Buffer, bytesMax: number): Buffer | null {
  const parts: Buffer[] = []
  let left = bytesMax
  let position = 0
  for (;;) {
    const start = endOfHeader(bytes, position)
    if (start === 0) break
    const member = inflateMember(bytes.subarray(start), left)
    if (!member) return null
    parts.push(member.decompressed)
    left -= member.decompressed.length
    position = start + member.bytes
  }
  return parts.length === 0 ? null : Buffer.concat(parts)
}

function inflateMember(bytes: Buffer, bytesMax: number): { decompressed: Buffer; bytes: number } | null {
  try {
    const { buffer, engine } = inflateRawSync(bytes, {
      info: true,
      maxOutputLength: bytesMax,
      chunkSize: outputChunkBytes(bytes.length, bytesMax),
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    const trailer = engine.bytesWritten
    if (bytes.length - trailer < trailerBytes) return null
    if (bytes.readUInt32LE(trailer) !== crc32(buffer) || bytes.readUInt32LE(trailer + 4) !== buffer.length >>> 0) return null
    return { decompressed: buffer, bytes: trailer + trailerBytes }
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
