/** When a record was due, in its value's first bytes: microseconds of the clock that all processes of the machine share. */
import { recordsOf } from './own-client.ts'

const stampBytes = 8

export class Stamper {
  readonly #filling: Buffer

  /** @param size of a value; 8 bytes at least. */
  constructor(size: number) {
    this.#filling = recordsOf(1, Math.max(stampBytes, size))[0]?.value as Buffer
  }

  stamped(micros: number): Buffer {
    const value = Buffer.from(this.#filling)
    value.writeDoubleBE(micros)
    return value
  }
}

/** NaN where there is none. */
export function stampOf(value: Uint8Array | null): number {
  if (!value || value.length < stampBytes) return Number.NaN
  return new DataView(value.buffer, value.byteOffset).getFloat64(0)
}
