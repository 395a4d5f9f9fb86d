/**
 * A WebSocket frame from a server (RFC 6455, section 5.2): whole, not masked, with room for its header left in front of the payload, so that one piece
 * of memory goes to every socket as it is.
 *
 *     81 text, 82 binary     the one fragment of a message
 *     length                 below 126: itself; 7e and an int16; 7f and an int64
 */

/** The longest header. */
export const frameHeaderBytesMax = 10

/** The frame in `buffer`, whose payload begins at `frameHeaderBytesMax` and ends at `end`. */
export function frameAround(buffer: Buffer, end: number, kind: 'text' | 'binary'): Buffer {
  const length = end - frameHeaderBytesMax
  const headerBytes = length < 126 ? 2 : length < 0x1_0000 ? 4 : 10
  const start = frameHeaderBytesMax - headerBytes
  buffer[start] = kind === 'text' ? 0x81 : 0x82
  if (headerBytes === 2) buffer[start + 1] = length
  else if (headerBytes === 4) {
    buffer[start + 1] = 126
    buffer.writeUInt16BE(length, start + 2)
  } else {
    buffer[start + 1] = 127
    buffer.writeUInt32BE(0, start + 2)
    buffer.writeUInt32BE(length, start + 6)
  }
  return buffer.subarray(start, end)
}
