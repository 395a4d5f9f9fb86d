/**
 * The rounds of the commit journal (commit-journal.ts), made and found again: each whole or not at all, by CRC-32C.
 * Never touches the disk.
 *
 *     file  = round*
 *     round = magic "STLJ", crc int32, generation int64, number int64, size int32, entries int32, 0 int32, entry*    crc: all after it
 *     entry = topic id 16 bytes, partition int32, segment int64, position int64, size int32, 0 int32, bytes
 */
import { uuidBytes, uuidText } from '../../client/protocol/uuid.ts'
import { crc32c } from '../../client/records/crc32c.ts'
import { readInt64, writeInt64 } from '../../client/records/int64.ts'
import type { Offset } from './offset.ts'

/** A place in a partition's files. */
export interface JournalPlace {
  readonly topicId: string
  readonly partition: number
  /** The base offset that names the segment. */
  readonly segment: Offset
  readonly position: number
}

/** Bytes to be repeated, and where they were written. */
export interface JournalPart extends JournalPlace {
  readonly chunks: readonly Buffer[]
  readonly size: number
}

/** Bytes that were repeated. */
export interface JournalEntry extends JournalPlace {
  readonly bytes: Buffer
}

/** Rounds count from 0 in each use of a file, and each use has a higher generation. */
export interface RoundId {
  readonly generation: number
  readonly number: number
}

export interface Round extends RoundId {
  readonly entries: readonly JournalEntry[]
}

const magic = 0x53544c4a
const roundHeaderBytes = 36
const entryHeaderBytes = 44
const crcStart = 8

/** How large a round of these parts is. */
export function roundBytes(parts: readonly JournalPart[]): number {
  return parts.reduce((sum, { size }) => sum + entryHeaderBytes + size, roundHeaderBytes)
}

export function encodeRound(parts: readonly JournalPart[], { generation, number }: RoundId): Buffer[] {
  const header = Buffer.allocUnsafe(roundHeaderBytes)
  const chunks: Buffer[] = [header]
  for (const { topicId, partition, segment, position, chunks: data, size } of parts) {
    const head = Buffer.allocUnsafe(entryHeaderBytes)
    uuidBytes(topicId).copy(head, 0)
    head.writeInt32BE(partition, 16)
    writeInt64(head, 20, segment)
    writeInt64(head, 28, position)
    head.writeInt32BE(size, 36)
    head.writeInt32BE(0, 40)
    chunks.push(head, ...data)
  }
  header.writeUInt32BE(magic, 0)
  writeInt64(header, 8, generation)
  writeInt64(header, 16, number)
  header.writeInt32BE(roundBytes(parts), 24)
  header.writeInt32BE(parts.length, 28)
  header.writeInt32BE(0, 32)
  let crc = crc32c(header, crcStart, header.length)
  for (let index = 1; index < chunks.length; index++) {
    const chunk = chunks[index] as Buffer
    crc = crc32c(chunk, 0, chunk.length, crc)
  }
  header.writeUInt32BE(crc >>> 0, 4)
  return chunks
}

/** Those that are whole, up to the first that is not. */
export function* roundsOf(bytes: Buffer): Generator<Round> {
  for (let at = 0; ; ) {
    const size = roundAt(bytes, at)
    if (size === 0) return
    const round = bytes.subarray(at, at + size)
    yield { generation: readInt64(round, 8), number: readInt64(round, 16), entries: entriesOf(round) }
    at += size
  }
}

/** The size of the whole, undamaged round here; 0 if there is none. */
function roundAt(bytes: Buffer, at: number): number {
  if (at + roundHeaderBytes > bytes.length || bytes.readUInt32BE(at) !== magic) return 0
  const size = bytes.readInt32BE(at + 24)
  if (size < roundHeaderBytes || at + size > bytes.length) return 0
  return crc32c(bytes, at + crcStart, at + size) >>> 0 === bytes.readUInt32BE(at + 4) ? size : 0
}

function entriesOf(round: Buffer): JournalEntry[] {
  const entries: JournalEntry[] = []
  let at = roundHeaderBytes
  for (let left = round.readInt32BE(28); left > 0; left--) {
    const size = round.readInt32BE(at + 36)
    const bytes = round.subarray(at + entryHeaderBytes, at + entryHeaderBytes + size)
    entries.push({
      topicId: uuidText(round.subarray(at, at + 16)),
      partition: round.readInt32BE(at + 16),
      segment: readInt64(round, at + 20),
      position: readInt64(round, at + 28),
      bytes,
    })
    at += entryHeaderBytes + size
  }
  return entries
}
