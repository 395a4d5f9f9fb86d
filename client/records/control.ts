/**
 * Control records: what brokers write between the records of producers. The key says which kind (version, type: int16 each);
 * of the markers that end a transaction the value is known here too (version int16, coordinator epoch int32).
 * A control batch holds one record, and consumers never see it.
 */
import type { RecordBatch } from './batch.ts'
import { buildBatch } from './builder.ts'
import { type RecordScanner, scanRecords } from './record-scanner.ts'
import { RecordsError } from './records-error.ts'

/** By their types in the key. */
export const controlTypeNames = [
  'ABORT',
  'COMMIT',
  'LEADER_CHANGE',
  'SNAPSHOT_HEADER',
  'SNAPSHOT_FOOTER',
  'KRAFT_VERSION',
  'KRAFT_VOTERS',
] as const

export const abortMarker = 0
export const commitMarker = 1

const keyBytes = 4
const markerValueBytes = 6

export interface EndMarker {
  readonly committed: boolean
  readonly coordinatorEpoch: number
}

export interface EndMarkerOptions extends EndMarker {
  readonly producerId: number
  readonly producerEpoch: number
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly baseOffset?: number
  readonly partitionLeaderEpoch?: number
}

/** A whole batch with the one marker that ends a transaction. */
export function buildEndMarker({ committed, coordinatorEpoch, timestamp, ...header }: EndMarkerOptions): Buffer {
  const key = Buffer.alloc(keyBytes)
  key.writeInt16BE(committed ? commitMarker : abortMarker, 2)
  const value = Buffer.alloc(markerValueBytes)
  value.writeInt32BE(coordinatorEpoch, 2)
  return buildBatch({ records: [{ timestamp, key, value }], isTransactional: true, isControl: true, ...header })
}

/**
 * The marker in a control batch. Undefined where the batch is of another kind or holds nothing (compaction empties batches).
 * Throws a RecordsError (invalid) where key or value are not what they should be.
 */
export function readEndMarker(batch: RecordBatch): EndMarker | undefined {
  const scanner = scanRecords(batch)
  if (!scanner.next()) return undefined
  const type = typeOf(scanner)
  if (type !== abortMarker && type !== commitMarker) return undefined
  const { buffer, valueStart, valueBytes } = scanner
  if (valueBytes < markerValueBytes) throw new RecordsError('invalid', `An end marker's value of ${valueBytes} bytes`)
  const version = buffer.readInt16BE(valueStart)
  if (version < 0) throw new RecordsError('invalid', `An end marker of version ${version}`)
  return { committed: type === commitMarker, coordinatorEpoch: buffer.readInt32BE(valueStart + 2) }
}

/** Of the one record in a control batch; undefined where it is empty. Versions beyond ours are read as ours, as Kafka does. */
export function controlTypeOf(batch: RecordBatch): number | undefined {
  const scanner = scanRecords(batch)
  return scanner.next() ? typeOf(scanner) : undefined
}

function typeOf({ buffer, keyStart, keyBytes: bytes }: RecordScanner): number {
  if (bytes < keyBytes) throw new RecordsError('invalid', `A control record's key of ${bytes} bytes`)
  const version = buffer.readInt16BE(keyStart)
  if (version < 0) throw new RecordsError('invalid', `A control record's key of version ${version}`)
  return buffer.readInt16BE(keyStart + 2)
}
