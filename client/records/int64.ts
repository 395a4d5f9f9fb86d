/**
 * 64-bit big-endian integers as numbers, read and written in two halves: a bigint costs an allocation.
 * Invariant: exact for safe integers; outside them a read gives the nearest double. The exact forms are for what must not be rounded.
 */
const two32 = 0x1_0000_0000

export function readInt64(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * two32 + buffer.readUInt32BE(position + 4)
}

/** A safe integer; a larger one is written as near as int64 can be. */
export function writeInt64(buffer: Buffer, position: number, value: number): void {
  if (value >= 2 ** 63) {
    buffer.writeInt32BE(0x7fff_ffff, position)
    buffer.writeInt32BE(-1, position + 4)
    return
  }
  const bounded = value < -(2 ** 63) ? -(2 ** 63) : value
  buffer.writeInt32BE(Math.floor(bounded / two32), position)
  buffer.writeInt32BE(bounded | 0, position + 4)
}

export function readInt64Exact(buffer: Buffer, position: number): bigint {
  return buffer.readBigInt64BE(position)
}
