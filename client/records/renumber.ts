/**
 * Gives the records of a decompressed batch the offsets 0, 1, 2 …, for the old producers that count otherwise.
 * All else of a record is copied as it is; none becomes an object.
 */
import { Cursor, sizeOfVarint, writeVarint } from '../protocol/varint.ts'

/** An offset delta may grow by four bytes, and with it the length before the record by one. */
const growthBytesMax = 5

/** The records must have been walked before: what is malformed is refused there. */
export function renumber(records: Buffer, count: number): Buffer {
  const into = Buffer.allocUnsafe(records.length + count * growthBytesMax)
  const cursor = new Cursor(records)
  let at = 0
  for (let offset = 0; offset < count; offset++) {
    const bytes = cursor.varint()
    const start = cursor.position
    const end = start + bytes
    cursor.position++
    cursor.varlong()
    const offsetDelta = cursor.position
    cursor.varint()
    at = writeVarint(into, at, offsetDelta - start + sizeOfVarint(offset) + end - cursor.position)
    at += records.copy(into, at, start, offsetDelta)
    at = writeVarint(into, at, offset)
    at += records.copy(into, at, cursor.position, end)
    cursor.position = end
  }
  return into.subarray(0, at)
}
