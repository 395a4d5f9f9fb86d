/**
 * Messages as they stand in records, told apart by what is before them:
 * - a coordinator's key: int16 type, then the key's only version;
 * - a versioned value (a coordinator's, a consumer's subscription and assignment, a transaction marker): int16 version, then the message;
 * - a metadata record: uvarint frame version (1), uvarint type, uvarint version, then the message.
 * Encoded keys and values are views of shared memory that is never written again: who keeps one for long should copy it.
 * Decoding throws DecodeError.
 */
import { decodeFrom, encodeInto } from './compile.ts'
import { DecodeError, truncated } from './malformed.ts'
import type { Input, Message, Of } from './schema.ts'
import { Cursor, sizeOfUvarint, writeUvarint } from './varint.ts'
import { Writer } from './writer.ts'

export function encodeKey<M extends Message>(declaration: M, value: Input<M>): Buffer {
  return encodeAfterInt16(declaration.key, declaration, 0, value)
}

/** The type of a coordinator's key, by which its declaration is chosen. */
export function keyType(bytes: Buffer): number {
  return readInt16(bytes, 'the type of a key')
}

export function decodeKey<M extends Message>(declaration: M, bytes: Buffer): Of<M> {
  return decodeFrom(new Cursor(bytes, 2), declaration, 0)
}

export function encodeVersioned<M extends Message>(declaration: M, version: number, value: Input<M>): Buffer {
  return encodeAfterInt16(version, declaration, version, value)
}

export function decodeVersioned<M extends Message>(declaration: M, bytes: Buffer): { version: number; value: Of<M> } {
  const version = readInt16(bytes, 'the version of a value')
  return { version, value: decodeFrom(new Cursor(bytes, 2), declaration, version) }
}

const frameVersion = 1

/** A metadata record, of its type, version and encoded message. */
export function frameMetadataRecord(type: number, version: number, body: readonly Buffer[]): Buffer {
  const head = Buffer.allocUnsafe(1 + sizeOfUvarint(type) + sizeOfUvarint(version))
  writeUvarint(head, writeUvarint(head, writeUvarint(head, 0, frameVersion), type), version)
  return Buffer.concat([head, ...body])
}

/** What stands before a metadata record; its message begins at `offset`. */
export function metadataRecordHead(bytes: Buffer): { type: number; version: number; offset: number } {
  const cursor = new Cursor(bytes)
  const frame = cursor.uvarint()
  if (frame !== frameVersion) throw new DecodeError(`a metadata record of frame version ${frame} cannot be read`, 0)
  return { type: cursor.uvarint(), version: cursor.uvarint(), offset: cursor.position }
}

const writer = new Writer()

function encodeAfterInt16<M extends Message>(head: number, declaration: M, version: number, value: Input<M>): Buffer {
  writer.begin()
  writer.reserve(2)
  writer.position = writer.buffer.writeInt16BE(head, writer.position)
  encodeInto(writer, declaration, version, value)
  return only(writer.finish())
}

function only(chunks: Buffer[]): Buffer {
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}

function readInt16(bytes: Buffer, what: string): number {
  if (bytes.length < 2) throw truncated(what, bytes.length)
  return bytes.readInt16BE(0)
}
