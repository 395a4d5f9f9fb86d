/**
 * Reads of one log: from the tail cache by reference, from the page cache at once where it is little, else off the event loop.
 * Owns: where readers were last, so that going on costs no search. Never: decides how far may be read (its caller does).
 * Invariants: only whole batches leave; of bytes that this process did not write, none leave unchecked: their checksums are verified
 * the first time they are read.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { batchHeaderBytes, RecordBatch } from '../../client/records/batch.ts'
import { DiskError } from '../platform/disk.ts'
import { BatchScan } from './batch-scan.ts'
import { boundaryAtOrBefore, positionFor } from './index-lookup.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { Offset } from './offset.ts'
import { readBufferBytes } from './read-buffers.ts'
import type { Segment } from './segment.ts'
import type { Segments } from './segments.ts'
import type { LogTail } from './tail-cache.ts'

export interface ReadOptions {
  readonly maxBytes: number
  /** No batch that reaches this offset is read: the high watermark or the last stable offset. */
  readonly upTo: Offset
  /** The first batch is read even if it is larger than maxBytes. */
  readonly atLeastOneBatch: boolean
}

/** Whole batches as they are stored; the first one may begin before the offset asked for. */
export interface Slice {
  readonly chunks: Buffer[]
  readonly bytes: number
  /** After the last batch; the offset asked for where there is none. */
  readonly nextOffset: Offset
  /** OFFSET_OUT_OF_RANGE, CORRUPT_MESSAGE, KAFKA_STORAGE_ERROR. */
  readonly error?: number
  /** Gives the buffers back, once nothing refers to the chunks any more. */
  readonly release?: () => void
}

/** The parts of the log that its reader looks at. */
export interface Readable {
  readonly segments: Segments
  readonly tail: LogTail
  readonly environment: Pick<LogEnvironment<never>, 'readBuffers' | 'tailCache' | 'logger'>
  /** The disk failed under a read. */
  readFailed(error: DiskError): void
}

/** Up to here a cold read is done at once: what the page cache has costs less than a thread's hop. */
const synchronousBytesMax = 64 * 1024
const searchBytes = 8 * 1024
const cursorsKept = 8

/** Where a read ended: the batch of `offset` starts at `position`. */
interface Cursor {
  readonly segment: Segment
  readonly offset: Offset
  readonly position: number
}

export function emptySlice(nextOffset: Offset): Slice {
  return { chunks: [], bytes: 0, nextOffset }
}

export function failedSlice(nextOffset: Offset, error: number): Slice {
  return { chunks: [], bytes: 0, nextOffset, error }
}

export class LogReader {
  readonly #log: Readable
  #cursors: (Cursor | undefined)[] = []
  #nextCursor = 0
  /** Counts the times that what was there before may have changed under a read. */
  #cuts = 0
  readonly #batch = new RecordBatch(Buffer.alloc(0))

  constructor(log: Readable) {
    this.#log = log
  }

  /** The log was cut or emptied: places noted before mean nothing now. */
  reset(): void {
    this.#cursors = []
    this.#nextCursor = 0
    this.#cuts++
  }

  /** These were replaced: nobody comes back to places in them. */
  forget(segments: readonly Segment[]): void {
    this.#cursors = this.#cursors.map((cursor) => (cursor && segments.includes(cursor.segment) ? undefined : cursor))
  }

  read(from: Offset, limit: Offset, { maxBytes, atLeastOneBatch }: ReadOptions): Slice | Promise<Slice> {
    const { segments } = this.#log
    let at = segments.floor(from)
    let segment = segments.at(at) as Segment
    let position = this.#locate(segment, from)
    // Past the last batch of a segment that compaction shortened: the next one goes on.
    while (position >= segment.writtenBytes) {
      const next = segments.at(++at)
      if (!next || next.baseOffset >= limit) return emptySlice(from)
      segment = next
      position = 0
    }
    const last = limit >= segment.endOffset ? segment.writtenBytes : this.#locate(segment, limit)
    if (last <= position) return emptySlice(from)
    const end = last - position <= maxBytes ? last : this.#boundary(segment, position, last, maxBytes, atLeastOneBatch)
    if (end === position) {
      if (!atLeastOneBatch) return emptySlice(from)
      this.#sayDamaged(segment, position)
      return failedSlice(from, ErrorCode.CORRUPT_MESSAGE)
    }
    return this.#fromTail(segment, position, end) ?? this.#fromFile(segment, from, position, end)
  }

  #fromTail(segment: Segment, position: number, end: number): Slice | undefined {
    const held = this.#log.tail.hold(segment, position, end)
    const { tailCache } = this.#log.environment
    if (!held) {
      tailCache.misses++
      return undefined
    }
    tailCache.hits++
    const nextOffset = this.#offsetAt(segment, end, held.chunks)
    this.#remember(segment, nextOffset, end)
    return { chunks: held.chunks, bytes: end - position, nextOffset, release: () => held.release() }
  }

  /** The offset after the batch that ends at `end`, the end of these chunks. */
  #offsetAt(segment: Segment, end: number, chunks: readonly Buffer[]): Offset {
    if (end === segment.bytes) return segment.endOffset
    const last = chunks[chunks.length - 1] as Buffer
    let start = end - last.length
    // The indexes went with the segment's files where compaction replaced it during the read.
    const near = segment.isReplaced ? start : boundaryAtOrBefore(segment, end - 1)
    if (near > start) start = near
    return this.#lastBatchEnd(last, start - (end - last.length))
  }

  /** Walks the batches of `bytes` from `start`; the offset after the last whole one. */
  #lastBatchEnd(bytes: Buffer, start: number): Offset {
    const batch = this.#batch
    let next = -1
    for (let at = start; at + batchHeaderBytes <= bytes.length; at += batch.bytes) {
      batch.moveTo(bytes, at)
      next = batch.nextOffset
    }
    return next
  }

  #remember(segment: Segment, offset: Offset, position: number): void {
    if (segment.isReplaced) return
    for (const cursor of this.#cursors) if (cursor && cursor.position === position && cursor.segment === segment) return
    this.#cursors[this.#nextCursor] = { segment, offset, position }
    this.#nextCursor = (this.#nextCursor + 1) % cursorsKept
  }

  /** Where the batch that holds `offset` starts, or the first one after it; the segment's written end if there is none. */
  #locate(segment: Segment, offset: Offset): number {
    if (offset >= segment.endOffset) return segment.writtenBytes
    for (const cursor of this.#cursors) if (cursor && cursor.offset === offset && cursor.segment === segment) return cursor.position
    if (offset <= segment.baseOffset) return 0
    return this.#walk(segment, positionFor(segment, offset), (batch) => batch.lastOffset >= offset)
  }

  /** The last boundary that keeps [position, it) within `maxBytes`; the end of the first batch if it must be one at least. */
  #boundary(segment: Segment, position: number, last: number, maxBytes: number, atLeastOneBatch: boolean): number {
    const limit = position + maxBytes
    let start = boundaryAtOrBefore(segment, limit)
    if (start < position) start = position
    let end = start
    this.#walk(segment, start, (batch, at) => {
      const next = at + batch.bytes
      if (next > last || (next > limit && !(atLeastOneBatch && at === position))) return true
      end = next
      return next >= limit
    })
    return end
  }

  /** Walks batches from `start`, where one begins, until `found`; its position, or the written end. */
  #walk(segment: Segment, start: number, found: (batch: RecordBatch, position: number) => boolean): number {
    let position = start
    let view = this.#log.tail.peek(segment, position)
    let viewStart = position
    while (view && position < segment.writtenBytes) {
      const batch = this.#batch.moveTo(view, position - viewStart)
      if (found(batch, position)) return position
      position += batch.bytes
      if (position - viewStart >= view.length) {
        view = this.#log.tail.peek(segment, position)
        viewStart = position
      }
    }
    if (position >= segment.writtenBytes) return segment.writtenBytes
    return segment.with((file) => {
      const scan = new BatchScan(file, position, segment.writtenBytes, searchBytes)
      while (scan.next()) if (found(scan.batch, scan.position)) return scan.position
      return scan.nextPosition
    })
  }

  #fromFile(segment: Segment, from: Offset, position: number, wanted: number): Slice | Promise<Slice> {
    const { readBuffers } = this.#log.environment
    let end = wanted
    if (end - position > readBufferBytes) end = this.#boundary(segment, position, end, readBufferBytes, true)
    const bytes = end - position
    const buffer = readBuffers.take(bytes)
    const target = buffer.length === bytes ? buffer : buffer.subarray(0, bytes)
    const open = segment.use()
    if (bytes > synchronousBytesMax) {
      const cuts = this.#cuts
      return open.file.readLater(target, position).then(
        (got) => {
          open.done()
          // Cut while the disk was busy: what was read may be of two histories. The reader asks again.
          if (cuts !== this.#cuts) {
            readBuffers.give(buffer)
            return emptySlice(from)
          }
          return this.#arrived(segment, from, position, buffer, target.subarray(0, got), bytes)
        },
        (error: unknown) => {
          open.done()
          return this.#unreadable(from, buffer, error)
        },
      )
    }
    try {
      return this.#arrived(segment, from, position, buffer, target.subarray(0, open.file.read(target, position)), bytes)
    } catch (error) {
      return this.#unreadable(from, buffer, error)
    } finally {
      open.done()
    }
  }

  #unreadable(from: Offset, buffer: Buffer, error: unknown): Slice {
    this.#log.environment.readBuffers.give(buffer)
    if (!(error instanceof DiskError)) throw error
    this.#log.readFailed(error)
    return failedSlice(from, ErrorCode.KAFKA_STORAGE_ERROR)
  }

  #arrived(segment: Segment, from: Offset, position: number, buffer: Buffer, bytes: Buffer, wanted: number): Slice {
    const { readBuffers } = this.#log.environment
    const valid = this.#check(segment, position, bytes, wanted)
    if (valid === 0) {
      readBuffers.give(buffer)
      return failedSlice(from, ErrorCode.CORRUPT_MESSAGE)
    }
    const chunk = valid === bytes.length ? bytes : bytes.subarray(0, valid)
    const nextOffset = this.#offsetAt(segment, position + valid, [chunk])
    this.#remember(segment, nextOffset, position + valid)
    return { chunks: [chunk], bytes: valid, nextOffset, release: () => readBuffers.give(buffer) }
  }

  /** How many of these bytes, whole batches, may leave: all up to the first that is damaged. */
  #check(segment: Segment, position: number, bytes: Buffer, wanted: number): number {
    const isChecked = position + wanted <= segment.checkedBytes || position >= segment.ownBytesFrom
    // A file that is shorter than it was is damaged, whoever wrote it.
    if (isChecked && bytes.length === wanted) return wanted
    const batch = this.#batch
    let at = 0
    while (at < wanted) {
      batch.moveTo(bytes, at)
      const left = bytes.length - at
      const isWhole = left >= batchHeaderBytes && batch.magic === 2 && batch.bytes >= batchHeaderBytes && batch.bytes <= left
      if (!isWhole || !batch.checkCrc()) {
        this.#sayDamaged(segment, position + at)
        break
      }
      at += batch.bytes
    }
    if (position <= segment.checkedBytes) segment.checkedBytes = Math.max(segment.checkedBytes, position + at)
    return at
  }

  #sayDamaged({ path }: Segment, position: number): void {
    this.#log.environment.logger.error({ path, position }, 'A batch in this log is damaged: it and what it hides are not served')
  }
}
