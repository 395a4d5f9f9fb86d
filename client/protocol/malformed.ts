/**
 * The two errors of the codec: bytes that are not what they should be, and values that cannot be put into bytes.
 * A DecodeError is the peer's fault and the only error that decoding throws, whatever the bytes. An EncodeError is ours, or a
 * caller's: a field that the chosen version cannot express, a string too long for its length prefix.
 */

/** Truncated: the bytes end too early, more of them might help. Malformed: no continuation makes sense of them. */
export type Fault = 'truncated' | 'malformed'

export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly fault: Fault
  /** Where in the buffer reading stopped. */
  readonly position: number

  constructor(message: string, position: number, fault: Fault = 'malformed') {
    super(`${message} (at byte ${position})`)
    this.fault = fault
    this.position = position
  }
}

export class EncodeError extends Error {
  override readonly name: string = 'EncodeError'
}

/** A value that the chosen version has no field for: a newer one may. */
export class LostFieldError extends EncodeError {
  override readonly name = 'LostFieldError'
}

export function truncated(what: string, position: number): DecodeError {
  return new DecodeError(`the bytes end inside ${what}`, position, 'truncated')
}
