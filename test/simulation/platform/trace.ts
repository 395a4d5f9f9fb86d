/**
 * What happened, as a running hash of everything that left or reached a process (the replay check compares it), and as lines for people
 * (kept only when somebody wants to read them).
 */
import { crc32 } from 'node:zlib'

export class Trace {
  readonly #print: ((line: string) => void) | undefined
  #hash = 0x811c9dc5
  #now = 0

  /** @param print gets each readable line as it happens; without it no line is ever made. */
  constructor(print?: (line: string) => void) {
    this.#print = print
  }

  get isRead(): boolean {
    return this.#print !== undefined
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  /** An event of the given kind takes place. */
  event(at: number, label: string): void {
    this.#now = at
    this.number(at)
    this.number(label.charCodeAt(0) * 31 + label.length)
  }

  number(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193)
    this.#hash ^= this.#hash >>> 15
  }

  bytes(bytes: Uint8Array): void {
    this.number(crc32(bytes))
  }

  /** A line for the reader; costs nothing when nobody reads. */
  line(make: () => string): void {
    if (!this.#print) return
    this.#print(`${(this.#now / 1000).toFixed(3).padStart(12)} ms  ${make()}`)
  }
}
