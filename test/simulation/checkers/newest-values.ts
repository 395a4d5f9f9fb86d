/**
 * Invariant 9: a compacted topic never loses the newest value of a key, brings back none that was deleted, and moves no record.
 * Owns: every record that was sent there, and at which offset it is known to be. All is sent with acks=all, to a topic that keeps it on disk.
 * A record that nobody confirmed may be there or not, and may come late: its offset is known when somebody sees it.
 */
import { Violation } from '../violation.ts'

export interface KeyedRecord {
  readonly number: number
  readonly key: string
  readonly isTombstone: boolean
  readonly partition: number
  readonly by: string
  /** -1: nobody was told. */
  offset: number
}

/** What a reader found of each key on its way through a partition: the last record, and where. */
export type KeysSeen = Map<string, { readonly record: KeyedRecord; readonly offset: number }>

export class NewestValues {
  readonly #records: KeyedRecord[] = []
  /** By partition, then offset: those confirmed. */
  readonly #at = new Map<number, Map<number, KeyedRecord>>()

  /** Records confirmed. */
  get confirmedCount(): number {
    let count = 0
    for (const records of this.#at.values()) count += records.size
    return count
  }

  send(partition: number, key: string, isTombstone: boolean, by: string): KeyedRecord {
    const record = { number: this.#records.length, key, isTombstone, partition, by, offset: -1 }
    this.#records.push(record)
    return record
  }

  confirmed(record: KeyedRecord, offset: number): void {
    const { partition, by } = record
    const there = this.#of(partition).get(offset)
    if (there && there !== record) throw new Violation(9, `offset ${offset} of ${partition} was given to ${by}, and before to ${there.by}`)
    record.offset = offset
    this.#of(partition).set(offset, record)
  }

  #of(partition: number): Map<number, KeyedRecord> {
    let records = this.#at.get(partition)
    if (!records) this.#at.set(partition, (records = new Map()))
    return records
  }

  /** A reader was given this. */
  read(
    found: { partition: number; offset: number; key: string; number: number; isTombstone: boolean },
    seen: KeysSeen,
    reader: string,
  ): void {
    const { partition, offset, key, isTombstone } = found
    const confirmed = this.#of(partition).get(offset)
    // A tombstone has no room for its number.
    const record = isTombstone ? (confirmed ?? this.#tombstoneOf(key, partition)) : this.#records[found.number]
    const where = `${reader} found ${key} at offset ${offset} of ${partition}`
    if (!record || record.key !== key || record.partition !== partition || record.isTombstone !== isTombstone) {
      throw new Violation(9, `${where}, which nobody sent there`)
    }
    if (confirmed && confirmed !== record)
      throw new Violation(9, `${where} as number ${record.number}, where ${confirmed.number} was confirmed`)
    if (!isTombstone && record.offset >= 0 && record.offset !== offset) throw new Violation(9, `${where}, and it was at ${record.offset}`)
    seen.set(key, { record, offset })
  }

  #tombstoneOf(key: string, partition: number): KeyedRecord | undefined {
    return this.#records.find((record) => record.key === key && record.partition === partition && record.isTombstone && record.offset < 0)
  }

  /** A reader has read the whole partition: of every key the newest must have been there. */
  complete(partition: number, seen: KeysSeen, end: number): void {
    const newest = new Map<string, KeyedRecord>()
    for (const [offset, record] of this.#of(partition)) {
      if (offset >= end)
        throw new Violation(9, `the log of ${partition} ends at ${end}, and offset ${offset} was confirmed to ${record.by}`)
      if ((newest.get(record.key)?.offset ?? -1) < offset) newest.set(record.key, record)
    }
    for (const [key, record] of newest) {
      const found = seen.get(key)
      if (found && found.offset >= record.offset) continue
      if (found) throw new Violation(9, `${key} of ${partition} is as of offset ${found.offset} again, and was newer at ${record.offset}`)
      // A tombstone goes in time; so does one that nobody was told of, and what it deleted goes before.
      if (!record.isTombstone && !this.#tombstoneOf(key, partition)) {
        throw new Violation(9, `${key} of ${partition} is gone: offset ${record.offset} was confirmed to ${record.by}`)
      }
    }
  }
}
