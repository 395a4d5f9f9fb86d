/**
 * Down-conversion: what is stored as record batches (magic 2), for consumers that ask with an old version of Fetch.
 * Keys, values, times, offsets and the codec stay; headers, control batches and the producer's fields have no place and go.
 * Up-conversion is the leader's work on what it is sent: validate.ts.
 */
import { ErrorCode } from '../protocol/errors.ts'
import { attribute, batchBytesAt, batchField, logOverheadBytes, magicAt, RecordBatch } from './batch.ts'
import { codecId, decompressedBytesMax } from './compression/codec.ts'
import { buildLegacySet } from './legacy-builder.ts'
import { legacyRecordsAt, recordsAtOnceMax } from './legacy.ts'
import { recordsOf, type StoredRecord } from './record.ts'
import { RecordsError } from './records-error.ts'

/**
 * The batches in `chunks` in a format no newer than `magic`, or the error code to answer instead: below Fetch version 10
 * nobody knows Zstandard. Records before `firstOffset` are left out where they are stored apart: old clients rely on that.
 */
export function convertForFetch(chunks: Buffer[], magic: 0 | 1 | 2, firstOffset = 0): Buffer[] | number {
  try {
    if (magic === 2) return hasZstd(chunks) ? ErrorCode.UNSUPPORTED_COMPRESSION_TYPE : chunks
    return downConvert(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks), magic, firstOffset)
  } catch (error) {
    if (error instanceof RecordsError) return error.code
    throw error
  }
}

/** Throws a RecordsError: codec (Zstandard), or what is wrong with a batch. A batch cut at the end is left out. */
export function downConvert(bytes: Buffer, magic: 0 | 1, firstOffset = 0, bytesMax = decompressedBytesMax): Buffer[] {
  const sets: Buffer[] = []
  let position = 0
  for (let size = batchBytesAt(bytes, position); size > 0; size = batchBytesAt(bytes, position)) {
    const stored = magicAt(bytes, position)
    if (stored <= magic) sets.push(bytes.subarray(position, position + size))
    else if (stored === 1) sets.push(convertMessage(bytes, position, bytesMax))
    else sets.push(convertBatch(new RecordBatch(bytes, position), magic, firstOffset, bytesMax))
    position += size
  }
  return sets.filter((set) => set.length > 0)
}

function convertBatch(batch: RecordBatch, magic: 0 | 1, firstOffset: number, bytesMax: number): Buffer {
  batch.ensureValid()
  const { codec, isControl, isLogAppendTime, maxTimestamp } = batch
  if (isControl) return Buffer.alloc(0)
  if (codec === codecId.zstd) throw new RecordsError('codec', 'A batch in Zstandard cannot be given to a client that does not know it')
  if (batch.recordCount > recordsAtOnceMax) throw new RecordsError('inflated', `More than ${recordsAtOnceMax} records to convert at once`)
  const records: StoredRecord[] = []
  for (const record of recordsOf(batch, bytesMax)) {
    if (codec !== 0 || record.offset >= firstOffset) records.push(record)
  }
  return buildLegacySet(records, { magic, codec, logAppendTime: isLogAppendTime ? maxTimestamp : undefined })
}

/** From magic 1 to 0. */
function convertMessage(bytes: Buffer, position: number, bytesMax: number): Buffer {
  const records = legacyRecordsAt(bytes, position, bytesMax)
  const codec = bytes.readUInt8(position + logOverheadBytes + 5) & attribute.codecMask
  return buildLegacySet(records, { magic: 0, codec })
}

/** Looks at headers alone, and follows batches over the edges of chunks. */
function hasZstd(chunks: Buffer[]): boolean {
  const neededBytes = batchField.attributes + 2
  let position = 0
  for (const chunk of chunks) {
    while (position < chunk.length) {
      if (chunk.length - position < neededBytes) {
        // A header over an edge: the last batch of all is cut, or, as never seen, one in between.
        return chunk === chunks.at(-1) ? false : hasZstd([Buffer.concat(chunks)])
      }
      if (magicAt(chunk, position) === 2 && (chunk.readInt16BE(position + batchField.attributes) & attribute.codecMask) === codecId.zstd)
        return true
      const length = chunk.readInt32BE(position + batchField.batchLength)
      if (length < 0) throw new RecordsError('corrupt', `A batch of ${length} bytes`)
      position += logOverheadBytes + length
    }
    position -= chunk.length
  }
  return false
}
