/**
 * The index files of a segment: entries in order, as far as they make an index, and whether the segment beside them bears them out.
 * Room that Kafka set aside at the end of an index is zeros, and no damage.
 */
import { BatchScan } from '../log/batch-scan.ts'
import { OffsetIndex, offsetIndexEntryBytes } from '../log/offset-index.ts'
import { TimeIndex, timeIndexEntryBytes } from '../log/time-index.ts'
import { TransactionIndex, transactionIndexEntryBytes } from '../log/transaction-index.ts'
import { readWhole } from '../log/whole-file.ts'
import { DiskError, type DiskFile } from '../platform/disk.ts'
import { nodeDisk } from '../platform/node/disk.ts'
import type { DumpedFile } from './dump-kinds.ts'
import { momentText } from './dump-output.ts'

/** Throws DiskError; a file that is asked for is there. */
export function readFile(path: string): Buffer {
  const bytes = readWhole(nodeDisk, path)
  if (!bytes) throw new DiskError('ENOENT', 'open', path)
  return bytes
}

/** The longest run of whole entries that `parse` takes. */
function longestPrefix<Index>(
  bytes: Buffer,
  entryBytes: number,
  parse: (bytes: Buffer) => Index | undefined,
): { index: Index; end: number } {
  let low = 0
  let high = Math.floor(bytes.length / entryBytes)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (parse(bytes.subarray(0, middle * entryBytes))) low = middle
    else high = middle - 1
  }
  const end = low * entryBytes
  return { index: parse(bytes.subarray(0, end)) as Index, end }
}

async function dumpRest(bytes: Buffer, end: number, { output }: DumpedFile): Promise<void> {
  const rest = bytes.subarray(end)
  if (rest.length === 0) return
  const isRoom = rest.every((byte) => byte === 0)
  if (isRoom) await output.fact('room', { position: end, bytes: rest.length }, `${rest.length} bytes of room, not used yet`)
  else await output.damage(end, `what follows is no further entry of this index (${rest.length} bytes)`)
}

export async function dumpOffsetIndex(file: DumpedFile): Promise<void> {
  const { baseOffset, output } = file
  const bytes = readFile(file.path)
  const parse = (part: Buffer) => OffsetIndex.parse(part, baseOffset, Number.POSITIVE_INFINITY)
  const { index, end } = longestPrefix(bytes, offsetIndexEntryBytes, parse)
  const segment = segmentBeside(file)
  try {
    let at = 0
    for (const { offset, position } of index.entries()) {
      await output.fact('entry', { offset, position }, `offset ${offset}  position ${position}`)
      const fault = segment && faultAt(segment, offset, position)
      if (fault !== undefined)
        await output.damage(at, `the segment has ${fault} at position ${position}, not the batch of offset ${offset}`)
      at += offsetIndexEntryBytes
    }
  } finally {
    segment?.close()
  }
  await dumpRest(bytes, end, file)
}

function segmentBeside({ path }: DumpedFile): DiskFile | undefined {
  const log = path.replace(/\.index$/, '.log')
  return nodeDisk.exists(log) ? nodeDisk.open(log, 'read') : undefined
}

const headerReadBytes = 4096

/** Undefined where the batch at `position` is the one that an index may lead to for `offset`. */
function faultAt(segment: DiskFile, offset: number, position: number): string | undefined {
  const size = segment.size()
  if (position >= size) return 'no bytes'
  const scan = new BatchScan(segment, position, size, headerReadBytes)
  if (!scan.next()) return `no batch (${scan.damage})`
  const { batch } = scan
  return batch.baseOffset > offset ? `a batch of offset ${batch.baseOffset}` : undefined
}

export async function dumpTimeIndex(file: DumpedFile): Promise<void> {
  const { baseOffset, output } = file
  const bytes = readFile(file.path)
  const parse = (part: Buffer) => TimeIndex.parse(part, baseOffset, Number.POSITIVE_INFINITY)
  const { index, end } = longestPrefix(bytes, timeIndexEntryBytes, parse)
  for (const { timestamp, offset } of index.entries()) {
    await output.fact('entry', { timestamp, offset }, `${momentText(timestamp)}  offset ${offset}`)
  }
  await dumpRest(bytes, end, file)
}

export async function dumpTransactionIndex(file: DumpedFile): Promise<void> {
  const { baseOffset, output } = file
  const bytes = readFile(file.path)
  const { index, end } = longestPrefix(bytes, transactionIndexEntryBytes, (part) => TransactionIndex.parse(part, baseOffset))
  for (const entry of index.entries) {
    const { producerId, firstOffset, lastOffset, lastStableOffset } = entry
    const text = `producer ${producerId} aborted offsets ${firstOffset}..${lastOffset}  last stable offset ${lastStableOffset}`
    await output.fact('entry', entry, text)
  }
  await dumpRest(bytes, end, file)
}
