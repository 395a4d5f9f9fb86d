/** Java's partition for a key: murmur2 of its bytes, without the sign, modulo the number of partitions. */
export function partitionOf(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

function murmur2(bytes: Buffer): number {
  const mix = 0x5bd1e995
  let hash = 0x9747b28c ^ bytes.length
  let position = 0
  for (; position + 4 <= bytes.length; position += 4) {
    let word = Math.imul(bytes.readInt32LE(position), mix)
    word = Math.imul(word ^ (word >>> 24), mix)
    hash = Math.imul(hash, mix) ^ word
  }
  for (let left = bytes.length - position; left > 0; left--) {
    hash ^= (bytes[position + left - 1] as number) << (8 * (left - 1))
    if (left === 1) hash = Math.imul(hash, mix)
  }
  hash = Math.imul(hash ^ (hash >>> 13), mix)
  return hash ^ (hash >>> 15)
}
