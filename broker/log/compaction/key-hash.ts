/**
 * A record's key in 128 bits: Chaskey with 8 rounds (Mouha et al., 2014), a MAC made for 32-bit arithmetic.
 * Compaction takes two keys of one hash for the same key, and drops the older record: so nobody may be able to make such a pair. The secret
 * is drawn anew for each compaction, and no hash ever leaves it. By chance, 2^23 keys meet with a probability of 2^-83.
 * Owns: the last hash, in four fields, so that hashing allocates nothing.
 */

export class KeyHash {
  h0 = 0
  h1 = 0
  h2 = 0
  h3 = 0
  readonly #secret: Int32Array
  /** What the last block is mixed with: one where it is full, the other where it was filled up. */
  readonly #full: Int32Array
  readonly #padded: Int32Array
  readonly #last = new Uint8Array(16)

  constructor(secret: Uint8Array) {
    const words = new Int32Array(4)
    for (let i = 0; i < 4; i++) words[i] = wordAt(secret, i * 4)
    this.#secret = words
    this.#full = doubled(words)
    this.#padded = doubled(this.#full)
  }

  /** Of `bytes[start, start + length)`. */
  of(bytes: Uint8Array, start: number, length: number): void {
    const secret = this.#secret
    this.h0 = secret[0] as number
    this.h1 = secret[1] as number
    this.h2 = secret[2] as number
    this.h3 = secret[3] as number
    let at = start
    const end = start + length
    for (; end - at > 16; at += 16) {
      this.#mix(bytes, at)
      this.#permute()
    }
    const left = end - at
    if (left === 16) return this.#finish(bytes, at, this.#full)
    const last = this.#last
    for (let i = 0; i < left; i++) last[i] = bytes[at + i] as number
    last[left] = 1
    for (let i = left + 1; i < 16; i++) last[i] = 0
    this.#finish(last, 0, this.#padded)
  }

  #mix(bytes: Uint8Array, at: number): void {
    this.h0 ^= wordAt(bytes, at)
    this.h1 ^= wordAt(bytes, at + 4)
    this.h2 ^= wordAt(bytes, at + 8)
    this.h3 ^= wordAt(bytes, at + 12)
  }

  #finish(bytes: Uint8Array, at: number, subkey: Int32Array): void {
    this.#mix(bytes, at)
    this.#xor(subkey)
    this.#permute()
    this.#xor(subkey)
  }

  #xor(words: Int32Array): void {
    this.h0 ^= words[0] as number
    this.h1 ^= words[1] as number
    this.h2 ^= words[2] as number
    this.h3 ^= words[3] as number
  }

  #permute(): void {
    let v0 = this.h0
    let v1 = this.h1
    let v2 = this.h2
    let v3 = this.h3
    for (let round = 0; round < 8; round++) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 13) | (v3 >>> 19)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 7) | (v1 >>> 25)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    this.h0 = v0
    this.h1 = v1
    this.h2 = v2
    this.h3 = v3
  }
}

/** Little-endian. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
}

/** Times two in the field of 2^128 elements. */
function doubled(words: Int32Array): Int32Array {
  const [w0, w1, w2, w3] = words as unknown as [number, number, number, number]
  return Int32Array.of((w0 << 1) ^ (w3 >>> 31 ? 0x87 : 0), (w1 << 1) | (w0 >>> 31), (w2 << 1) | (w1 >>> 31), (w3 << 1) | (w2 >>> 31))
}
