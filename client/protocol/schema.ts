/**
 * How a message is declared: a table of fields, each with the versions that have it. Types are inferred from the table,
 * codecs are compiled from it (compile.ts). One object shape stands for all versions of a message.
 * Owns: the constructors of messages and fields, and the two types a message has: `Of` when decoded (every field there),
 * `Input` to encode (everything may be left out, and then takes the field's default). Never: touches bytes.
 *
 *     export const HeartbeatRequest = message({
 *       name: 'HeartbeatRequest', type: 'request', key: 12, versions: '0-4', flexible: '4+',
 *       fields: { groupId: string('0+'), generationId: int32('0+'), memberId: string('0+'), groupInstanceId: nullableString('3+') },
 *     })
 */
import type { Codecs } from './compile.ts'
import { zeroUuid } from './uuid.ts'
import { type VersionRange, versionRange } from './versions.ts'

export type Kind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'string'
  | 'uuid'
  | 'bytes'
  | 'records'
  | 'array'
  | 'struct'

/** One field. `decoded` and `encoded` exist for the type checker alone. */
export interface Field<Decoded = unknown, Encoded = unknown> {
  readonly kind: Kind
  readonly versions: VersionRange
  /** The versions in which null may stand for the value; null if none. */
  readonly nullable: VersionRange | null
  /** Set: the field stands in the tag section of its struct. */
  readonly tag: number | undefined
  /** May silently be left out of a version that has no such field, whatever its value. */
  readonly ignorable: boolean
  /** The classic encoding, even in flexible versions. */
  readonly neverCompact: boolean
  readonly default: unknown
  /** Of an array: what it holds. */
  readonly element: Field | undefined
  /** Of a struct. */
  readonly fields: Fields | undefined
  readonly decoded: Decoded
  readonly encoded: Encoded
}

export type Fields = { readonly [name: string]: Field }

interface Options<Default> {
  default?: Default
  ignorable?: boolean
  tag?: number
  neverCompact?: boolean
}

interface NullableOptions<Default> extends Options<Default | null> {
  /** Where it differs from the field's own versions. */
  nullable?: string
}

type MessageType = 'request' | 'response' | 'header' | 'data' | 'metadata' | 'coordinator-key' | 'coordinator-value'

export interface Message<F extends Fields = Fields> {
  readonly name: string
  readonly type: MessageType
  /** The API's key, or the type id of a record; -1 if it has none. */
  readonly key: number
  readonly versions: VersionRange
  /** Versions with compact lengths and tag sections; null if none. */
  readonly flexible: VersionRange | null
  readonly fields: F
  /** What compile.ts made of it so far. */
  readonly codecs: Codecs
}

type DecodedFields<F extends Fields> = { -readonly [K in keyof F]: F[K]['decoded'] }
type EncodedFields<F extends Fields> = { -readonly [K in keyof F]?: F[K]['encoded'] | undefined }

/** What decoding a message gives. */
export type Of<M extends Message> = DecodedFields<M['fields']>

/** What encoding a message takes. */
export type Input<M extends Message> = EncodedFields<M['fields']>

interface Declaration<F extends Fields> {
  name: string
  type: MessageType
  key?: number
  versions: string
  flexible?: string
  fields: F
}

export function message<F extends Fields>(declaration: Declaration<F>): Message<F> {
  const { name, type, key = -1, versions, flexible, fields } = declaration
  const codecs: Codecs = { number: { decoders: [], encoders: [] }, exact: { decoders: [], encoders: [] } }
  const compact = flexible === undefined ? null : versionRange(flexible)
  return { name, type, key, versions: versionRange(versions), flexible: compact, fields, codecs }
}

/** The largest int64. As a number it is the nearest double, 2^63; encoding writes the exact value. */
export const int64Max = 2 ** 63

const number = (kind: Kind) => (versions: string, options?: Options<number>) => field<number, number>(kind, versions, 0, options)

export const int8 = number('int8')
export const int16 = number('int16')
export const uint16 = number('uint16')
export const int32 = number('int32')
export const uint32 = number('uint32')
/** A number: exact while it is a safe integer, the nearest double beyond. */
export const int64 = number('int64')
export const float64 = number('float64')

export function bool(versions: string, options?: Options<boolean>) {
  return field<boolean, boolean>('bool', versions, false, options)
}

export function string(versions: string, options?: Options<string>) {
  return field<string, string>('string', versions, '', options)
}

export function nullableString(versions: string, options?: NullableOptions<string>) {
  return nullable<string | null, string | null>('string', versions, null, options)
}

/** 16 bytes, as the text Kafka prints: base64url, 22 characters. */
export function uuid(versions: string, options?: Options<string>) {
  return field<string, string>('uuid', versions, zeroUuid, options)
}

/** Decoded as a view of the received bytes; copied when encoded. The default is empty. */
export function bytes(versions: string, options?: Options<null>) {
  return field<Buffer, Uint8Array>('bytes', versions, emptyBytes, options)
}

export function nullableBytes(versions: string, options?: NullableOptions<typeof emptyBytes>) {
  return nullable<Buffer | null, Uint8Array | null>('bytes', versions, null, options)
}

/** Record batches: decoded as a view, encoded by reference, so they are never copied here. */
export function records(versions: string, options?: Options<null>) {
  return field<Buffer, Buffer | Buffer[] | null>('records', versions, emptyBytes, options)
}

export function nullableRecords(versions: string, options?: NullableOptions<typeof emptyBytes>) {
  return nullable<Buffer | null, Buffer | Buffer[] | null>('records', versions, null, options)
}

/** An array of structs, given their fields, or of primitives, given their constructor: `array('0+', int32)`. */
export function array<F extends Fields>(versions: string, element: F, options?: Options<never>): StructArray<F>
export function array<T>(versions: string, element: Primitive<T>, options?: Options<never>): Field<T[], T[]>
export function array(versions: string, element: Fields | Primitive<unknown>, options?: Options<never>): Field {
  return { ...field('array', versions, emptyArray, options), element: elementOf(element) }
}

export function nullableArray<F extends Fields>(versions: string, element: F, options?: ArrayOptions): NullableStructArray<F>
export function nullableArray<T>(versions: string, element: Primitive<T>, options?: ArrayOptions): Field<T[] | null, T[] | null>
export function nullableArray(versions: string, element: Fields | Primitive<unknown>, options?: ArrayOptions): Field {
  return { ...nullable('array', versions, null, options), element: elementOf(element) }
}

/** A struct in place. Its default is the struct of its fields' defaults. */
export function struct<F extends Fields>(versions: string, fields: F, options?: Options<never>) {
  return { ...field<DecodedFields<F>, EncodedFields<F>>('struct', versions, emptyStruct, options), fields }
}

export function nullableStruct<F extends Fields>(versions: string, fields: F, options?: NullableOptions<typeof emptyStruct>) {
  return { ...nullable<DecodedFields<F> | null, EncodedFields<F> | null>('struct', versions, null, options), fields }
}

type Primitive<T> = (versions: string) => Field<T, T>
type ArrayOptions = NullableOptions<readonly never[]>
type StructArray<F extends Fields> = Field<DecodedFields<F>[], EncodedFields<F>[]>
type NullableStructArray<F extends Fields> = Field<DecodedFields<F>[] | null, EncodedFields<F>[] | null>

/** Stand for "empty" in `default`; compiled code makes a fresh one. */
export const emptyArray: readonly never[] = Object.freeze([])
export const emptyStruct: Readonly<Record<never, never>> = Object.freeze({})
export const emptyBytes: unique symbol = Symbol('no bytes')

function elementOf(element: Fields | Primitive<unknown>): Field {
  return typeof element === 'function' ? element('0+') : struct('0+', element)
}

function nullable<T, I>(kind: Kind, versions: string, fallback: unknown, options: NullableOptions<unknown> = {}): Field<T, I> {
  return { ...field<T, I>(kind, versions, fallback, options), nullable: versionRange(options.nullable ?? versions) }
}

function field<T, I>(kind: Kind, versions: string, fallback: unknown, options: Options<unknown> = {}): Field<T, I> {
  const declared: Omit<Field, 'decoded' | 'encoded'> = {
    kind,
    versions: versionRange(versions),
    nullable: null,
    tag: options.tag,
    ignorable: options.ignorable ?? false,
    neverCompact: options.neverCompact ?? false,
    default: 'default' in options ? options.default : fallback,
    element: undefined,
    fields: undefined,
  }
  return declared as Field<T, I>
}
