/**
 * Record batches as the simulated clients make and judge them: written anew here, so that the broker's own code is not its own judge.
 *
 *     base offset int64 | length int32 | leader epoch int32 | magic int8 = 2 | crc uint32, over all that follows | attributes int16
 *     last offset delta int32 | base timestamp int64 | max timestamp int64 | producer id int64, epoch int16, base sequence int32 | count int32
 */
import { gzipSync } from 'node:zlib'
import { crc32c } from '@node-rs/crc32'
import { sizeOfVarint, writeVarint } from '../../../client/protocol/varint.ts'

const headerBytes = 61
const lengthOffset = 8
const logOverheadBytes = 12
export const crcOffset = 17
/** From here on a batch is the producer's, byte for byte. */
export const contentOffset = 21
const gzip = 1
const transactional = 16

export interface BatchParts {
  /** Null: the record marks its key as deleted. */
  values: readonly (Buffer | null)[]
  /** Of each record; none, if left out. */
  keys?: readonly Buffer[]
  /** Of the first record; the others follow at a millisecond each. */
  timestamp: number
  compressed: boolean
  producerId: number
  producerEpoch: number
  baseSequence: number
  transactional?: boolean
}

export function buildBatch(parts: BatchParts): Buffer {
  const records = Buffer.concat(parts.values.map((value, index) => record(value, index, parts.keys?.[index] ?? null)))
  const body = parts.compressed ? gzipSync(records, { level: 1 }) : records
  const batch = Buffer.alloc(headerBytes + body.length)
  const last = parts.values.length - 1
  batch.writeInt32BE(batch.length - logOverheadBytes, lengthOffset)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE((parts.compressed ? gzip : 0) | (parts.transactional ? transactional : 0), 21)
  batch.writeInt32BE(last, 23)
  batch.writeBigInt64BE(BigInt(parts.timestamp), 27)
  batch.writeBigInt64BE(BigInt(parts.timestamp + last), 35)
  batch.writeBigInt64BE(BigInt(parts.producerId), 43)
  batch.writeInt16BE(parts.producerEpoch, 51)
  batch.writeInt32BE(parts.baseSequence, 53)
  batch.writeInt32BE(parts.values.length, 57)
  body.copy(batch, headerBytes)
  batch.writeUInt32BE(crc32c(batch.subarray(contentOffset)), crcOffset)
  return batch
}

function record(value: Buffer | null, index: number, key: Buffer | null): Buffer {
  const fields = 1 + sizeOfVarint(index) * 2 + sizeOfBytes(key) + sizeOfBytes(value) + sizeOfVarint(0)
  const bytes = Buffer.alloc(sizeOfVarint(fields) + fields)
  let at = writeVarint(bytes, 0, fields) + 1
  at = writeVarint(bytes, at, index)
  at = writeVarint(bytes, at, index)
  at = writeBytes(bytes, at, key)
  at = writeBytes(bytes, at, value)
  writeVarint(bytes, at, 0)
  return bytes
}

function sizeOfBytes(bytes: Buffer | null): number {
  return bytes ? sizeOfVarint(bytes.length) + bytes.length : 1
}

function writeBytes(into: Buffer, at: number, bytes: Buffer | null): number {
  if (!bytes) return writeVarint(into, at, -1)
  const start = writeVarint(into, at, bytes.length)
  return start + bytes.copy(into, start)
}

/** A batch where it lies, checked to be whole and valid. */
export interface FoundBatch {
  baseOffset: number
  /** One past its last record. */
  endOffset: number
  leaderEpoch: number
  bytes: Buffer
}

/** The valid batch that begins at `position`, or why there is none. */
export function batchAt(bytes: Buffer, position: number): FoundBatch | 'cut' | 'damaged' {
  if (bytes.length - position < headerBytes) return 'cut'
  const size = bytes.readInt32BE(position + lengthOffset) + logOverheadBytes
  if (size < headerBytes) return 'damaged'
  if (position + size > bytes.length) return 'cut'
  const batch = bytes.subarray(position, position + size)
  if (batch[16] !== 2 || crc32c(batch.subarray(contentOffset)) !== batch.readUInt32BE(crcOffset)) return 'damaged'
  const baseOffset = Number(batch.readBigInt64BE(0))
  return { baseOffset, endOffset: baseOffset + batch.readInt32BE(23) + 1, leaderEpoch: batch.readInt32BE(12), bytes: batch }
}
