/**
 * What a client has granted and has not been sent yet.
 * Owns: the count, in records, in bytes, or in both, whichever was named. Never: sends.
 * Invariant: never below zero: what is spent was there.
 */
import assert from 'node:assert/strict'
import { creditMax } from '../../client/protocol/stream/client-messages.ts'

export interface Grant {
  readonly records?: number | undefined
  readonly bytes?: number | undefined
}

export class Credit {
  /** `undefined`: not counted. */
  #records: number | undefined
  #bytes: number | undefined

  /** How many records may be sent. Without any grant, none. */
  get records(): number {
    return this.#records ?? (this.#bytes === undefined ? 0 : Infinity)
  }

  get bytes(): number {
    return this.#bytes ?? (this.#records === undefined ? 0 : Infinity)
  }

  get isSpent(): boolean {
    return this.records === 0 || this.bytes === 0
  }

  /** False: more than can be meant. */
  grant({ records, bytes }: Grant): boolean {
    if (records !== undefined) this.#records = (this.#records ?? 0) + records
    if (bytes !== undefined) this.#bytes = (this.#bytes ?? 0) + bytes
    return (this.#records ?? 0) <= creditMax && (this.#bytes ?? 0) <= creditMax
  }

  covers(records: number, bytes: number): boolean {
    return records <= this.records && bytes <= this.bytes
  }

  spend(records: number, bytes: number): void {
    assert(this.covers(records, bytes), 'no more is sent than was granted')
    if (this.#records !== undefined) this.#records -= records
    if (this.#bytes !== undefined) this.#bytes -= bytes
  }
}
