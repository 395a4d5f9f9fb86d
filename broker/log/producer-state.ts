/**
 * The producers of one log, by id: what sequence checks, duplicates and transactions are judged by.
 * Owns: the entries, and the transactions that are open or not yet known to be decided. Never: touches the disk, judges, awaits.
 * Everything in it follows from the batches of the log in order; snapshots (producer-snapshot.ts) only shorten the way.
 * Invariant: no batch at or above `firstUndecided` may be read by those who read committed data only.
 */
import type { RecordBatch } from '../../client/records/batch.ts'
import { type EndMarker, readEndMarker } from '../../client/records/control.ts'
import type { Offset } from './offset.ts'
import { ProducerEntry } from './producer-entry.ts'
import type { AbortedEntry } from './transaction-index.ts'

/** A transaction whose marker is in the log, but perhaps not yet committed to all replicas. */
interface EndedTransaction {
  readonly firstOffset: Offset
  readonly markerOffset: Offset
}

/** As DescribeProducers tells it. */
export interface ActiveProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestamp: number
  readonly coordinatorEpoch: number
  /** -1: no transaction is open. */
  readonly currentTransactionStartOffset: Offset
}

/** The first batch of a transaction, not appended yet: its coordinator is asked. */
interface FirstBatch {
  readonly epoch: number
  /** The lowest that it may begin with, and those that wait behind it may not. */
  readonly sequence: number
  readonly since: number
}

export class ProducerState {
  readonly #entries = new Map<number, ProducerEntry>()
  #ended: EndedTransaction[] = []
  /** Producers with a transaction open. */
  readonly #open = new Map<number, Offset>()
  #firstOpen: Offset | undefined
  /** By producer id. Only in memory: who asked before a start asks again. */
  readonly #first = new Map<number, FirstBatch>()

  get size(): number {
    return this.#entries.size
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#entries.get(producerId)
  }

  entries(): IterableIterator<ProducerEntry> {
    return this.#entries.values()
  }

  /** From a snapshot. */
  restore(entry: ProducerEntry): void {
    this.#entries.set(entry.producerId, entry)
    if (entry.transactionStart >= 0) this.#opened(entry.producerId, entry.transactionStart)
  }

  /** Takes in a batch that is now in the log. What it says of an ended transaction, where it is a marker of an aborted one. */
  update(batch: RecordBatch): AbortedEntry | undefined {
    const producerId = batch.producerId
    if (producerId < 0) return undefined
    if (batch.isControl) {
      const marker = readEndMarker(batch)
      return marker && this.#end(producerId, batch, marker)
    }
    let entry = this.#entries.get(producerId)
    if (!entry) this.#entries.set(producerId, (entry = new ProducerEntry(producerId)))
    entry.moveToEpoch(batch.producerEpoch)
    const firstOffset = batch.baseOffset
    entry.addBatch(batch.baseSequence, batch.lastSequence, firstOffset, batch.lastOffset, batch.maxTimestamp)
    if (entry.transactionStart < 0 && batch.isTransactional) {
      entry.transactionStart = firstOffset
      this.#opened(producerId, firstOffset)
    }
    return undefined
  }

  #end(producerId: number, batch: RecordBatch, marker: EndMarker): AbortedEntry | undefined {
    let entry = this.#entries.get(producerId)
    if (!entry) this.#entries.set(producerId, (entry = new ProducerEntry(producerId)))
    entry.moveToEpoch(batch.producerEpoch)
    entry.countMarker()
    this.#first.delete(producerId)
    entry.coordinatorEpoch = marker.coordinatorEpoch
    entry.lastTimestamp = batch.maxTimestamp
    const firstOffset = entry.transactionStart
    if (firstOffset < 0) return undefined
    entry.transactionStart = -1
    this.#closed(producerId)
    const markerOffset = batch.baseOffset
    this.#ended.push({ firstOffset, markerOffset })
    if (marker.committed) return undefined
    const lastStableOffset = this.#firstOpen ?? markerOffset + 1
    return { producerId, firstOffset, lastOffset: markerOffset, lastStableOffset }
  }

  #opened(producerId: number, firstOffset: Offset): void {
    this.#first.delete(producerId)
    this.#open.set(producerId, firstOffset)
    if (this.#firstOpen === undefined || firstOffset < this.#firstOpen) this.#firstOpen = firstOffset
  }

  #closed(producerId: number): void {
    this.#open.delete(producerId)
    this.#firstOpen = undefined
    for (const offset of this.#open.values()) if (this.#firstOpen === undefined || offset < this.#firstOpen) this.#firstOpen = offset
  }

  /** Markers below the high watermark are committed: their transactions are decided. */
  committed(highWatermark: Offset): void {
    if (this.#ended.length > 0) this.#ended = this.#ended.filter(({ markerOffset }) => markerOffset >= highWatermark)
  }

  /** The first offset of a transaction that may still go either way. */
  get firstUndecided(): Offset | undefined {
    let first = this.#firstOpen
    for (const { firstOffset } of this.#ended) if (first === undefined || firstOffset < first) first = firstOffset
    return first
  }

  /** Is a transaction of this very epoch of the producer open? */
  hasTransaction(producerId: number, producerEpoch: number): boolean {
    const entry = this.#entries.get(producerId)
    return entry !== undefined && entry.transactionStart >= 0 && entry.epoch === producerEpoch
  }

  /** A first batch waits for its coordinator: until it is appended, or a marker comes, none that follows it may go before it. */
  awaitFirst(producerId: number, { epoch, sequence, since }: FirstBatch): void {
    const waiting = this.#first.get(producerId)
    if (waiting?.epoch === epoch && waiting.sequence <= sequence) return
    this.#first.set(producerId, { epoch, sequence, since })
  }

  /** The batch is the first one, or that is not known. */
  mayBeFirst(producerId: number, epoch: number, sequence: number): boolean {
    const waiting = this.#first.get(producerId)
    return waiting?.epoch !== epoch || sequence <= waiting.sequence
  }

  /** Changes whenever one of the producer's transactions ends. */
  markersOf(producerId: number): number {
    return this.#entries.get(producerId)?.markers ?? 0
  }

  describe(): ActiveProducer[] {
    return [...this.#entries.values()].map((entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.epoch,
      lastSequence: entry.lastSequence,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTransactionStartOffset: entry.transactionStart,
    }))
  }

  /** Forgets producers unheard of since `before`, except where a transaction is open. */
  expire(before: number): void {
    for (const [producerId, entry] of this.#entries) {
      if (entry.transactionStart < 0 && entry.lastTimestamp < before) this.#entries.delete(producerId)
    }
    for (const [producerId, { since }] of this.#first) if (since < before) this.#first.delete(producerId)
  }

  clear(): void {
    this.#entries.clear()
    this.#open.clear()
    this.#first.clear()
    this.#ended = []
    this.#firstOpen = undefined
  }
}
