/**
 * Chance from a seed: the same seed gives the same numbers on every machine.
 * A world has one; each part takes a fork of its own by name, so that what one part draws does not move what another gets.
 */
import type { Random } from '../../../broker/platform/random.ts'

/** sfc32 (Doty-Humphrey, PractRand): 128 bits of state, fast on 32-bit integers. */
export class SeededRandom implements Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, salt = 0) {
    this.#a = seed | 0
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0
    this.#c = salt | 0
    for (let round = 0; round < 12; round++) this.next()
  }

  /** An unsigned 32-bit integer. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  fraction(): number {
    return this.next() / 0x1_0000_0000
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound)
  }

  /** A whole number in [least, most]. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** As `between`, but each order of magnitude is as likely as another: many small ones, a few large ones. */
  magnitude(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.fraction())
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count)
    let at = 0
    for (; at + 4 <= count; at += 4) bytes.writeUInt32LE(this.next(), at)
    for (; at < count; at++) bytes[at] = this.next() & 0xff
    return bytes
  }

  /** Another stream, which depends on this one's seed so far and the name alone. */
  fork(name: string): SeededRandom {
    let salt = 0x811c9dc5
    for (let index = 0; index < name.length; index++) salt = Math.imul(salt ^ name.charCodeAt(index), 0x01000193)
    return new SeededRandom(this.next() + (this.next() & 0xfffff) * 0x1_0000_0000, salt)
  }
}
