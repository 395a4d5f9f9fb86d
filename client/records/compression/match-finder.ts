/**
 * Repetitions in a block, found greedily: what both LZ4 and Snappy are made of. For machines without their packages.
 * Owns: a table of the newest place of each four bytes. A block has at most `blockBytesMax`, so that distances fit two bytes.
 */

export const blockBytesMax = 64 * 1024
/** LZ4 ends with literals, and no repetition begins in the last bytes; Snappy allows it. */
const literalTail = 12
const leastMatch = 4
const tableBits = 14
const table = new Int32Array(1 << tableBits)
/** A multiplication that scatters four bytes over the table's top bits (Knuth, golden ratio). */
const scatter = 0x9e37_79b1

/** `literals` stand since the last repetition; then `length` bytes are those `distance` before: nothing more where length is 0, at the end. */
export type Emit = (literalsFrom: number, literalsTo: number, distance: number, length: number) => void

export function findMatches(block: Buffer, emit: Emit): void {
  table.fill(-1)
  const last = block.length - literalTail
  let anchor = 0
  let position = 0
  // What does not repeat is passed over faster and faster.
  let misses = 0
  while (position < last) {
    const word = block.readInt32LE(position)
    const slot = Math.imul(word, scatter) >>> (32 - tableBits)
    const candidate = table[slot] as number
    table[slot] = position
    if (candidate < 0 || block.readInt32LE(candidate) !== word || position - candidate >= blockBytesMax) {
      position += 1 + (misses++ >>> 6)
      continue
    }
    const end = matchEnd(block, candidate, position)
    emit(anchor, position, position - candidate, end - position)
    anchor = position = end
    misses = 0
  }
  emit(anchor, block.length, 0, 0)
}

/** LZ4 wants the last five bytes as literals. */
const literalEnd = 5

function matchEnd(block: Buffer, candidate: number, position: number): number {
  const end = block.length - literalEnd
  let length = leastMatch
  while (position + length < end && block[candidate + length] === block[position + length]) length++
  return position + length
}

/** A repetition may overlap itself: its bytes are copied in order. False where it reaches outside of what is written, or of the room. */
export function copyMatch(output: Buffer, position: number, distance: number, length: number): boolean {
  if (distance === 0 || distance > position || position + length > output.length) return false
  if (distance >= length) output.copyWithin(position, position - distance, position - distance + length)
  else for (let at = position; at < position + length; at++) output[at] = output[at - distance] as number
  return true
}
