/**
 * Which partition a key goes to: murmur2 of its bytes over the number of partitions, as in Kafka's Java client and all that
 * follow it. The same key in the same topic meets the same partition whoever sends it.
 */
const seed = 0x9747_b28c
const multiplier = 0x5bd1_e995

/** A signed 32-bit hash. */
export function murmur2(key: Uint8Array): number {
  const words = key.length & ~3
  let hash = seed ^ key.length
  let position = 0
  for (; position < words; position += 4) {
    let word =
      (key[position] as number) |
      ((key[position + 1] as number) << 8) |
      ((key[position + 2] as number) << 16) |
      ((key[position + 3] as number) << 24)
    word = Math.imul(word, multiplier)
    word ^= word >>> 24
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier)
  }
  const left = key.length - words
  if (left > 2) hash ^= (key[position + 2] as number) << 16
  if (left > 1) hash ^= (key[position + 1] as number) << 8
  if (left > 0) hash = Math.imul(hash ^ (key[position] as number), multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fff_ffff) % partitions
}

/** Says where a record goes. `key`: its bytes, null for none. */
export type Partitioner = (topic: string, key: Uint8Array | null, partitions: number) => number

/** Records without a key that go to one partition before the next one has its turn: batches fill (KIP-480). */
const stickyRecords = 200

/** Keyed records where Java's client sends them; the others to one partition for a while, then to the next. */
export function stickyPartitioner(): Partitioner {
  const sent = new Map<string, number>()
  return (topic, key, partitions) => {
    if (key !== null) return partitionOf(key, partitions)
    const count = sent.get(topic) ?? 0
    sent.set(topic, count + 1)
    return Math.floor(count / stickyRecords) % partitions
  }
}
