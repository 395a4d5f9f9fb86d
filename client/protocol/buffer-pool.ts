/**
 * Buffers that are used again and again, for frames and batches: touching fresh memory costs more than copying into warm memory does.
 * Owns: those that nobody uses now, up to a bound. A buffer given back must not be referred to any more.
 */
const sizeMin = 4 * 1024

export class BufferPool {
  readonly #bytesMax: number
  readonly #free = new Map<number, Buffer[]>()
  #bytes = 0

  /** @param bytesMax kept for later use, at most; 0 keeps none. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** One with room for `bytes` at least; what it holds is left over. */
  take(bytes: number): Buffer {
    // Never used again: room for more than is asked for would only be faulted in and collected.
    if (this.#bytesMax === 0) return Buffer.allocUnsafeSlow(bytes)
    const size = bytes <= sizeMin ? sizeMin : 2 ** Math.ceil(Math.log2(bytes))
    const free = this.#free.get(size)?.pop()
    if (!free) return Buffer.allocUnsafeSlow(size)
    this.#bytes -= size
    return free
  }

  give(buffer: Buffer): void {
    const size = buffer.length
    if (size === 0) return
    if (this.#bytes + size > this.#bytesMax) return
    this.#bytes += size
    const free = this.#free.get(size)
    if (free) free.push(buffer)
    else this.#free.set(size, [buffer])
  }
}
