/** Checks UUIDs: text and bytes both ways, what is no UUID, which are reserved, and their order. */
import assert from 'node:assert/strict'
import { compareUuids, isReservedUuid, isUuid, uuidBytes, uuidText } from '../../client/protocol/uuid.ts'
import { checkLines, type Verdict } from './json-lines.ts'

type Row =
  | { text: string; hex: string; reserved?: boolean; startsWithDash?: boolean }
  | { a: string; b: string; compare: number }
  | { parse: string; hex?: string; error?: string }

export function check(lines: Iterable<string>): Verdict {
  return checkLines<Row>(lines, (row) => ('text' in row ? row.text : 'a' in row ? `${row.a} and ${row.b}` : `'${row.parse}'`), checkRow)
}

function checkRow(row: Row): void {
  if ('a' in row) {
    assert.equal(compareUuids(row.a, row.b), row.compare)
    assert.equal(compareUuids(row.b, row.a), 0 - row.compare)
  } else if ('parse' in row) {
    assert.equal(isUuid(row.parse), row.error === undefined, 'is a UUID')
    if (row.hex) assert.equal(uuidBytes(row.parse).toString('hex'), row.hex)
  } else {
    assert.equal(uuidBytes(row.text).toString('hex'), row.hex)
    assert.equal(uuidText(Buffer.from(row.hex, 'hex')), row.text)
    assert.equal(isReservedUuid(row.text), row.reserved ?? false, 'is reserved')
  }
}
