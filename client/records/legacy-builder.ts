/**
 * Builds message sets (magic 0 and 1; legacy.ts has their layout), for clients that read nothing newer.
 * Uncompressed, each record is a message of its own; compressed, all are in one wrapper.
 */
import { strict as assert } from 'node:assert'
import { crc32 } from 'node:zlib'
import { logOverheadBytes, noTimestamp } from './batch.ts'
import { codecId, compress } from './compression/codec.ts'
import { lz4OfMagic0 } from './compression/lz4.ts'
import { writeInt64 } from './int64.ts'
import { legacyAttribute, legacyField } from './legacy.ts'
import type { StoredRecord } from './record.ts'

export interface LegacySetOptions {
  readonly magic: 0 | 1
  readonly codec: number
  readonly level?: number | undefined
  /** All records get this time, and the set says that the leader set it. */
  readonly logAppendTime?: number | undefined
}

interface Message {
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** Headers are dropped: these formats have none. */
export function buildLegacySet(records: readonly StoredRecord[], options: LegacySetOptions): Buffer {
  const { magic, codec, level, logAppendTime } = options
  assert(codec !== codecId.zstd, 'these formats know no Zstandard')
  const first = records[0]
  const last = records.at(-1)
  if (!first || !last) return Buffer.alloc(0)
  // Inside a wrapper of magic 1 offsets count from the start of the set.
  const base = magic === 1 && codec !== 0 ? first.offset : 0
  const timeAttribute = magic === 1 && logAppendTime !== undefined ? legacyAttribute.logAppendTime : 0
  let latest = noTimestamp
  const messages = records.map(({ offset, timestamp: own, key, value }) => {
    const timestamp = logAppendTime ?? own
    if (timestamp > latest) latest = timestamp
    return { offset: offset - base, timestamp, key, value }
  })
  const set = writeMessages(messages, magic, timeAttribute)
  if (codec === 0) return set
  const value = codec === codecId.lz4 && magic === 0 ? lz4OfMagic0.compress(set) : compress(codec, set, level)
  return writeMessages([{ offset: last.offset, timestamp: logAppendTime ?? latest, key: null, value }], magic, codec | timeAttribute)
}

function writeMessages(messages: readonly Message[], magic: number, attributes: number): Buffer {
  const headerBytes = magic === 0 ? legacyField.timestamp : legacyField.timestamp + 8
  const bytesOf = ({ key, value }: Message): number => headerBytes + 8 + (key?.length ?? 0) + (value?.length ?? 0)
  const set = Buffer.allocUnsafe(messages.reduce((bytes, message) => bytes + bytesOf(message), 0))
  let position = 0
  for (const message of messages) {
    const end = position + bytesOf(message)
    writeInt64(set, position, message.offset)
    set.writeInt32BE(end - position - logOverheadBytes, position + legacyField.size)
    set.writeInt8(magic, position + legacyField.magic)
    set.writeUInt8(attributes, position + legacyField.attributes)
    if (magic > 0) writeInt64(set, position + legacyField.timestamp, message.timestamp)
    const written = writeBytes(set, writeBytes(set, position + headerBytes, message.key), message.value)
    assert(written === end, 'a message takes the bytes that were measured')
    set.writeUInt32BE(crc32(set.subarray(position + legacyField.magic, end)), position + legacyField.crc)
    position = end
  }
  return set
}

function writeBytes(set: Buffer, position: number, bytes: Buffer | null): number {
  set.writeInt32BE(bytes?.length ?? -1, position)
  if (bytes) set.set(bytes, position + 4)
  return position + 4 + (bytes?.length ?? 0)
}
