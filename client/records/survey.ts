/**
 * The first look at bytes that are to be appended, whoever sent them: where the batches are, whole and with the right checksum.
 * Looks at headers alone, never at records. Both a leader and a follower begin with it.
 */
import { batchBytesAt, magicAt, noLeaderEpoch, noTimestamp, RecordBatch } from './batch.ts'
import { isCodec } from './compression/codec.ts'
import { LegacyMessage } from './legacy.ts'
import { RecordsError } from './records-error.ts'

export interface SurveyRules {
  /** A producer leaves the base offset at zero; a follower's leader has set it. */
  readonly fromClient: boolean
  /** Of one batch, header included; left out where the bytes were accepted before (a follower's). */
  readonly batchBytesMax?: number
}

export interface Survey {
  /** Those of whole batches; a batch cut at the end does not count. */
  bytes: number
  batches: number
  /** The magic of the first batch, -1 without any. */
  magic: number
  /** -1 without a batch, and where the first is an old message set, which would have to be decompressed. */
  firstOffset: number
  lastOffset: number
  /** Does every batch end behind the one before? */
  offsetsRise: boolean
  maxTimestamp: number
  offsetOfMaxTimestamp: number
  lastLeaderEpoch: number
  /** Of the last batch that is compressed, 0 if none is. */
  codec: number
}

/** Throws a RecordsError: corrupt, invalid, tooLarge or codec. */
export function survey(bytes: Buffer, { fromClient, batchBytesMax = Infinity }: SurveyRules): Survey {
  const found: Survey = {
    bytes: 0,
    batches: 0,
    magic: -1,
    firstOffset: -1,
    lastOffset: -1,
    offsetsRise: true,
    maxTimestamp: noTimestamp,
    offsetOfMaxTimestamp: -1,
    lastLeaderEpoch: noLeaderEpoch,
    codec: 0,
  }
  const batch = new RecordBatch(bytes)
  for (let size = batchBytesAt(bytes, 0); size > 0; size = batchBytesAt(bytes, found.bytes)) {
    const magic = magicAt(bytes, found.bytes)
    if (found.batches === 0) found.magic = magic
    if (magic === 2 && fromClient && batch.moveTo(bytes, found.bytes).baseOffset !== 0) {
      throw new RecordsError('invalid', `A producer's batch with base offset ${batch.baseOffset}, not 0`)
    }
    if (size > batchBytesMax) throw new RecordsError('tooLarge', `A batch of ${size} bytes where ${batchBytesMax} are the most`)
    if (magic === 2) noteBatch(batch.moveTo(bytes, found.bytes), found)
    else noteMessage(new LegacyMessage(bytes, found.bytes), found)
    found.batches++
    found.bytes += size
  }
  return found
}

function noteBatch(batch: RecordBatch, found: Survey): void {
  batch.ensureValid()
  const { baseOffset, codec } = batch
  if (found.batches === 0) found.firstOffset = baseOffset
  found.lastLeaderEpoch = batch.partitionLeaderEpoch
  note(found, baseOffset + batch.lastOffsetDelta, batch.maxTimestamp, codec)
}

function noteMessage(message: LegacyMessage, found: Survey): void {
  message.ensureValid()
  found.lastLeaderEpoch = noLeaderEpoch
  note(found, message.offset, message.timestamp, message.codec)
}

function note(found: Survey, lastOffset: number, maxTimestamp: number, codec: number): void {
  if (!isCodec(codec)) throw new RecordsError('codec', `Nobody knows compression codec ${codec}`)
  if (found.lastOffset >= lastOffset) found.offsetsRise = false
  found.lastOffset = lastOffset
  if (maxTimestamp > found.maxTimestamp) {
    found.maxTimestamp = maxTimestamp
    found.offsetOfMaxTimestamp = lastOffset
  }
  if (codec !== 0) found.codec = codec
}
