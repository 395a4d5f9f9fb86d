/**
 * What a log knows of one producer: its epoch, its last few batches, and the transaction it has open.
 * Never: judges (append-check does), touches the disk.
 */
import type { Offset } from './offset.ts'

/** As many as an idempotent producer may have in flight. */
const batchesKept = 5
const none = -1

export class ProducerEntry {
  readonly producerId: number
  epoch: number = none
  coordinatorEpoch: number = none
  /** Of its newest batch: what its expiry goes by. */
  lastTimestamp: number = none
  /** -1: no transaction is open. */
  transactionStart: Offset = none
  #markers = 0
  /** Of the newest batches, the newest first: first and last sequence, first and last offset, timestamp. */
  readonly batches: ProducerBatch[] = []

  constructor(producerId: number) {
    this.producerId = producerId
  }

  /** Markers seen while this broker runs: who looked before one came must look again. */
  get markers(): number {
    return this.#markers
  }

  countMarker(): void {
    this.#markers++
  }

  get lastSequence(): number {
    return this.batches[0]?.lastSequence ?? none
  }

  get lastOffset(): Offset {
    return this.batches[0]?.lastOffset ?? none
  }

  /** The batch with just these sequences, if it is among the newest of this epoch. */
  duplicateOf(epoch: number, firstSequence: number, lastSequence: number): ProducerBatch | undefined {
    if (epoch !== this.epoch) return undefined
    return this.batches.find((batch) => batch.firstSequence === firstSequence && batch.lastSequence === lastSequence)
  }

  /** A later epoch forgets what an earlier one sent. */
  moveToEpoch(epoch: number): void {
    if (this.epoch === epoch) return
    this.epoch = epoch
    this.batches.length = 0
  }

  addBatch(firstSequence: number, lastSequence: number, firstOffset: Offset, lastOffset: Offset, timestamp: number): void {
    const batch = this.batches.length === batchesKept ? (this.batches.pop() as ProducerBatch) : new ProducerBatch()
    batch.firstSequence = firstSequence
    batch.lastSequence = lastSequence
    batch.firstOffset = firstOffset
    batch.lastOffset = lastOffset
    batch.timestamp = timestamp
    this.batches.unshift(batch)
    this.lastTimestamp = timestamp
  }
}

class ProducerBatch {
  firstSequence: number = none
  lastSequence: number = none
  firstOffset: Offset = none
  lastOffset: Offset = none
  timestamp: number = none
}

export type { ProducerBatch }
