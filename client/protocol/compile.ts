/**
 * Codecs: for each declaration and version an encoder and a decoder, compiled from JavaScript text on first use and kept with
 * the declaration. The only door through which messages become bytes and bytes messages.
 * Owns: that cache, `encode` and `decode`. Never: knows a message, or a version, by name.
 */
import { decoderScope, decoderSource } from './decoder.ts'
import { encoderScope, encoderSource } from './encoder.ts'
import { DecodeError, EncodeError } from './malformed.ts'
import type { Mode } from './layout.ts'
import type { Input, Message, Of } from './schema.ts'
import { Cursor } from './varint.ts'
import { within } from './versions.ts'
import { Writer } from './writer.ts'

type Decoder = (cursor: Cursor) => unknown
type Encoder = (writer: Writer, value: unknown) => void

/** By version. */
interface ByVersion {
  readonly decoders: Decoder[]
  readonly encoders: Encoder[]
}

export type Codecs = { readonly [M in Mode]: ByVersion }

/**
 * The message as chunks for one gathered write. Record data is among them by reference, the rest lies in shared memory that is
 * never written again; who keeps a small message for long should copy it.
 */
export function encode<M extends Message>(declaration: M, version: number, value: Input<M>): Buffer[] {
  writer.begin()
  encodeInto(writer, declaration, version, value)
  return writer.finish()
}

/** Appends the message to what the writer holds. */
export function encodeInto<M extends Message>(
  target: Writer,
  declaration: M,
  version: number,
  value: Input<M>,
  mode: Mode = 'number',
): void {
  const encoder = declaration.codecs[mode].encoders[version] ?? compileEncoder(declaration, version, mode)
  encoder(target, value)
}

/**
 * The message that begins at `offset`; bytes and records in it are views of `buffer`. Bytes after its end are left alone.
 * Throws DecodeError if the bytes are not such a message, and nothing else.
 */
export function decode<M extends Message>(declaration: M, version: number, buffer: Buffer, offset = 0): Of<M> {
  cursor.reset(buffer, offset)
  const value = decodeFrom(cursor, declaration, version)
  cursor.reset(nothing)
  return value
}

/** Reads from the cursor, and leaves it after the message. */
export function decodeFrom<M extends Message>(from: Cursor, declaration: M, version: number, mode: Mode = 'number'): Of<M> {
  const decoder = declaration.codecs[mode].decoders[version] ?? compileDecoder(declaration, version, mode)
  return decoder(from) as Of<M>
}

const nothing = Buffer.alloc(0)
const writer = new Writer()
const cursor = new Cursor(nothing)

function compileDecoder(declaration: Message, version: number, mode: Mode): Decoder {
  const { name, versions, codecs } = declaration
  if (!within(versions, version)) throw new DecodeError(`${name} has no version ${version}`, 0)
  const decoder = evaluate<Decoder>(decoderScope, decoderSource(declaration, version, mode))
  codecs[mode].decoders[version] = decoder
  return decoder
}

function compileEncoder(declaration: Message, version: number, mode: Mode): Encoder {
  const { name, versions, codecs } = declaration
  if (!within(versions, version)) throw new EncodeError(`${name} has no version ${version}`)
  const encoder = evaluate<Encoder>(encoderScope, encoderSource(declaration, version, mode))
  codecs[mode].encoders[version] = encoder
  return encoder
}

/** The text is made of declarations, that is of our own source, and never of anything a peer sent. */
function evaluate<F>(scope: object, source: string): F {
  // oxlint-disable-next-line typescript/no-implied-eval -- compiling text is what this file is for
  return new Function(...Object.keys(scope), source)(...Object.values(scope)) as F
}
