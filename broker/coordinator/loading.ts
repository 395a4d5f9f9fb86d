/**
 * Reads an internal topic's partition from its start, for the state machine whose state it is.
 * Owns: nothing that lasts. Never: applies, or knows what records mean.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { batchBytesAt, RecordBatch } from '../../client/records/batch.ts'
import { readEndMarker } from '../../client/records/control.ts'
import { recordsOf } from '../../client/records/record.ts'
import { RecordsError } from '../../client/records/records-error.ts'
import type { Offset } from '../log/offset.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { CoordinatorError } from './coordinator-error.ts'
import type { Placement, Producer } from './state-machine.ts'

interface LoadedRecord extends Placement {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

interface LoadedMarker extends Producer {
  readonly committed: boolean
}

/** At a time; a larger batch is read whole. */
const readBytes = 1024 * 1024

/** Records and ends of transactions below `end`, in order. Their buffers are good until the next one is asked for. Throws CoordinatorError. */
export async function* loadRecords(log: PartitionLog, end: Offset): AsyncGenerator<LoadedRecord | LoadedMarker> {
  for (let next = log.startOffset; next < end; ) {
    const slice = await log.read(next, { maxBytes: readBytes, upTo: end, atLeastOneBatch: true })
    if (slice.error) throw new CoordinatorError(slice.error)
    try {
      for (const chunk of slice.chunks) yield* entriesOf(chunk, next)
    } catch (error) {
      throw error instanceof RecordsError ? new CoordinatorError(ErrorCode.CORRUPT_MESSAGE, error.message) : error
    } finally {
      slice.release?.()
    }
    // Nothing is left below `end` where compaction took the last of it.
    if (slice.nextOffset <= next) return
    next = slice.nextOffset
  }
}

function* entriesOf(bytes: Buffer, from: Offset): Generator<LoadedRecord | LoadedMarker> {
  for (let position = 0, size = batchBytesAt(bytes, 0); size > 0; size = batchBytesAt(bytes, position)) {
    const batch = new RecordBatch(bytes, position)
    const { producerEpoch } = batch
    const producerId = batch.isTransactional ? batch.producerId : -1
    if (batch.isControl) {
      const marker = readEndMarker(batch)
      if (marker) yield { producerId, producerEpoch, committed: marker.committed }
    } else {
      for (const { offset, timestamp, key, value } of recordsOf(batch)) {
        if (offset >= from) yield { offset, timestamp, key, value, producerId, producerEpoch }
      }
    }
    position += size
  }
}
