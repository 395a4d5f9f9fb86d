/**
 * The producer state as of the log's end: the newest snapshot that is whole, and the batches after it.
 * Snapshots beyond the end speak of batches that are gone: they go too.
 */
import type { Logger } from '../metrics/logger.ts'
import type { Disk } from '../platform/disk.ts'
import { BatchScan } from './batch-scan.ts'
import type { FileRemoval } from './file-removal.ts'
import { positionFor } from './index-lookup.ts'
import type { Offset } from './offset.ts'
import { decodeSnapshot, encodeSnapshot } from './producer-snapshot.ts'
import { ProducerState } from './producer-state.ts'
import type { Segment, SegmentContext } from './segment.ts'
import { offsetFileName, parseOffsetFileName } from './segment-files.ts'
import { TransactionIndex } from './transaction-index.ts'
import { readWhole, writeWhole } from './whole-file.ts'

interface Input {
  readonly context: SegmentContext
  readonly removal: FileRemoval
  readonly logger: Logger
  readonly folder: string
}

/** `knownTo`: up to there the transaction indexes are right; what follows is found again by the way. */
export function rebuildProducers(input: Input, segments: readonly Segment[], knownTo: Offset, endOffset: Offset): ProducerState {
  const { context, folder } = input
  const found = snapshotOffsets(context, folder)
  const beyond = found.filter((offset) => offset > endOffset)
  input.removal.remove(beyond.map((offset) => snapshotPath(folder, offset)))
  if (beyond.length > 0) context.disk.syncDirectoryNow(folder)
  let from = 0
  let state = new ProducerState()
  for (const offset of found.filter((candidate) => candidate <= Math.min(endOffset, knownTo)).sort((a, b) => b - a)) {
    const path = snapshotPath(folder, offset)
    const decoded = decodeSnapshot(readWhole(context.disk, path) ?? Buffer.alloc(0))
    if (decoded) {
      state = decoded
      from = offset
      break
    }
    input.logger.warn({ path }, 'A producer snapshot is damaged: made anew from the log')
    input.removal.remove([path])
  }
  for (const segment of segments) {
    if (segment.endOffset <= from || segment.isEmpty) continue
    const { aborted } = segment.indexes
    const before = aborted.entries.length
    replay(segment, aborted, from, state)
    if (segment.isSealed && aborted.entries.length > before) segment.writeIndexes()
  }
  return state
}

/** At a clean stop: the state as of the log's end; the one of an earlier stop is needed no more. */
export function writeClosingSnapshot(
  place: Omit<Input, 'logger'>,
  state: ProducerState,
  endOffset: Offset,
  bases: readonly Offset[],
): void {
  const { context, folder, removal } = place
  writeWhole(context.disk, snapshotPath(folder, endOffset), encodeSnapshot(state))
  const old = snapshotOffsets(context, folder).filter((offset) => offset !== endOffset && !bases.includes(offset))
  removal.remove(old.map((offset) => snapshotPath(folder, offset)))
}

export function snapshotPath(folder: string, offset: Offset): string {
  return `${folder}/${offsetFileName(offset, '.snapshot')}`
}

export function snapshotOffsets({ disk }: SegmentContext, folder: string): Offset[] {
  const offsets: Offset[] = []
  for (const { name } of disk.list(folder)) {
    const parsed = parseOffsetFileName(name)
    if (parsed?.suffix === 'snapshot') offsets.push(parsed.offset)
  }
  return offsets
}

/** The transaction index of a sealed segment: its file, or if that is wrong, its batches after the snapshot taken at its start. */
export function rebuildAborted(disk: Disk, segment: Segment): TransactionIndex {
  const bytes = readWhole(disk, segment.pathOf('.txnindex'))
  const aborted = bytes ? TransactionIndex.parse(bytes, segment.baseOffset) : new TransactionIndex()
  if (aborted) return aborted
  const rebuilt = new TransactionIndex()
  const state = decodeSnapshot(readWhole(disk, segment.pathOf('.snapshot')) ?? Buffer.alloc(0)) ?? new ProducerState()
  replay(segment, rebuilt, segment.baseOffset, state)
  return rebuilt
}

/** Takes in the segment's batches from offset `from` on; what they say of aborted transactions goes to `aborted`. */
function replay(segment: Segment, aborted: TransactionIndex, from: Offset, state: ProducerState): void {
  if (segment.isEmpty) return
  const start = from <= segment.baseOffset ? 0 : positionFor(segment, from)
  segment.with((file) => {
    const scan = new BatchScan(file, start, segment.bytes)
    const known = new Set(aborted.entries.map(({ lastOffset }) => lastOffset))
    while (scan.next()) {
      if (scan.batch.lastOffset < from || scan.batch.producerId < 0) continue
      if (scan.batch.isControl && !scan.needBody()) return
      const entry = state.update(scan.batch)
      if (entry && !known.has(entry.lastOffset)) aborted.append(entry)
    }
  })
}
