/**
 * Transactions in the metadata log (KIP-868): what Kafka's controller could not write in one batch counts whole or not at all.
 * Owns: the records of a transaction that is open while the log is read. Stele writes each change in one batch, and none of these.
 */
import type { MetadataRecord } from './records.ts'

export class Transactions {
  #open: MetadataRecord[] | undefined

  /** The log, read up to here, ends within a transaction: whoever appends must abort it first. */
  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** Of these records, the ones that count by now. */
  settled(records: readonly MetadataRecord[]): MetadataRecord[] {
    const counting: MetadataRecord[] = []
    for (const record of records) {
      if (record.name === 'BeginTransactionRecord') this.#open = []
      else if (record.name === 'EndTransactionRecord' || record.name === 'AbortTransactionRecord') {
        if (record.name === 'EndTransactionRecord') for (const held of this.#open ?? []) counting.push(held)
        this.#open = undefined
      } else (this.#open ?? counting).push(record)
    }
    return counting
  }
}
