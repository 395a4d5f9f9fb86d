/**
 * A snapshot of the metadata log, in Kafka's format: `<end offset, 20 digits>-<epoch, 10 digits>.checkpoint`, which holds a control batch
 * SNAPSHOT_HEADER, the records in batches whose offsets count from 0, and a control batch SNAPSHOT_FOOTER. Its records stand for all
 * entries before the end offset. Pure: names and bytes. A file without its footer was not finished, and is no snapshot.
 */
import { encode } from '../../../client/protocol/compile.ts'
import { SnapshotFooterRecord } from '../../../client/protocol/messages/records/snapshot-footer-record.ts'
import { SnapshotHeaderRecord } from '../../../client/protocol/messages/records/snapshot-header-record.ts'
import { buildBatch } from '../../../client/records/builder.ts'
import { controlTypeNames } from '../../../client/records/control.ts'
import type { MetadataRecord } from '../records.ts'
import { readBatches, writeBatch } from './batches.ts'

export interface SnapshotId {
  readonly end: number
  /** Of the last entry before the end. */
  readonly epoch: number
}

const namePattern = /^(\d{20})-(\d{10})\.checkpoint$/

export function snapshotName({ end, epoch }: SnapshotId): string {
  return `${String(end).padStart(20, '0')}-${String(epoch).padStart(10, '0')}.checkpoint`
}

export function parseSnapshotName(name: string): SnapshotId | undefined {
  const match = namePattern.exec(name)
  return match ? { end: Number(match[1]), epoch: Number(match[2]) } : undefined
}

const recordsPerBatch = 1000

/** The file's bytes, in chunks. */
export function* snapshotBytes(records: Iterable<MetadataRecord>, { epoch, now }: { epoch: number; now: number }): Generator<Buffer> {
  let offset = 0
  const control = (type: (typeof controlTypeNames)[number], value: Buffer) => {
    const key = Buffer.alloc(4)
    key.writeInt16BE(controlTypeNames.indexOf(type), 2)
    return buildBatch({ baseOffset: offset++, partitionLeaderEpoch: epoch, isControl: true, records: [{ timestamp: now, key, value }] })
  }
  yield control('SNAPSHOT_HEADER', Buffer.concat(encode(SnapshotHeaderRecord, 0, { version: 0, lastContainedLogTimestamp: now })))
  let batch: MetadataRecord[] = []
  for (const record of records) {
    batch.push(record)
    if (batch.length < recordsPerBatch) continue
    yield writeBatch(batch, { baseOffset: offset, epoch, now })
    offset += batch.length
    batch = []
  }
  if (batch.length > 0) yield writeBatch(batch, { baseOffset: offset, epoch, now })
  offset += batch.length
  yield control('SNAPSHOT_FOOTER', Buffer.concat(encode(SnapshotFooterRecord, 0, { version: 0 })))
}

/** The records in it; nothing where the file is not whole. Throws RecordsError or DecodeError where its bytes are damaged. */
export function readSnapshot(bytes: Buffer): MetadataRecord[] | undefined {
  const records: MetadataRecord[] = []
  let isFirst = true
  let isFinished = false
  for (const batch of readBatches(bytes)) {
    isFinished = batch.isControl && !isFirst
    isFirst = false
    for (const record of batch.records) records.push(record)
  }
  return isFinished ? records : undefined
}
