/**
 * A segment that compaction writes: `.cleaned` files, the batches gathered in one buffer on their way there.
 * Owns: the files until they are whole and on the device. What an earlier attempt left under their names is gone from the start.
 */
import type { RecordBatch } from '../../../client/records/batch.ts'
import { type Disk, DiskError } from '../../platform/disk.ts'
import type { Segment } from '../segment.ts'
import type { AbortedEntry } from '../transaction-index.ts'

export class CleanedSegment {
  readonly #segment: Segment
  readonly #disk: Disk
  readonly #buffer: Buffer
  readonly #indexIntervalBytes: number
  #filled = 0

  constructor(segment: Segment, disk: Disk, bufferBytes: number, indexIntervalBytes: number) {
    this.#segment = segment
    this.#disk = disk
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(1024, bufferBytes))
    this.#indexIntervalBytes = indexIntervalBytes
    segment.fileSuffix = '.cleaned'
    for (const path of segment.files) if (disk.exists(path)) disk.remove(path)
  }

  add(batch: RecordBatch): void {
    const { bytes, buffer, position, lastOffset, maxTimestamp } = batch
    if (this.#filled + bytes > this.#buffer.length) this.#flush()
    if (bytes > this.#buffer.length) this.#write(buffer.subarray(position, position + bytes))
    else {
      buffer.copy(this.#buffer, this.#filled, position, position + bytes)
      this.#filled += bytes
    }
    this.#segment.add(bytes, lastOffset, maxTimestamp, this.#indexIntervalBytes)
  }

  #flush(): void {
    if (this.#filled > 0) this.#write(this.#buffer.subarray(0, this.#filled))
    this.#filled = 0
  }

  #write(bytes: Buffer): void {
    const segment = this.#segment
    segment.with((file) => file.write([bytes], segment.writtenBytes))
    segment.writtenBytes += bytes.length
  }

  /** All of it is on the device when this returns. */
  finish(aborted: readonly AbortedEntry[]): void {
    const segment = this.#segment
    this.#flush()
    for (const entry of aborted) segment.indexes.aborted.append(entry)
    segment.writeIndexes()
    // An empty segment has its file too.
    segment.with((file) => file.syncNow())
    for (const path of segment.files.slice(1)) this.#sync(path)
  }

  #sync(path: string): void {
    let file
    try {
      file = this.#disk.open(path, 'append')
    } catch (error) {
      if (error instanceof DiskError && error.code === 'ENOENT') return
      throw error
    }
    try {
      file.syncNow()
    } finally {
      file.close()
    }
  }

  close(): void {
    this.#segment.close()
  }
}
