/**
 * One segment: a file of batches one after another, and the indexes that find places in it.
 * Owns: its file, its indexes, and how far each is written and on the device. Never: decides when it rolls or goes (partition-log).
 * Invariants: durableBytes <= writtenBytes <= bytes; a sealed segment does not change.
 * Index files are for the next start: an active segment's are in memory, a sealed one's are read again when somebody looks.
 */
import assert from 'node:assert/strict'
import type { Disk, DiskFile } from '../platform/disk.ts'
import type { Offset } from './offset.ts'
import { OffsetIndex } from './offset-index.ts'
import { type Closable, OpenFile, type OpenFiles } from './open-files.ts'
import { offsetFileName } from './segment-files.ts'
import type { CachedFile, LogTail } from './tail-cache.ts'
import { TimeIndex } from './time-index.ts'
import { TransactionIndex } from './transaction-index.ts'
import { readWhole, replaceNow, writeWhole } from './whole-file.ts'

export interface SegmentIndexes {
  readonly offsets: OffsetIndex
  readonly times: TimeIndex
  readonly aborted: TransactionIndex
  /** Made from the batches by this process, or compared with all of them. Entries out of a file are looked at before they are used. */
  readonly isProven: boolean
}

/** A sealed segment's indexes: from their files, or made anew where these are missing or wrong. */
export type LoadIndexes = (segment: Segment) => SegmentIndexes

/** Makes the indexes of a segment anew if they disagree with its batches. False where they don't, and the batches are to blame. */
export type RepairIndexes = (segment: Segment) => boolean

export interface SegmentContext {
  readonly disk: Disk
  readonly openFiles: OpenFiles
  readonly loadIndexes: LoadIndexes
  readonly repairIndexes: RepairIndexes
}

export const noTimestamp = -1

export class Segment implements CachedFile, Closable {
  readonly baseOffset: Offset
  /** Assigned, with what only memory has so far. */
  bytes = 0
  /** In the file. */
  writtenBytes = 0
  /** On the device, as far as is known. */
  durableBytes = 0
  /** On the device in the commit journal, as far as is known. */
  journaledBytes = 0
  /** The file's name is on the device. */
  nameIsDurable = false
  /** The offset after its last record; the base while it is empty. */
  endOffset: Offset
  maxTimestamp = noTimestamp
  maxTimestampOffset: Offset
  /** Of the first batch: what rolling by time counts from. Undefined while empty, or not looked up yet. */
  firstTimestamp: number | undefined
  /** Bytes below were checked since this process opened the file; bytes from `ownBytesFrom` on were written or checked by it. */
  checkedBytes = 0
  ownBytesFrom = 0
  isSealed = false
  /** It is no part of the log any more: what still reads it has its file, and nothing more is looked up. */
  isReplaced = false
  /** Behind the names of all its files, while it is not in its place: `.cleaned`, `.swap`. */
  fileSuffix = ''
  readonly #context: SegmentContext
  #folder: string
  #bytesSinceEntry = 0
  #indexes: SegmentIndexes | undefined
  #open: OpenFile | undefined

  constructor(context: SegmentContext, folder: string, baseOffset: Offset) {
    this.#context = context
    this.#folder = folder
    this.baseOffset = baseOffset
    this.endOffset = baseOffset
    this.maxTimestampOffset = baseOffset
  }

  get path(): string {
    return this.pathOf('.log')
  }

  pathOf(suffix: string): string {
    return `${this.#folder}/${offsetFileName(this.baseOffset, suffix)}${this.fileSuffix}`
  }

  /** All that it may have; the producers' snapshot at its base is the log's. */
  get files(): string[] {
    return ['.log', '.index', '.timeindex', '.txnindex'].map((suffix) => this.pathOf(suffix))
  }

  get isEmpty(): boolean {
    return this.bytes === 0
  }

  // --- the file

  /** The file, held open until `done`. */
  use(): OpenFile {
    let open = this.#open
    if (!open) {
      open = new OpenFile(this.#context.disk.open(this.path, this.isSealed ? 'append' : 'create'))
      this.#open = open
    }
    if (this.isSealed) this.#context.openFiles.used(this)
    open.use()
    return open
  }

  /** Runs `act` on the file. */
  with<T>(act: (file: DiskFile) => T): T {
    const open = this.use()
    try {
      return act(open.file)
    } finally {
      open.done()
    }
  }

  /** Lets go of the file, and of indexes that can be read again. */
  closeFile(): void {
    this.#open?.close()
    this.#open = undefined
    if (this.isSealed) this.#indexes = undefined
  }

  /** The same for good. */
  close(): void {
    this.#context.openFiles.forget(this)
    this.closeFile()
  }

  // --- the indexes

  get indexes(): SegmentIndexes {
    if (this.#indexes) {
      if (this.isSealed) this.#context.openFiles.used(this)
      return this.#indexes
    }
    if (this.isSealed) {
      this.#indexes = this.#context.loadIndexes(this)
      this.#context.openFiles.used(this)
    } else this.#indexes = emptyIndexes(this.baseOffset)
    return this.#indexes
  }

  set indexes(indexes: SegmentIndexes) {
    this.#indexes = indexes
  }

  /** An entry does not agree with the batches. False where the batches are to blame, and nothing was changed. */
  repairIndexes(): boolean {
    return this.#context.repairIndexes(this)
  }

  /** As the files have them, or undefined where one can't be true. */
  readIndexes(): SegmentIndexes | undefined {
    const { disk } = this.#context
    const offsets = readWhole(disk, this.pathOf('.index'))
    const times = readWhole(disk, this.pathOf('.timeindex'))
    if (!offsets || !times) return undefined
    const aborted = readWhole(disk, this.pathOf('.txnindex'))
    const parsed = {
      offsets: OffsetIndex.parse(withoutPadding(offsets), this.baseOffset, this.writtenBytes),
      times: TimeIndex.parse(withoutTimePadding(times), this.baseOffset, Number.MAX_SAFE_INTEGER),
      aborted: aborted ? TransactionIndex.parse(aborted, this.baseOffset) : new TransactionIndex(),
    }
    if (!parsed.offsets || !parsed.times || !parsed.aborted) return undefined
    return { offsets: parsed.offsets, times: parsed.times, aborted: parsed.aborted, isProven: false }
  }

  writeIndexes(): void {
    const { disk } = this.#context
    const { offsets, times, aborted } = this.indexes
    if (this.maxTimestamp > times.lastTimestamp) times.append(this.maxTimestamp, this.maxTimestampOffset)
    // Before the others, and on the device: that it is missing or short, nothing would tell.
    const path = this.pathOf('.txnindex')
    if (aborted.entries.length > 0) replaceNow(disk, path, aborted.encode())
    else if (disk.exists(path)) disk.remove(path)
    writeWhole(disk, this.pathOf('.index'), offsets.encode())
    writeWhole(disk, this.pathOf('.timeindex'), times.encode())
  }

  /** Of all its records; of a sealed segment its time index knows. */
  get largestTimestamp(): number {
    if (this.maxTimestamp < 0 && this.isSealed && this.bytes > 0) {
      const { times } = this.indexes
      this.maxTimestamp = times.lastTimestamp
      this.maxTimestampOffset = times.lastOffset
    }
    return this.maxTimestamp
  }

  // --- growth

  /** Counts a batch in that stands, or will stand, at the segment's end. */
  add(batchBytes: number, lastOffset: Offset, maxTimestamp: number, indexIntervalBytes: number): void {
    assert(lastOffset >= this.endOffset, 'offsets only rise')
    if (this.firstTimestamp === undefined && this.bytes === 0) this.firstTimestamp = maxTimestamp
    if (maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = maxTimestamp
      this.maxTimestampOffset = lastOffset
    }
    if (this.#bytesSinceEntry > indexIntervalBytes) {
      const { offsets, times } = this.indexes
      offsets.append(lastOffset, this.bytes)
      times.append(this.maxTimestamp, this.maxTimestampOffset)
      this.#bytesSinceEntry = 0
    }
    this.#bytesSinceEntry += batchBytes
    this.bytes += batchBytes
    this.endOffset = lastOffset + 1
  }

  /** What only memory has goes to the page cache, in one write. */
  write(tail: LogTail): void {
    const from = this.writtenBytes
    if (this.bytes === from) return
    const held = tail.hold(this, from, this.bytes)
    assert(held, 'what is not written is in memory')
    try {
      this.with((file) => file.write(held.chunks, from))
    } finally {
      held.release()
    }
    this.writtenBytes = this.bytes
  }

  /** The same off the event loop: a large write into fresh memory takes milliseconds. What is added meanwhile goes with the next. */
  async writeLater(tail: LogTail): Promise<void> {
    const from = this.writtenBytes
    const to = this.bytes
    const held = tail.hold(this, from, to)
    assert(held, 'what is not written is in memory')
    const open = this.use()
    try {
      await open.file.writeLater(held.chunks, from)
    } finally {
      open.done()
      held.release()
    }
    // A roll may have written more in the meantime.
    this.writtenBytes = Math.max(this.writtenBytes, to)
  }

  /** No more batches: the indexes go beside it. */
  seal(): void {
    this.writeIndexes()
    this.isSealed = true
    if (this.#open) this.#context.openFiles.used(this)
  }

  /** On the device, here or in the commit journal. */
  get securedBytes(): number {
    return Math.max(this.durableBytes, this.journaledBytes)
  }

  /**
   * Cuts the file; the indexes must be cut or made anew by the caller. On the device when it returns: of a segment that has all it is to
   * have, no later sync may come, and what vouches for it vouches for its file to the end.
   */
  cut(bytes: number): void {
    this.with((file) => {
      if (bytes === file.size()) return
      file.truncate(bytes)
      file.syncNow()
    })
    this.bytes = bytes
    this.writtenBytes = bytes
    this.durableBytes = Math.min(this.durableBytes, bytes)
    this.journaledBytes = Math.min(this.journaledBytes, bytes)
    this.checkedBytes = Math.min(this.checkedBytes, bytes)
    this.ownBytesFrom = Math.min(this.ownBytesFrom, bytes)
    this.#bytesSinceEntry = 0
  }

  /** The partition's folder has another name now. */
  moveTo(folder: string): void {
    this.#folder = folder
  }
}

export function emptyIndexes(baseOffset: Offset): SegmentIndexes {
  return { offsets: new OffsetIndex(baseOffset), times: new TimeIndex(baseOffset), aborted: new TransactionIndex(), isProven: true }
}

/** Kafka extends an active segment's index files with zeros; after a crash they are still there. */
function withoutPadding(bytes: Buffer): Buffer {
  let end = bytes.length - (bytes.length % 8)
  if (end !== bytes.length) return bytes
  while (end > 0 && bytes.readInt32BE(end - 4) === 0) end -= 8
  return bytes.subarray(0, end)
}

function withoutTimePadding(bytes: Buffer): Buffer {
  let end = bytes.length - (bytes.length % 12)
  if (end !== bytes.length) return bytes
  while (end > 0 && bytes.readInt32BE(end - 12) === 0 && bytes.readInt32BE(end - 8) === 0) end -= 12
  return bytes.subarray(0, end)
}
