/**
 * Whether a batch may be appended, as far as its producer's history and the segment's bounds decide. What its own bytes decide is
 * client/records/validate.ts.
 * Pure: it looks, and changes nothing.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { RecordBatch } from '../../client/records/batch.ts'
import { readEndMarker } from '../../client/records/control.ts'
import { RecordsError } from '../../client/records/records-error.ts'
import { survey } from '../../client/records/survey.ts'
import type { LeaderRules, Refusal } from '../../client/records/validate.ts'
import type { LogConfig } from './log-config.ts'
import type { Offset } from './offset.ts'
import type { ProducerBatch, ProducerEntry } from './producer-entry.ts'

/** Kafka's error code, and a sentence. */
export type Refused = Refusal

export type AppendOrigin = 'client' | 'leader' | 'coordinator'

export interface AppendOptions {
  /** Stamped into batches from a client; those from a leader carry their own. */
  readonly leaderEpoch: number
  readonly now: number
  /** The buffer is the log's for good, and is kept by reference; else its bytes are copied before append returns. */
  readonly retain: boolean
  /**
   * client: one batch, offsets are assigned, all is checked. coordinator: the same from inside this broker, control batches allowed,
   * no sequences. leader: any number of batches; offsets and epochs stand as they are.
   */
  readonly origin: AppendOrigin
  /** Of a marker: which version of transactions (KIP-890) it ends one of. */
  readonly transactionVersion?: number
}

export interface Appended {
  readonly firstOffset: Offset
  readonly lastOffset: Offset
  /** -1 unless the topic's timestamps are LogAppendTime. */
  readonly logAppendTime: number
  readonly logStartOffset: Offset
  /** It was there already, from an earlier attempt of its producer. */
  readonly duplicate: boolean
}

const int32Max = 0x7fff_ffff

export function refused(error: number, message: string): Refused {
  return { error, message }
}

/** What validate.ts asks of a topic: one object a log, changed in place for each append. */
export class AppendRules implements LeaderRules {
  baseOffset: Offset = 0
  leaderEpoch = -1
  now = 0
  origin: 'client' | 'coordinator' = 'client'
  readonly isCompacted: boolean
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  readonly compression: LeaderRules['compression']
  readonly compressionLevel: number | undefined
  readonly #clientBatchBytesMax: number

  constructor(config: LogConfig) {
    this.isCompacted = config.compact
    this.timestampType = config.messageTimestampType
    this.timestampBeforeMaxMs = config.messageTimestampBeforeMaxMillis
    this.timestampAfterMaxMs = config.messageTimestampAfterMaxMillis
    this.compression = config.compressionType === 'uncompressed' ? 'none' : config.compressionType
    this.compressionLevel = levelOf(config)
    this.#clientBatchBytesMax = config.maxMessageBytes
  }

  /** A coordinator's step is one batch, however large its group is: only segments bound it. */
  get batchBytesMax(): number {
    return this.origin === 'client' ? this.#clientBatchBytesMax : Infinity
  }
}

function levelOf(config: LogConfig): number | undefined {
  switch (config.compressionType) {
    case 'gzip':
      return config.compressionGzipLevel
    case 'lz4':
      return config.compressionLz4Level
    case 'zstd':
      return config.compressionZstdLevel
    default:
      return undefined
  }
}

export function checkSegmentBound(bytes: number, segmentBytes: number): Refused | undefined {
  if (bytes <= segmentBytes) return undefined
  return refused(ErrorCode.RECORD_LIST_TOO_LARGE, `A batch of ${bytes} bytes where a segment has ${segmentBytes}`)
}

/** The same batch, if it is one of the newest that this producer wrote. */
export function findDuplicate(batch: RecordBatch, entry: ProducerEntry): ProducerBatch | undefined {
  if (batch.isControl) return undefined
  const { baseSequence } = batch
  return baseSequence < 0 ? undefined : entry.duplicateOf(batch.producerEpoch, baseSequence, batch.lastSequence)
}

/** Epoch, sequence and transaction, against what this log knows of the producer. */
export function checkProducer(
  batch: RecordBatch,
  entry: ProducerEntry,
  { origin, transactionVersion }: { origin: AppendOrigin; transactionVersion: number },
): Refused | undefined {
  const { producerEpoch } = batch
  // With version 2 a marker's epoch is beyond its transaction's: one that is not is late, and the open transaction is the next one.
  const isLate = batch.isControl && transactionVersion >= 2 && entry.transactionStart >= 0 && producerEpoch === entry.epoch
  if (producerEpoch < entry.epoch || isLate) {
    return refused(ErrorCode.INVALID_PRODUCER_EPOCH, `Epoch ${producerEpoch} of producer ${entry.producerId}, which is at ${entry.epoch}`)
  }
  if (batch.isControl) return checkMarker(batch, entry)
  if (origin === 'client') {
    const wrong = checkSequence(batch, entry)
    if (wrong) return wrong
  }
  if (entry.transactionStart >= 0 && !batch.isTransactional) {
    return refused(ErrorCode.INVALID_TXN_STATE, `Producer ${entry.producerId} has a transaction open, and wrote outside of it`)
  }
  return undefined
}

function checkMarker(batch: RecordBatch, entry: ProducerEntry): Refused | undefined {
  const marker = readEndMarker(batch)
  if (!marker || marker.coordinatorEpoch >= entry.coordinatorEpoch) return undefined
  const { coordinatorEpoch } = marker
  return refused(ErrorCode.TRANSACTION_COORDINATOR_FENCED, `Coordinator epoch ${coordinatorEpoch}, after ${entry.coordinatorEpoch}`)
}

/** A producer that is unknown here (its records may have been deleted) may begin anywhere; one in a new epoch begins at 0. */
function checkSequence(batch: RecordBatch, entry: ProducerEntry): Refused | undefined {
  const { baseSequence, producerEpoch } = batch
  if (entry.epoch < 0) return undefined
  const { lastSequence } = entry
  const isNext =
    producerEpoch === entry.epoch
      ? baseSequence === lastSequence + 1 || (baseSequence === 0 && lastSequence === int32Max)
      : baseSequence === 0
  if (isNext) return undefined
  const after = producerEpoch === entry.epoch ? `after ${lastSequence}` : `first in epoch ${producerEpoch}`
  return refused(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, `Sequence ${baseSequence} of producer ${entry.producerId}, ${after}`)
}

/** That bytes from a leader are whole batches, and go on where the log ends. */
export function checkFromLeader(records: Buffer, endOffset: Offset): Refused | undefined {
  try {
    const { bytes, magic, batches, firstOffset, offsetsRise } = survey(records, { fromClient: false })
    if (batches === 0) return undefined
    if (bytes !== records.length || magic !== 2) return refused(ErrorCode.CORRUPT_MESSAGE, 'Bytes from the leader that are no batch')
    if (offsetsRise && firstOffset >= endOffset) return undefined
    return refused(ErrorCode.OFFSET_OUT_OF_RANGE, `Batches from offset ${firstOffset} on, where the log is at ${endOffset}`)
  } catch (error) {
    if (error instanceof RecordsError) return refused(error.code, error.message)
    throw error
  }
}
