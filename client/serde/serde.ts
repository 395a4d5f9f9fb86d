/**
 * Between values and the bytes of a record's key or value: small typed objects, so that the types of records follow from them.
 * Bytes are Uint8Array, in Node and in browsers alike. What cannot be decoded is a ClientError's cause where records are read.
 */
import type { StandardSchema } from './standard-schema.ts'
import { standardDecode } from './standard-schema.ts'

export interface Serde<T> {
  /** `null` is a tombstone, or no key. */
  encode(value: T): Uint8Array | null
  /** What is given is good for as long as the record; who keeps a part of it keeps all. Throws where the bytes mean nothing. */
  decode(bytes: Uint8Array | null): T
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The bytes themselves. */
export const bytes: Serde<Uint8Array | null> = {
  encode: (value) => value,
  decode: (value) => value,
}

/** UTF-8. */
export const text: Serde<string | null> = {
  encode: (value) => (value === null ? null : encoder.encode(value)),
  decode: (value) => (value === null ? null : decoder.decode(value)),
}

/**
 * JSON in UTF-8; `undefined` stands for no bytes at all. With a schema (zod, valibot, arktype: whatever speaks the standard-schema
 * interface) what is read is validated, and its type is the schema's.
 */
export function json<T>(schema?: StandardSchema<T>): Serde<T | undefined> {
  return {
    encode: (value) => (value === undefined ? null : encoder.encode(JSON.stringify(value))),
    decode: (value) => {
      if (value === null) return undefined
      const parsed: unknown = JSON.parse(decoder.decode(value))
      return schema ? standardDecode(schema, parsed) : (parsed as T)
    },
  }
}

/** A signed 32-bit number, big-endian, as Kafka's IntegerSerializer writes it. */
export const int32: Serde<number | null> = fixed(
  4,
  (view) => view.getInt32(0),
  (view, value) => view.setInt32(0, value),
)

/** A signed 64-bit number, big-endian, as Kafka's LongSerializer writes it. */
export const int64: Serde<bigint | null> = fixed(
  8,
  (view) => view.getBigInt64(0),
  (view, value) => view.setBigInt64(0, value),
)

/** A double, big-endian, as Kafka's DoubleSerializer writes it. */
export const float64: Serde<number | null> = fixed(
  8,
  (view) => view.getFloat64(0),
  (view, value) => view.setFloat64(0, value),
)

function fixed<T>(size: number, read: (view: DataView) => T, write: (view: DataView, value: T) => void): Serde<T | null> {
  return {
    encode(value) {
      if (value === null) return null
      const encoded = new Uint8Array(size)
      write(new DataView(encoded.buffer), value)
      return encoded
    },
    decode(value) {
      if (value === null) return null
      if (value.length !== size) throw new RangeError(`${value.length} bytes where a number has ${size}`)
      return read(new DataView(value.buffer, value.byteOffset, size))
    },
  }
}
