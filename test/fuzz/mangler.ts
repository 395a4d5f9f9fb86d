/** Damage done to good bytes, and bytes that never were any good, from a seed. */

/** Lengths and counts that lie: int16, int32 and varints, the largest, negative and overlong ones. */
const lies = [
  '7fff',
  'ffff',
  '8000',
  '7fffffff',
  '80000000',
  '00ffffff',
  'ffffffff07',
  'ffffffff0f',
  '8080808080',
  'ffffff7f',
  '808000',
].map((hex) => Buffer.from(hex, 'hex'))

export interface Mangler {
  random(below: number): number
  damaged(bytes: Buffer): Buffer
  noise(length: number): Buffer
}

export function mangler(seed: number): Mangler {
  /** mulberry32 */
  let state = seed
  const random = (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
  const lie = () => lies[random(lies.length)] as Buffer

  function damaged(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes)
    const at = random(copy.length + 1)
    switch (random(5)) {
      case 0:
        return copy.subarray(0, at)
      case 1:
        if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << random(8))
        return copy
      case 2:
        return Buffer.concat([copy.subarray(0, at), lie(), copy.subarray(at)])
      case 3:
        lie().copy(copy, at)
        return copy
      default:
        return Buffer.concat([copy.subarray(0, at), copy.subarray(random(copy.length + 1))])
    }
  }

  function noise(length: number): Buffer {
    const pattern = random(4)
    return Buffer.from(
      Array.from({ length }, () => (pattern === 0 ? random(256) : pattern === 1 ? random(2) : pattern === 2 ? 0 : random(4) * 85)),
    )
  }

  return { random, damaged, noise }
}
