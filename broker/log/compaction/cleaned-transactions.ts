/**
 * What compaction knows of transactions as it walks the batches of a log in order: which batches were aborted, and which markers have
 * outlived their transaction.
 * Owns: the transactions open at the place walked to. Never: reads the log, or decides when a marker goes (its delete horizon does).
 * Invariant: a marker may go only when none of its transaction's batches was met, and those were all met that are left.
 */
import type { RecordBatch } from '../../../client/records/batch.ts'
import { readEndMarker } from '../../../client/records/control.ts'
import type { AbortedEntry } from '../transaction-index.ts'
import { CompactionFault } from './compaction-fault.ts'

interface OpenAborted {
  readonly entry: AbortedEntry
  hasBatches: boolean
}

export class CleanedTransactions {
  /** Those not reached yet, the next one last. */
  readonly #upcoming: AbortedEntry[]
  readonly #aborted = new Map<number, OpenAborted>()
  readonly #committed = new Set<number>()

  /** All aborted transactions that any of the batches to come may belong to. */
  constructor(aborted: readonly AbortedEntry[]) {
    this.#upcoming = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset)
  }

  /** A batch of data: whether it was aborted. */
  metData(batch: RecordBatch): boolean {
    this.#reach(batch.lastOffset)
    if (!batch.isTransactional) return false
    const { producerId } = batch
    const open = this.#aborted.get(producerId)
    if (open) open.hasBatches = true
    else this.#committed.add(producerId)
    return open !== undefined
  }

  /** A control batch, its body there: the aborted transaction that it must stay for, or whether nothing needs it any more. */
  metControl(batch: RecordBatch): AbortedEntry | boolean {
    this.#reach(batch.lastOffset)
    const { producerId } = batch
    const marker = readEndMarker(batch)
    // One that is empty was cleaned before; one of another kind is none of ours.
    if (!marker) return batch.recordCount === 0
    if (marker.committed) return !this.#committed.delete(producerId)
    const open = this.#aborted.get(producerId)
    this.#aborted.delete(producerId)
    if (this.#committed.delete(producerId) && !open) {
      // Compacting on would take records that were aborted for the newest of their keys.
      throw new CompactionFault(`The transaction index does not know of the transaction that was aborted at offset ${batch.baseOffset}`)
    }
    return open?.hasBatches ? open.entry : true
  }

  #reach(offset: number): void {
    for (let next = this.#upcoming.at(-1); next && next.firstOffset <= offset; next = this.#upcoming.at(-1)) {
      this.#upcoming.pop()
      if (!this.#aborted.has(next.producerId)) this.#aborted.set(next.producerId, { entry: next, hasBatches: false })
    }
  }
}
