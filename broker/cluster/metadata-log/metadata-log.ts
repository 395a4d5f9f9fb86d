/**
 * The metadata log as the cluster sees it: numbered, immutable entries, each made with put-if-absent on the next number.
 * Where it lives is an adapter. Embedded: a local log with this broker as its one writer. Those that brokers share (etcd, an object
 * store) come with clusters of many brokers, and bring the two verbs that one writer has no use for: watch and lease.
 */
import type { MetadataRecord } from '../records.ts'

export type Offset = number

/** What reading gives: entries, and the offset after the last of them. A snapshot stands for all entries before its end. */
export interface Entries {
  readonly records: readonly MetadataRecord[]
  readonly end: Offset
}

/** The log does not end where the writer believes: read on from there, and plan anew. */
export class Conflict extends Error {
  override readonly name = 'Conflict'

  constructor(expected: Offset, end: Offset) {
    super(`the metadata log ends at ${end}, not at ${expected}`)
  }
}

export interface MetadataLog {
  /** Everything there is, oldest first: what the newest snapshot says, then the entries after it. Before anything else, once. */
  load(): AsyncIterable<Entries>
  /**
   * The entries from `offset` on that are there now. After a failed disk this is the way back: `offset` is then the end of what was
   * answered, and it throws while the disk still fails.
   */
  readFrom(offset: Offset): AsyncIterable<Entries>
  /**
   * Puts the entries after `end`, all or none; resolves once they cannot be lost. Many may be under way at once, each expecting the one
   * before it. Rejects with Conflict, or with DiskError when nothing more can be written.
   */
  appendAfter(end: Offset, records: readonly MetadataRecord[]): Promise<void>
  /** So much came since the last snapshot that another one pays. */
  readonly wantsSnapshot: boolean
  /** Keeps `records` as standing for all entries before `end`, so that those may go. */
  snapshot(end: Offset, records: Iterable<MetadataRecord>): Promise<void>
}
