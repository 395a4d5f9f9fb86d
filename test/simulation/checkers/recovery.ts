/**
 * Invariant 6: after any crash a log is the longest prefix of whole, valid batches that its files hold.
 * Owns: the reading of those files, anew and without the broker's help. Looks when a broker has just died, and again when the next one is up.
 */
import { batchAt, type FoundBatch } from '../clients/batch.ts'
import type { PartitionHistory } from '../history.ts'
import type { SimulatedDisk } from '../platform/disk.ts'
import { Violation } from '../violation.ts'

/** What the files of a partition hold: the batches a broker must find there. */
export interface Survey {
  start: number
  end: number
  batches: FoundBatch[]
}

const segmentName = /^(\d{20})\.log$/

/** What the commit journal repeats of one partition's segments. */
export interface Repeated {
  readonly segment: number
  readonly position: number
  readonly bytes: Buffer
}

/**
 * Reads the segments in order up to the first byte that does not belong. Segments that lie wholly below `startSeen` need not be there:
 * they were being deleted.
 */
export function survey(disk: SimulatedDisk, dataDirectory: string, history: PartitionHistory, journal: readonly Repeated[]): Survey {
  const segments = segmentsOf(disk, `${dataDirectory}/${history.name}`, journal)
  const bases = [...segments.keys()].sort((one, other) => one - other)
  const mayStartAt = Math.max(history.startSeen, history.deletingBefore)
  let found: Survey = { start: bases[0] ?? 0, end: bases[0] ?? 0, batches: [] }
  let isBroken = false
  for (const base of bases) {
    if (isBroken || base !== found.end) {
      if (base > mayStartAt) break
      found = { start: base, end: base, batches: [] }
    }
    isBroken = !readSegment(segments.get(base) as Buffer, found, mayStartAt)
  }
  return found
}

/** By base offset, with what the journal repeats put where it belongs. Segments that are gone stay gone. */
function segmentsOf(disk: SimulatedDisk, folder: string, journal: readonly Repeated[]): Map<number, Buffer> {
  const segments = new Map<number, Buffer>()
  for (const name of disk.namesIn(folder)) {
    const digits = segmentName.exec(name)?.[1]
    if (digits !== undefined) segments.set(Number(digits), disk.peek(`${folder}/${name}`) as Buffer)
  }
  for (const { segment, position, bytes } of journal) {
    const held = segments.get(segment)
    if (!held || position > held.length) continue
    const whole = Buffer.alloc(Math.max(held.length, position + bytes.length))
    held.copy(whole)
    bytes.copy(whole, position)
    segments.set(segment, whole)
  }
  return segments
}

/** Whether the segment is whole to its last byte. Below the start of the log there may be a gap: those records had been deleted, and were then lost. */
function readSegment(bytes: Buffer, found: Survey, startSeen: number): boolean {
  for (let position = 0; position < bytes.length; ) {
    const batch = batchAt(bytes, position)
    if (typeof batch === 'string') return false
    if (batch.baseOffset !== found.end) {
      if (batch.baseOffset < found.end || batch.baseOffset > startSeen) return false
      Object.assign(found, { start: batch.baseOffset, end: batch.baseOffset, batches: [] })
    }
    found.batches.push({ ...batch, bytes: Buffer.from(batch.bytes) })
    found.end = batch.endOffset
    position += batch.bytes.length
  }
  return true
}

/** What the checker may see of it. */
interface RecoveredLog {
  readonly startOffset: number
  readonly endOffset: number
  epochAt(offset: number): number
}

/** The broker is up: its log must be what the survey found. */
export function checkRecovered(history: PartitionHistory, found: Survey, log: RecoveredLog): void {
  // Records may have been deleted up to an end that was then lost: the log goes on from there.
  if (log.endOffset !== Math.max(found.end, log.startOffset)) {
    const fate = log.endOffset < found.end ? 'whole batches were cut off' : 'there is more than was whole'
    throw new Violation(
      6,
      `${history.name}: the files held whole batches up to ${found.end}, the recovered log ends at ${log.endOffset}: ${fate}`,
    )
  }
  if (!history.mayExpire && log.startOffset > Math.max(history.startSeen, history.deletingBefore, found.start)) {
    throw new Violation(1, `${history.name}: the log starts at ${log.startOffset} after recovery, and started at ${history.startSeen}`)
  }
  for (const { baseOffset, leaderEpoch } of found.batches) {
    if (baseOffset < log.startOffset || log.epochAt(baseOffset) === leaderEpoch) continue
    throw new Violation(
      6,
      `${history.name}: the batch at ${baseOffset} is of epoch ${leaderEpoch}, and of ${log.epochAt(baseOffset)} as the recovered log has it`,
    )
  }
}
