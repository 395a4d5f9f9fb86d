/**
 * Metadata records in record batches, as they lie in the log and in snapshots.
 * Pure: bytes to records and back. Control batches (who led Kafka's quorum, where a snapshot begins and ends) hold no metadata.
 */
import { batchBytesAt, RecordBatch } from '../../../client/records/batch.ts'
import { buildBatch } from '../../../client/records/builder.ts'
import { recordsOf } from '../../../client/records/record.ts'
import { decodeRecord, encodeRecord, type MetadataRecord } from '../records.ts'

export interface MetadataBatch {
  readonly baseOffset: number
  readonly nextOffset: number
  readonly epoch: number
  readonly isControl: boolean
  /** Only those from the offset that was asked for; none of a control batch. */
  readonly records: MetadataRecord[]
}

/** Throws RecordsError or DecodeError for bytes that are no such batches. */
export function* readBatches(bytes: Buffer, from = 0): Generator<MetadataBatch> {
  const batch = new RecordBatch(bytes)
  let position = 0
  for (let size = batchBytesAt(bytes, position); size > 0; size = batchBytesAt(bytes, position)) {
    batch.moveTo(bytes, position).ensureValid()
    const { baseOffset, nextOffset, partitionLeaderEpoch: epoch, isControl } = batch
    const records: MetadataRecord[] = []
    if (!isControl) for (const { offset, value } of recordsOf(batch)) if (offset >= from && value) records.push(decodeRecord(value))
    yield { baseOffset, nextOffset, epoch, isControl, records }
    position += size
  }
}

export interface Stamp {
  readonly baseOffset: number
  readonly epoch: number
  readonly now: number
}

export function writeBatch(records: readonly MetadataRecord[], { baseOffset, epoch, now }: Stamp): Buffer {
  return buildBatch({
    baseOffset,
    partitionLeaderEpoch: epoch,
    records: records.map((record) => ({ timestamp: now, value: encodeRecord(record) })),
  })
}
