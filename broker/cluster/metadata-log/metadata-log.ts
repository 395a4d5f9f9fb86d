/**
 * The metadata log as the cluster sees it: numbered, immutable entries, each made with put-if-absent on the next number.
 * Where it lives is an adapter. Embedded: a local log, one writer. Others (etcd, an object store) come with clusters of many brokers.
 */
import type { MetadataRecord } from '../records.ts'

export type Offset = number

/** What reading gives: entries, and the offset after the last of them. A snapshot stands for all entries before its end. */
export interface Entries {
  readonly records: readonly MetadataRecord[]
  readonly end: Offset
}

/** Somebody else wrote at the offset that was expected to be the end: read on from there, plan anew. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
  readonly end: Offset

  constructor(end: Offset) {
    super(`the metadata log ends at ${end}`)
    this.end = end
  }
}

export interface Lease {
  /** Rises with every holder. */
  readonly epoch: number
  release(): Promise<void>
}

export interface MetadataLog {
  /**
   * Everything there is, oldest first: what the newest snapshot says, then the entries after it.
   * Called once, before anything else.
   */
  load(): AsyncIterable<Entries>
  /**
   * Puts the entries after `end`, all or none; the new end once they cannot be lost. Many may be under way at once, each expecting the one
   * before it. Rejects with Conflict, or with DiskError when nothing more can be written.
   */
  appendAfter(end: Offset, records: readonly MetadataRecord[]): Promise<Offset>
  /** Told of what others append from now on, in order. Where there is one writer, never. */
  watch(listener: (entries: Entries) => void): void
  /** Held by one broker at a time: the one that decides. Safety does not rest on it, put-if-absent does. */
  lease(): Promise<Lease>
  /** Keeps `records` as standing for all entries before `end`, so that those may go. */
  snapshot(end: Offset, records: Iterable<MetadataRecord>): Promise<void>
  /** Whether so much came since the last snapshot that another pays. */
  readonly wantsSnapshot: boolean
  close(): Promise<void>
}
