/**
 * A partition's folder, made into a log again.
 * What a clean stop or the last checkpoint vouches for is taken as it is; the rest is read, checked, and cut at the first batch that is
 * not whole and valid (Torn is not lost: the longest prefix of whole, valid batches stays). Indexes, producer state and leader epochs
 * that are missing or wrong are made anew from the batches.
 * Never: drops valid batches silently. Where some follow the damage, what is cut off is kept aside in a `.cut` file.
 */
import type { Logger } from '../metrics/logger.ts'
import { BatchScan } from './batch-scan.ts'
import { keepCutBytes } from './cut-bytes.ts'
import { readEpochs } from './epoch-file.ts'
import type { FileRemoval } from './file-removal.ts'
import { isTimeRight } from './index-lookup.ts'
import { settleLeftovers } from './leftovers.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import type { Offset } from './offset.ts'
import type { ProducerState } from './producer-state.ts'
import { rebuildProducers } from './producer-recovery.ts'
import { emptyIndexes, Segment, type SegmentContext } from './segment.ts'
import { offsetFileName } from './segment-files.ts'
import { reindexed } from './segment-indexes.ts'

export interface RecoveryInput {
  readonly context: SegmentContext
  readonly logger: Logger
  readonly removal: FileRemoval
  readonly folder: string
  /** The last stop was clean: everything is vouched for. */
  readonly clean: boolean
  /** Everything below is vouched for: it was on the device before this offset was noted down. */
  readonly recoveryPoint: Offset
  /** As noted down; the first segment may begin later. */
  readonly startOffset: Offset
  readonly indexIntervalBytes: number
  /** Compaction leaves gaps between batches and between segments. */
  readonly mayHaveGaps: boolean
}

export interface RecoveredLog {
  /** In order; the last is the active one. May be none. */
  readonly segments: Segment[]
  readonly startOffset: Offset
  readonly endOffset: Offset
  readonly durableEnd: Offset
  readonly epochs: LeaderEpochs
  readonly producers: ProducerState
}

export function recoverLog(input: RecoveryInput): RecoveredLog {
  const { context, folder } = input
  const bases = settleLeftovers(context.disk, input.removal, folder)
  const kept = input.startOffset > 0 ? withoutDeleted(input, bases) : bases
  const epochs = readEpochs(context.disk, folder)
  const recovery = new Recovery(input, epochs ?? new LeaderEpochs())
  const segments = recovery.recoverSegments(kept)
  const endOffset = segments.at(-1)?.endOffset ?? Math.max(0, input.startOffset)
  if (!epochs) recovery.rebuildEpochs(segments)
  recovery.epochs.truncateFromEnd(endOffset)
  const startOffset = Math.max(input.startOffset, segments[0]?.baseOffset ?? 0)
  const producers = rebuildProducers(input, segments, recovery.transactionsKnownTo, endOffset)
  const durableEnd = input.clean ? endOffset : Math.min(endOffset, Math.max(input.recoveryPoint, startOffset))
  if (recovery.changedNames) context.disk.syncDirectoryNow(folder)
  return { segments, startOffset, endOffset, durableEnd, epochs: recovery.epochs, producers }
}

/** Retention was interrupted: segments wholly below the start offset go now. */
function withoutDeleted({ startOffset, folder, removal }: RecoveryInput, bases: Offset[]): Offset[] {
  const first = bases.findLastIndex((base) => base <= startOffset)
  if (first <= 0) return bases
  for (const base of bases.slice(0, first)) removal.remove(filesOf(folder, base))
  return bases.slice(first)
}

function filesOf(folder: string, base: Offset): string[] {
  return ['.log', '.index', '.timeindex', '.txnindex', '.snapshot'].map((suffix) => `${folder}/${offsetFileName(base, suffix)}`)
}

/** Cuts a segment before the batch that holds `offset`, and makes its indexes anew. */
export function truncateSegment(segment: Segment, offset: Offset, indexIntervalBytes: number): void {
  segment.isSealed = false
  let position = 0
  let endOffset = segment.baseOffset
  const fileBytes = segment.writtenBytes
  segment.with((file) => {
    const scan = new BatchScan(file, 0, fileBytes)
    while (scan.next() && scan.batch.lastOffset < offset) {
      position = scan.nextPosition
      endOffset = scan.batch.nextOffset
    }
  })
  segment.cut(position)
  segment.endOffset = endOffset
  const { aborted } = segment.indexes
  aborted.truncateTo(offset)
  segment.indexes = reindexed(segment, aborted, indexIntervalBytes).indexes
  segment.maxTimestamp = segment.indexes.times.lastTimestamp
  segment.maxTimestampOffset = segment.indexes.times.lastOffset
}

/** No segment holds more (segment-roll.ts). A batch's offset is not under its checksum, and where gaps are right this alone tells a damaged one. */
const relativeOffsetMax = 0x7fff_ffff

class Recovery {
  readonly epochs: LeaderEpochs
  changedNames = false
  /** Above this the transaction indexes must be made anew. */
  transactionsKnownTo: Offset = Number.MAX_SAFE_INTEGER
  readonly #input: RecoveryInput

  constructor(input: RecoveryInput, epochs: LeaderEpochs) {
    this.#input = input
    this.epochs = epochs
  }

  recoverSegments(bases: Offset[]): Segment[] {
    const { clean, recoveryPoint, mayHaveGaps } = this.#input
    const segments: Segment[] = []
    for (const [at, base] of bases.entries()) {
      const next = bases[at + 1]
      const segment = this.#open(base)
      const before = segments.at(-1)
      const vouched = next !== undefined && (clean || next <= recoveryPoint)
      if (before && !vouched && !mayHaveGaps && base > recoveryPoint && before.endOffset !== base) {
        this.#setAside(bases.slice(at), before.endOffset, 'a gap before it')
        break
      }
      segments.push(segment)
      if (vouched) {
        segment.endOffset = next
        segment.isSealed = true
        segment.durableBytes = segment.bytes
        continue
      }
      const isWhole = this.#scan(segment)
      if (!isWhole && next !== undefined) {
        this.#setAside(bases.slice(at + 1), segment.endOffset, 'damage before it')
        break
      }
      if (next === undefined) continue
      // Compaction may have taken its last ones; where it was not at work, the next one tells a gap.
      if (mayHaveGaps) segment.endOffset = next
      segment.seal()
    }
    return segments
  }

  #open(base: Offset): Segment {
    const { context, folder, clean, recoveryPoint } = this.#input
    const segment = new Segment(context, folder, base)
    segment.isSealed = true
    segment.bytes = segment.writtenBytes = segment.with((file) => file.size())
    segment.ownBytesFrom = segment.bytes
    segment.nameIsDurable = clean || base < recoveryPoint
    segment.isSealed = false
    return segment
  }

  /** Reads what is not vouched for, and cuts it where it is not valid. False if something was cut. */
  #scan(segment: Segment): boolean {
    const { clean, recoveryPoint, indexIntervalBytes } = this.#input
    const fileBytes = segment.bytes
    const vouchedTo = clean ? Number.MAX_SAFE_INTEGER : recoveryPoint
    const start = this.#trustIndex(segment, vouchedTo)
    if (!clean || start === 0) this.transactionsKnownTo = Math.min(this.transactionsKnownTo, segment.endOffset)
    segment.bytes = start
    let unvouchedFrom = clean ? fileBytes : -1
    const damage = segment.with((file) => {
      const scan = new BatchScan(file, start, fileBytes)
      const { batch } = scan
      while (scan.next()) {
        const { lastOffset, bytes } = batch
        const isTrusted = start > 0 && scan.position === start
        const isFar = lastOffset - segment.baseOffset > relativeOffsetMax
        if (isFar || (!isTrusted && batch.baseOffset < segment.endOffset))
          return `offset ${batch.baseOffset} after ${segment.endOffset - 1}`
        if (lastOffset >= vouchedTo) {
          if (unvouchedFrom < 0) unvouchedFrom = scan.position
          // A batch's offset is not under its checksum.
          if (!isTrusted && !this.#mayFollow(segment.endOffset, batch.baseOffset))
            return `offset ${batch.baseOffset} after ${segment.endOffset - 1}`
          if (!scan.needBody() || !batch.checkCrc()) return 'a checksum that does not match'
        }
        this.epochs.assign(batch.partitionLeaderEpoch, batch.baseOffset)
        segment.add(bytes, lastOffset, batch.maxTimestamp, indexIntervalBytes)
      }
      return scan.damage
    })
    if (unvouchedFrom < 0) unvouchedFrom = segment.bytes
    if (damage !== undefined) this.#cut(segment, fileBytes, damage, segment.endOffset <= vouchedTo && segment.bytes < unvouchedFrom)
    segment.writtenBytes = segment.bytes
    segment.ownBytesFrom = Math.min(unvouchedFrom, segment.bytes)
    segment.durableBytes = Math.min(unvouchedFrom, segment.bytes)
    this.#rewrite(segment)
    return damage === undefined
  }

  /** Without a gap, but for what compaction leaves, and for records that were deleted before they reached the disk. */
  #mayFollow(endOffset: Offset, baseOffset: Offset): boolean {
    const { mayHaveGaps, startOffset } = this.#input
    return baseOffset === endOffset || mayHaveGaps || baseOffset <= startOffset
  }

  /** Takes the index files' word as far as it can be checked. Where the scan may start. */
  #trustIndex(segment: Segment, vouchedTo: Offset): number {
    const indexes = segment.readIndexes()
    segment.indexes = emptyIndexes(segment.baseOffset)
    if (!indexes || indexes.offsets.count === 0) return 0
    const { offsets, times, aborted } = indexes
    offsets.truncateTo(vouchedTo, segment.bytes)
    if (offsets.count === 0) return 0
    const position = offsets.lastPosition
    const end = offsets.lastOffset + 1
    const isRight = segment.with((file) => {
      const scan = new BatchScan(file, position, segment.bytes)
      if (!scan.next() || scan.batch.lastOffset !== offsets.lastOffset || scan.batch.maxTimestamp > times.lastTimestamp) return false
      return scan.needBody() && scan.batch.checkCrc()
    })
    times.truncateTo(end)
    if (!isRight || times.count === 0 || isTimeRight(segment, indexes, times.count - 1) === false) return 0
    if (!this.#input.clean) aborted.truncateTo(end)
    segment.indexes = { offsets, times, aborted, isProven: false }
    segment.maxTimestamp = times.lastTimestamp
    segment.maxTimestampOffset = times.lastOffset
    segment.endOffset = offsets.lastOffset
    return position
  }

  #cut(segment: Segment, fileBytes: number, damage: string, vouched: boolean): void {
    const { logger, context } = this.#input
    const { path, bytes: position, endOffset } = segment
    const kept = keepCutBytes(context.disk, segment, fileBytes)
    const fields = { path, offset: endOffset, position, bytesCut: fileBytes - position, damage, keptAs: kept }
    if (vouched) logger.error(fields, 'A batch that was on the disk is damaged: the log ends before it now')
    else if (kept) logger.error(fields, 'Damage in the end of a log that was not synced: cut, the valid batches after it kept aside')
    else logger.warn(fields, 'The torn end of a log was cut')
    this.changedNames ||= kept !== undefined
    segment.cut(position)
  }

  /**
   * After a failed sync the system forgets which pages never reached the device, and a later sync says nothing of them (fsyncgate).
   * Whether there was one is not known any more: so what is not vouched for is written again, and the next sync means it.
   */
  #rewrite(segment: Segment): void {
    if (segment.durableBytes >= segment.bytes) return
    const piece = Buffer.allocUnsafe(Math.min(1024 * 1024, segment.bytes - segment.durableBytes))
    segment.with((file) => {
      for (let position = segment.durableBytes; position < segment.bytes; position += piece.length) {
        const view = piece.subarray(0, Math.min(piece.length, segment.bytes - position))
        file.read(view, position)
        file.write([view], position)
      }
    })
  }

  /** Segments that don't continue the log: out of the way, but kept. */
  #setAside(bases: Offset[], endOffset: Offset, why: string): void {
    const { context, folder, removal, logger } = this.#input
    for (const base of bases) {
      const [path, ...derived] = filesOf(folder, base) as [string, ...string[]]
      context.disk.rename(path, `${path}.cut`)
      removal.remove(derived)
      logger.error({ path, offset: endOffset, damage: why, keptAs: `${path}.cut` }, 'A segment does not continue its log: put aside')
    }
    this.changedNames = true
  }

  /** From all batches: those that were scanned tell of the last epochs alone, and not where they began. */
  rebuildEpochs(segments: Segment[]): void {
    this.epochs.clear()
    for (const segment of segments) {
      segment.with((file) => {
        const scan = new BatchScan(file, 0, segment.bytes)
        while (scan.next()) this.epochs.assign(scan.batch.partitionLeaderEpoch, scan.batch.baseOffset)
      })
    }
  }
}
