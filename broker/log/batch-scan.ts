/**
 * Walks the batches of one segment file from a known boundary, in order, through one reused buffer.
 * Owns: the position. Never: writes, judges checksums (its user does), or goes on past bytes that can't be a batch.
 * It blocks, so it is for start-up, for short stretches, and for threads of their own; one scan at a time in one window.
 */
import { crc32 } from 'node:zlib'
import { batchHeaderBytes, RecordBatch } from '../../client/records/batch.ts'
import type { DiskFile } from '../platform/disk.ts'

const windowBytes = 256 * 1024
/** Offset, size, CRC-32, magic, attributes, key and value sizes; what follows the CRC is under it. */
const oldMessageBytesMin = 26
const oldChecksumAt = 12
const oldChecksummedFrom = 16

/** What a scan reads into. It grows with a batch that is larger. */
export interface ScanWindow {
  buffer: Buffer
}

const shared: ScanWindow = { buffer: Buffer.allocUnsafeSlow(windowBytes) }

/** The segment holds messages from before Kafka 0.11, which Stele does not keep. */
export class OldFormat extends Error {
  constructor(path: string, position: number, magic: number) {
    super(`${path} has a message of the old format ${magic} at position ${position}: this log can't be opened`)
    this.name = 'OldFormat'
  }
}

export class BatchScan {
  /** The current batch; its header is there, its body after `needBody`. Valid until the next step. */
  readonly batch = new RecordBatch(shared.buffer)
  /** Where the current batch starts. */
  position: number
  /** Why the scan stopped before the end. */
  damage: string | undefined
  readonly #file: DiskFile
  readonly #end: number
  #next: number
  readonly #readBytes: number
  readonly #window: ScanWindow
  #windowStart = 0
  #windowEnd = 0

  /** `readBytes` are read at once: less where only a few batches are looked at. With a window of its own it need not be alone. */
  constructor(file: DiskFile, start: number, end: number, readBytes = windowBytes, window = shared) {
    this.#readBytes = readBytes
    this.#window = window
    this.#file = file
    this.#end = end
    this.#next = start
    this.position = start
  }

  /** Where the next batch starts, and the scan ended. */
  get nextPosition(): number {
    return this.#next
  }

  /** Moves to the next batch. False at the end of the file, or where `damage` says why. */
  next(): boolean {
    const position = this.#next
    if (position === this.#end) return false
    if (this.#end - position < batchHeaderBytes) return this.#stop('less than a header is left')
    if (!this.#load(position, batchHeaderBytes)) return this.#stop('the file ends within a header')
    const { batch } = this
    const { bytes, magic } = batch
    if (position === 0 && (magic === 0 || magic === 1) && this.#isOldMessage(bytes)) throw new OldFormat(this.#file.path, position, magic)
    if (magic !== 2) return this.#stop(`magic ${magic}`)
    if (bytes < batchHeaderBytes) return this.#stop(`a batch of ${bytes} bytes`)
    if (bytes > this.#end - position) return this.#stop(`a batch of ${bytes} bytes where ${this.#end - position} are left`)
    if (batch.lastOffsetDelta < 0 || batch.baseOffset < 0) return this.#stop('a negative offset')
    this.position = position
    this.#next = position + bytes
    return true
  }

  /** Its checksum tells a message of the old format from a torn batch that reads as zero where the 2 should be. */
  #isOldMessage(bytes: number): boolean {
    if (bytes < oldMessageBytesMin || bytes > this.#end || !this.#load(0, bytes)) return false
    const at = -this.#windowStart
    const { buffer } = this.#window
    return crc32(buffer.subarray(at + oldChecksummedFrom, at + bytes)) === buffer.readUInt32BE(at + oldChecksumAt)
  }

  #stop(why: string): false {
    this.damage = why
    return false
  }

  /** Reads the current batch whole. */
  needBody(): boolean {
    return this.#load(this.position, this.batch.bytes)
  }

  #load(position: number, bytes: number): boolean {
    if (position < this.#windowStart || position + bytes > this.#windowEnd) {
      const window = this.#window
      if (bytes > window.buffer.length) window.buffer = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(bytes)))
      const wanted = Math.min(Math.max(bytes, this.#readBytes), this.#end - position)
      this.#windowStart = position
      this.#windowEnd = position + this.#file.read(window.buffer.subarray(0, wanted), position)
    }
    this.batch.moveTo(this.#window.buffer, position - this.#windowStart)
    return position + bytes <= this.#windowEnd
  }
}
