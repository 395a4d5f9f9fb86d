/**
 * Buffers for cold reads, reused: 1 MiB each, as many kept as are worth it. A batch larger than that gets one of its own.
 */
export const readBufferBytes = 1024 * 1024

export class ReadBuffers {
  readonly #keptMax: number
  readonly #kept: Buffer[] = []

  constructor(keptMax: number) {
    this.#keptMax = keptMax
  }

  take(bytes: number): Buffer {
    if (bytes > readBufferBytes) return Buffer.allocUnsafeSlow(bytes)
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(readBufferBytes)
  }

  give(buffer: Buffer): void {
    if (buffer.length === readBufferBytes && this.#kept.length < this.#keptMax) this.#kept.push(buffer)
  }
}
