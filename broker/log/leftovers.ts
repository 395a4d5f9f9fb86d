/**
 * What an interrupted deletion, compaction or checkpoint left in a partition's folder, put in order the way Kafka does:
 * `.deleted` and `.cleaned` go; a `.swap` was complete, so it takes its place, and the segments it replaces go.
 * Files of no known name are left alone.
 */
import type { Disk } from '../platform/disk.ts'
import { BatchScan } from './batch-scan.ts'
import type { FileRemoval } from './file-removal.ts'
import type { Offset } from './offset.ts'
import { offsetFileName, parseOffsetFileName } from './segment-files.ts'

const temporary = new Set(['leader-epoch-checkpoint.tmp', 'leader-epoch-checkpoint.later.tmp', 'partition.metadata.tmp'])
const derived = new Set(['index', 'timeindex', 'txnindex'])

/** Where the segments begin, in order. */
export function settleLeftovers(disk: Disk, removal: FileRemoval, folder: string): Offset[] {
  const bases: Offset[] = []
  const indexes: { offset: Offset; name: string }[] = []
  const swaps: { offset: Offset; suffix: string; name: string }[] = []
  let firstCleaned = Number.MAX_SAFE_INTEGER
  for (const { name, kind } of disk.list(folder)) {
    if (kind !== 'file') continue
    if (temporary.has(name) || /\.txnindex(\.cleaned)?\.tmp$/.test(name)) removal.remove([`${folder}/${name}`])
    const parsed = parseOffsetFileName(name)
    if (!parsed) continue
    const { offset, suffix } = parsed
    if (suffix === 'log') bases.push(offset)
    else if (derived.has(suffix)) indexes.push({ offset, name })
    else if (suffix.endsWith('.swap')) swaps.push({ offset, suffix, name })
    else if (suffix.endsWith('.deleted') || suffix.endsWith('.cleaned')) {
      if (suffix.endsWith('.cleaned')) firstCleaned = Math.min(firstCleaned, offset)
      removal.remove([`${folder}/${name}`])
    }
  }
  const kept = swaps.length === 0 ? bases : finishSwaps(disk, removal, folder, bases, swaps, firstCleaned)
  const known = new Set(kept)
  removal.remove(indexes.filter(({ offset }) => !known.has(offset)).map(({ name }) => `${folder}/${name}`))
  return kept.sort((a, b) => a - b)
}

/**
 * A `.cleaned` file beside it says that the swap had not begun in earnest: then the old segments stand. Names that are on the device come first:
 * the `.swap` before what it replaces goes, and that is gone before the `.swap` has its place, so that a power failure leaves either.
 */
function finishSwaps(
  disk: Disk,
  removal: FileRemoval,
  folder: string,
  bases: Offset[],
  swaps: { offset: Offset; suffix: string; name: string }[],
  firstCleaned: Offset,
): Offset[] {
  const kept = new Set(bases)
  const complete = swaps.filter(({ offset }) => offset < firstCleaned)
  removal.remove(swaps.filter(({ offset }) => offset >= firstCleaned).map(({ name }) => `${folder}/${name}`))
  if (complete.length > 0) disk.syncDirectoryNow(folder)
  const logs = complete.filter(({ suffix }) => suffix === 'log.swap').map(({ offset, name }) => ({ offset, path: `${folder}/${name}` }))
  for (const { offset, path } of logs) {
    const end = endOf(disk, path, offset)
    for (const base of [...kept]) {
      if (base < offset || base >= end) continue
      kept.delete(base)
      removal.remove(['.log', '.index', '.timeindex', '.txnindex'].map((ending) => `${folder}/${offsetFileName(base, ending)}`))
    }
  }
  if (logs.length > 0) disk.syncDirectoryNow(folder)
  for (const { offset, path } of logs) {
    disk.rename(path, `${folder}/${offsetFileName(offset, '.log')}`)
    kept.add(offset)
  }
  // The log's own file goes first: where only these are left, it has its place already.
  for (const { offset, suffix, name } of complete) {
    if (suffix === 'log.swap') continue
    if (kept.has(offset)) disk.rename(`${folder}/${name}`, `${folder}/${offsetFileName(offset, `.${suffix.slice(0, -'.swap'.length)}`)}`)
    else removal.remove([`${folder}/${name}`])
  }
  return [...kept]
}

function endOf(disk: Disk, path: string, base: Offset): Offset {
  const file = disk.open(path, 'read')
  try {
    let end = base + 1
    const scan = new BatchScan(file, 0, file.size())
    while (scan.next()) end = scan.batch.nextOffset
    return end
  } finally {
    file.close()
  }
}
