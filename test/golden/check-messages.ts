/**
 * Checks message bodies against their golden bytes: decoded they are the JSON, encoded the JSON is the bytes, in exact mode and,
 * as far as a double goes, in number mode; and so with what stands before them in a record.
 */
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { decodeFrom, encode, encodeInto } from '../../client/protocol/compile.ts'
import {
  emptyArray,
  emptyBytes,
  emptyStruct,
  type Field,
  type Fields,
  type Input,
  int64Max,
  type Message,
} from '../../client/protocol/schema.ts'
import {
  decodeKey,
  decodeVersioned,
  encodeKey,
  encodeVersioned,
  frameMetadataRecord,
  keyType,
  metadataRecordHead,
} from '../../client/protocol/stored.ts'
import { Cursor } from '../../client/protocol/varint.ts'
import { within } from '../../client/protocol/versions.ts'
import { Writer } from '../../client/protocol/writer.ts'
import { checkLines, type Verdict } from './json-lines.ts'
import { declarations } from './registry.ts'

type Struct = { [name: string]: unknown }

interface Row {
  api?: string
  kind?: 'request' | 'response'
  name?: string
  version: number
  case: string
  json: Struct
  hex: string
  framed?: string
  unknown?: unknown[]
}

export function check(lines: Iterable<string>): Verdict {
  return checkLines<Row>(lines, (row) => `${nameOf(row)} v${row.version} ${row.case}`, checkRow)
}

const nameOf = ({ name, api, kind }: Row) => name ?? `${api}${kind === 'request' ? 'Request' : 'Response'}`

function checkRow(row: Row): void {
  const declaration = declarations.get(nameOf(row))
  assert(declaration, 'is not declared')
  const bytes = Buffer.from(row.hex, 'hex')
  const expected = complete(declaration.fields, row.json, row.version)
  const decoded = decodeWhole(declaration, row.version, bytes, 'exact')
  assert.deepStrictEqual(decoded, expected, 'decoded otherwise')
  const rounded = decodeWhole(declaration, row.version, bytes, 'number')
  assert(isDeepStrictEqual(rounded, inNumbers(expected)), 'decoded otherwise in numbers')
  if (row.unknown) return
  const given = inBytes(declaration.fields, row.json)
  assert.equal(encodeWhole(declaration, row.version, given, 'exact'), row.hex, 'encoded otherwise from JSON')
  assert.equal(encodeWhole(declaration, row.version, decoded, 'exact'), row.hex, 'encoded otherwise from what was decoded')
  if (isSafe(expected)) assert.equal(encodeWhole(declaration, row.version, rounded, 'number'), row.hex, 'encoded otherwise from numbers')
  if (row.framed) checkStored(declaration, row, rounded, isSafe(expected))
}

function decodeWhole(declaration: Message, version: number, bytes: Buffer, mode: 'exact' | 'number'): Struct {
  const cursor = new Cursor(bytes)
  const value = decodeFrom(cursor, declaration, version, mode)
  assert.equal(cursor.position, bytes.length, 'bytes are left')
  return value
}

const writer = new Writer()

function encodeWhole(declaration: Message, version: number, value: Struct, mode: 'exact' | 'number'): string {
  writer.begin()
  encodeInto(writer, declaration, version, value as Input<Message>, mode)
  return Buffer.concat(writer.finish()).toString('hex')
}

function checkStored(declaration: Message, { version, framed }: Row, value: Struct, safe: boolean): void {
  const bytes = Buffer.from(framed as string, 'hex')
  const input = value as Input<Message>
  let encoded: Buffer
  let decoded: unknown
  if (declaration.type === 'coordinator-key') {
    assert.equal(keyType(bytes), declaration.key)
    decoded = decodeKey(declaration, bytes)
    encoded = encodeKey(declaration, input)
  } else if (declaration.type === 'metadata') {
    const head = metadataRecordHead(bytes)
    assert.equal(head.type, declaration.key)
    assert.equal(head.version, version)
    decoded = decodeFrom(new Cursor(bytes, head.offset), declaration, version)
    encoded = frameMetadataRecord(declaration.key, version, encode(declaration, version, input))
  } else {
    const read = decodeVersioned(declaration, bytes)
    assert.equal(read.version, version)
    decoded = read.value
    encoded = encodeVersioned(declaration, version, input)
  }
  assert(isDeepStrictEqual(decoded, value), 'as a record decoded otherwise')
  if (safe) assert.equal(encoded.toString('hex'), framed, 'as a record encoded otherwise')
}

/** The JSON with bytes for base64, and nothing added. */
function inBytes(fields: Fields, json: Struct): Struct {
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, valueOf(fieldOf(fields, name), value, inBytes)]))
}

/** The JSON as decoding should give it: bytes for base64, bigints for int64, defaults for what is left out. */
function complete(fields: Fields, json: Struct, version: number): Struct {
  for (const name of Object.keys(json)) fieldOf(fields, name)
  const whole = Object.entries(fields).map(([name, field]) => {
    if (name in json) {
      assert(within(field.versions, version), `${name} is declared for other versions`)
      return [name, valueOf(field, json[name], (inner, value) => complete(inner, value, version))]
    }
    assert(!within(field.versions, version) || field.tag !== undefined, `${name} is declared, but not in the JSON`)
    return [name, defaultOf(field)]
  })
  return Object.fromEntries(whole)
}

function fieldOf(fields: Fields, name: string): Field {
  const field = fields[name]
  assert(field, `${name} is not declared`)
  return field
}

function valueOf(field: Field, value: unknown, structOf: (fields: Fields, value: Struct) => Struct): unknown {
  if (value === null) return null
  switch (field.kind) {
    case 'int64':
      return BigInt(value as number)
    case 'bytes':
    case 'records':
      return Buffer.from(value as string, 'base64')
    case 'array':
      return (value as unknown[]).map((item) => valueOf(field.element as Field, item, structOf))
    case 'struct':
      return structOf(field.fields as Fields, value as Struct)
    default:
      return value
  }
}

function defaultOf(field: Field): unknown {
  const value = field.default
  if (value === emptyBytes) return Buffer.alloc(0)
  if (value === emptyArray || (field.kind === 'array' && value !== null)) return []
  if (value === emptyStruct || (field.kind === 'struct' && value !== null)) {
    return Object.fromEntries(Object.entries(field.fields as Fields).map(([name, inner]) => [name, defaultOf(inner)]))
  }
  if (field.kind !== 'int64') return value
  return value === int64Max ? 2n ** 63n - 1n : BigInt(value as number)
}

function inNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(inNumbers)
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inNumbers(inner)]))
}

/** Whether every int64 in it is a safe integer, or the largest one. */
function isSafe(value: unknown): boolean {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) || value === 2n ** 63n - 1n || value === -(2n ** 63n)
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return true
  return Object.values(value).every(isSafe)
}
