/**
 * What compaction keeps of one batch: Kafka's rules (KIP-58 compaction, KIP-98 transactions, KIP-534 delete horizons).
 * A record stays if no later one has its key, as far as the offset map speaks; of tombstones and markers that only mark an end, each is
 * kept until its delete horizon, which the first pass over it writes into the batch. Records of aborted transactions go.
 * A batch whose records all went stays as an empty one where it is the last of an active producer (its sequence lives on in it) or
 * ends the round (so that the log's offsets do). Offsets, timestamps, headers, producer fields and codec never change.
 * Owns: the place in the transactions that it walks. Never: reads or writes files, or asks for the time.
 */
import { attribute, batchField, batchHeaderBytes, logOverheadBytes, noTimestamp, RecordBatch } from '../../../client/records/batch.ts'
import { buildBatch } from '../../../client/records/builder.ts'
import { codecNames, compress } from '../../../client/records/compression/codec.ts'
import { writeInt64 } from '../../../client/records/int64.ts'
import { recordsOf } from '../../../client/records/record.ts'
import { type RecordScanner, scanRecords } from '../../../client/records/record-scanner.ts'
import type { Offset } from '../offset.ts'
import type { AbortedEntry } from '../transaction-index.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'
import type { OffsetMap } from './offset-map.ts'

/** The last that a log knows of a producer: its newest batch of data, or where it is not known, its epoch, which a marker carries. */
export interface LastOfProducer {
  readonly producerId: number
  /** -1: only markers are known of it. */
  readonly lastOffset: Offset
  readonly epoch: number
}

export interface FilterOptions {
  readonly map: OffsetMap
  readonly transactions: CleanedTransactions
  readonly producers: readonly LastOfProducer[]
  /** The batch that ends here stays, if empty: what follows is not compacted in this round. */
  readonly roundEnd: Offset
  /** Since the Unix epoch. */
  readonly now: number
  readonly deleteRetentionMillis: number
}

export interface FilterCounts {
  recordsRead: number
  recordsKept: number
  /** Records without a key, which have no place in a compacted log. */
  keyless: number
}

export class BatchFilter {
  readonly counts: FilterCounts = { recordsRead: 0, recordsKept: 0, keyless: 0 }
  /** Aborted transactions of which batches or markers stay, in the order of their markers. */
  aborted: AbortedEntry[] = []
  readonly #options: FilterOptions
  readonly #producers: ReadonlyMap<number, LastOfProducer>
  // Of the batch at hand: the stretches of bytes that stay, as starts and ends by turns.
  #stretches: number[] = []
  #kept = 0
  #maxTimestamp = noTimestamp
  #hasTombstone = false

  constructor(options: FilterOptions) {
    this.#options = options
    this.#producers = new Map(options.producers.map((producer) => [producer.producerId, producer]))
  }

  /** What is to be written in the place of this batch: itself, another, or nothing. Throws a RecordsError where it is damaged. */
  filter(batch: RecordBatch): RecordBatch | undefined {
    batch.ensureValid()
    return batch.isControl ? this.#filterControl(batch) : this.#filterData(batch)
  }

  #filterControl(batch: RecordBatch): RecordBatch | undefined {
    const { now, deleteRetentionMillis, transactions } = this.#options
    const { recordCount, deleteHorizon } = batch
    this.counts.recordsRead += recordCount
    const needed = transactions.metControl(batch)
    if (typeof needed === 'object') this.aborted.push(needed)
    const mayGo = needed === true
    if (mayGo && (recordCount === 0 || (deleteHorizon !== undefined && deleteHorizon <= now))) {
      return this.#mustStay(batch) ? emptied(batch) : undefined
    }
    this.counts.recordsKept += recordCount
    return mayGo && deleteHorizon === undefined ? withHorizon(batch, now + deleteRetentionMillis) : batch
  }

  #filterData(batch: RecordBatch): RecordBatch | undefined {
    const { now, deleteRetentionMillis, transactions } = this.#options
    const { recordCount } = batch
    this.counts.recordsRead += recordCount
    if (transactions.metData(batch)) return this.#mustStay(batch) ? emptied(batch) : undefined
    const scanner = scanRecords(batch)
    this.#choose(batch, scanner)
    const kept = this.#kept
    this.counts.recordsKept += kept
    if (kept === 0) return this.#mustStay(batch) ? emptied(batch) : undefined
    const horizon = this.#hasTombstone && !batch.hasDeleteHorizon ? now + deleteRetentionMillis : undefined
    if (kept < recordCount) {
      const shortened = this.#shortened(batch, scanner.buffer)
      return horizon === undefined ? shortened : withHorizon(shortened, horizon)
    }
    return horizon === undefined ? batch : withHorizon(batch, horizon)
  }

  #choose(batch: RecordBatch, scanner: RecordScanner): void {
    const { map, now } = this.#options
    const { latestOffset } = map
    const { baseOffset, baseTimestamp, deleteHorizon } = batch
    const tombstonesStay = deleteHorizon === undefined || now < deleteHorizon
    const stretches: number[] = []
    let kept = 0
    let maxTimestamp = noTimestamp
    let end = -1
    this.#hasTombstone = false
    const { buffer } = scanner
    while (scanner.next()) {
      const offset = baseOffset + scanner.offsetDelta
      const isTombstone = scanner.valueBytes < 0
      if (offset <= latestOffset) {
        if (scanner.keyBytes < 0) {
          this.counts.keyless++
          continue
        }
        if (isTombstone && !tombstonesStay) continue
        if (offset < map.get(buffer, scanner.keyStart, scanner.keyBytes)) continue
      }
      if (isTombstone) this.#hasTombstone = true
      kept++
      const timestamp = baseTimestamp + scanner.timestampDelta
      if (timestamp > maxTimestamp) maxTimestamp = timestamp
      if (scanner.start === end) stretches[stretches.length - 1] = end = scanner.end
      else stretches.push(scanner.start, (end = scanner.end))
    }
    this.#stretches = stretches
    this.#kept = kept
    this.#maxTimestamp = maxTimestamp
  }

  #mustStay(batch: RecordBatch): boolean {
    if (batch.nextOffset === this.#options.roundEnd) return true
    const producer = batch.hasProducerId ? this.#producers.get(batch.producerId) : undefined
    if (!producer) return false
    return producer.lastOffset >= 0 ? batch.lastOffset === producer.lastOffset : batch.isControl && batch.producerEpoch === producer.epoch
  }

  /** The batch with the chosen records alone, byte for byte as they were. */
  #shortened(batch: RecordBatch, records: Buffer): RecordBatch {
    const payload = Buffer.allocUnsafe(this.#stretchBytes())
    const stretches = this.#stretches
    let at = 0
    for (let i = 0; i < stretches.length; i += 2) at += records.copy(payload, at, stretches[i], stretches[i + 1])
    const maxTimestamp = batch.isLogAppendTime ? batch.maxTimestamp : this.#maxTimestamp
    return rewritten(batch, compress(batch.codec, payload), this.#kept, maxTimestamp)
  }

  #stretchBytes(): number {
    const stretches = this.#stretches
    let bytes = 0
    for (let i = 0; i < stretches.length; i += 2) bytes += (stretches[i + 1] as number) - (stretches[i] as number)
    return bytes
  }
}

/** The batch's header before other records. Its base timestamp stays, as all of them count from it. */
function rewritten(batch: RecordBatch, payload: Buffer, recordCount: number, maxTimestamp: number): RecordBatch {
  const bytes = Buffer.allocUnsafe(batchHeaderBytes + payload.length)
  batch.buffer.copy(bytes, 0, batch.position, batch.position + batchHeaderBytes)
  payload.copy(bytes, batchHeaderBytes)
  bytes.writeInt32BE(bytes.length - logOverheadBytes, batchField.batchLength)
  bytes.writeInt32BE(recordCount, batchField.recordCount)
  const made = new RecordBatch(bytes)
  // Unless it changed: it may be one that a number rounds.
  if (maxTimestamp !== batch.maxTimestamp) writeInt64(bytes, batchField.maxTimestamp, maxTimestamp)
  made.seal()
  return made
}

function emptied(batch: RecordBatch): RecordBatch {
  if (batch.recordCount === 0) return batch
  const made = rewritten(batch, Buffer.alloc(0), 0, batch.maxTimestamp)
  const { buffer } = made
  buffer.writeInt16BE(batch.attributes & ~(attribute.codecMask | attribute.deleteHorizon), batchField.attributes)
  writeInt64(buffer, batchField.baseTimestamp, noTimestamp)
  made.seal()
  return made
}

/** The same batch with its delete horizon: it stands where the base timestamp stood, so every record is written anew. */
function withHorizon(batch: RecordBatch, deleteHorizon: number): RecordBatch {
  const { baseOffset, lastOffset, partitionLeaderEpoch, producerId, producerEpoch, baseSequence, isTransactional, isControl } = batch
  return new RecordBatch(
    buildBatch({
      records: [...recordsOf(batch)],
      codec: codecNames[batch.codec],
      baseOffset,
      lastOffset,
      partitionLeaderEpoch,
      producerId,
      producerEpoch,
      baseSequence,
      isTransactional,
      isControl,
      logAppendTime: batch.isLogAppendTime ? batch.maxTimestamp : undefined,
      deleteHorizon,
    }),
  )
}
