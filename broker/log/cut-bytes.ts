/**
 * What recovery cuts off a log, kept aside where there may be something in it: `<segment>.log.<offset>.cut`.
 * A torn or zeroed tail holds nothing; batches that are whole and valid behind a damaged one do.
 */
import { batchHeaderBytes, RecordBatch } from '../../client/records/batch.ts'
import type { Disk } from '../platform/disk.ts'
import type { Segment } from './segment.ts'

/** How much of the cut part is searched for a valid batch, byte by byte. */
const searchedBytesMax = 4 * 1024 * 1024
const pieceBytes = 1024 * 1024

/** Saves what lies after the segment's valid bytes if valid batches are in it. The file's path if so. */
export function keepCutBytes(disk: Disk, segment: Segment, fileBytes: number): string | undefined {
  const start = segment.bytes
  const searched = Buffer.allocUnsafe(Math.min(searchedBytesMax, fileBytes - start))
  segment.with((file) => file.read(searched, start))
  if (!holdsValidBatch(searched, segment.baseOffset)) return undefined
  const path = `${segment.path}.${segment.endOffset}.cut`
  const aside = disk.open(path, 'replace')
  try {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, fileBytes - start))
    segment.with((file) => {
      for (let position = start; position < fileBytes; position += piece.length) {
        const got = file.read(piece.subarray(0, Math.min(piece.length, fileBytes - position)), position)
        aside.write([piece.subarray(0, got)], position - start)
      }
    })
    aside.syncNow()
  } finally {
    aside.close()
  }
  return path
}

function holdsValidBatch(bytes: Buffer, baseOffset: number): boolean {
  const batch = new RecordBatch(bytes)
  for (let at = 0; at + batchHeaderBytes <= bytes.length; at++) {
    if (bytes[at + 16] !== 2) continue
    batch.moveTo(bytes, at)
    const size = batch.bytes
    if (size < batchHeaderBytes || at + size > bytes.length || batch.baseOffset < baseOffset) continue
    if (batch.checkCrc()) return true
  }
  return false
}
