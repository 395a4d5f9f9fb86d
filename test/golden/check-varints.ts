/** Checks variable-length integers both ways, exactly and in numbers, and that those which Kafka refuses are refused for the same reason. */
import assert from 'node:assert/strict'
import { DecodeError } from '../../client/protocol/malformed.ts'
import * as varint from '../../client/protocol/varint.ts'
import { checkLines, type Verdict } from './json-lines.ts'

interface Row {
  type: 'varint' | 'varlong' | 'uvarint' | 'uvarlong'
  value?: string
  hex: string
  used?: number
  decodeOnly?: boolean
  error?: 'BufferUnderflowException' | 'IllegalArgumentException'
}

type Write<T> = (buffer: Buffer, position: number, value: T) => number

const inNumbers: { [T in Row['type']]: { write: Write<number>; sizeOf: (value: number) => number } } = {
  varint: { write: varint.writeVarint, sizeOf: varint.sizeOfVarint },
  varlong: { write: varint.writeVarlong, sizeOf: varint.sizeOfVarlong },
  uvarint: { write: varint.writeUvarint, sizeOf: varint.sizeOfUvarint },
  uvarlong: { write: varint.writeUvarlong, sizeOf: varint.sizeOfUvarlong },
}

const exactly: { [T in Row['type']]?: { write: Write<bigint>; read: (cursor: varint.Cursor) => bigint } } = {
  varlong: { write: varint.writeVarlongExact, read: (cursor) => cursor.varlongExact() },
  uvarlong: { write: varint.writeUvarlongExact, read: (cursor) => cursor.uvarlongExact() },
}

export function check(lines: Iterable<string>): Verdict {
  return checkLines<Row>(lines, ({ type, value, hex }) => `${type} ${value ?? hex}`, checkRow)
}

function checkRow(row: Row): void {
  const bytes = Buffer.from(row.hex, 'hex')
  if (row.error) return checkRefused(row, bytes)
  const value = BigInt(row.value as string)
  const used = row.used ?? bytes.length
  checkRead(bytes, used, Number(value), (cursor) => cursor[row.type]())
  const exact = exactly[row.type]
  if (exact) checkRead(bytes, used, value, exact.read)
  if (row.decodeOnly) return
  if (exact) checkWritten(row.hex, value, exact.write)
  if (!Number.isSafeInteger(Number(value))) return
  checkWritten(row.hex, Number(value), inNumbers[row.type].write)
  assert.equal(inNumbers[row.type].sizeOf(Number(value)), bytes.length, 'its size')
}

function checkRefused({ type, error }: Row, bytes: Buffer): void {
  const fault = error === 'BufferUnderflowException' ? 'truncated' : 'malformed'
  assert.throws(
    () => new varint.Cursor(bytes)[type](),
    (thrown) => thrown instanceof DecodeError && thrown.fault === fault,
    `refused as ${fault}`,
  )
}

function checkRead<T>(bytes: Buffer, used: number, value: T, read: (cursor: varint.Cursor) => T): void {
  const cursor = new varint.Cursor(bytes)
  assert.equal(read(cursor), value, 'read')
  assert.equal(cursor.position, used, 'bytes used')
}

function checkWritten<T>(hex: string, value: T, write: Write<T>): void {
  const buffer = Buffer.alloc(16)
  assert.equal(buffer.toString('hex', 0, write(buffer, 0, value)), hex, 'written')
}
