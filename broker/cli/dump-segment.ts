/**
 * Record batches in a file, of a segment or of a metadata snapshot: each with its header, and its records where they are wanted.
 * Of the metadata log the records are shown as what they say.
 */
import { isUtf8 } from 'node:buffer'
import { basename, dirname, resolve } from 'node:path'
import { DecodeError } from '../../client/protocol/malformed.ts'
import type { RecordBatch } from '../../client/records/batch.ts'
import { codecNames } from '../../client/records/compression/codec.ts'
import { controlTypeNames, controlTypeOf } from '../../client/records/control.ts'
import { recordsOf, type StoredRecord } from '../../client/records/record.ts'
import { RecordsError } from '../../client/records/records-error.ts'
import { parseSnapshotName } from '../cluster/metadata-log/snapshot-file.ts'
import { decodeRecord } from '../cluster/records.ts'
import { BatchScan, OldFormat } from '../log/batch-scan.ts'
import type { DiskFile } from '../platform/disk.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeDisk } from '../platform/node/disk.ts'
import type { DumpedFile } from './dump-kinds.ts'
import { momentText } from './dump-output.ts'
import { Progress } from './progress.ts'
import { bytesText } from './quantities.ts'

export async function dumpBatches(file: DumpedFile): Promise<void> {
  const opened = nodeDisk.open(file.path, 'read')
  try {
    await dumpOpened(file, opened)
  } catch (error) {
    if (!(error instanceof OldFormat)) throw error
    await file.output.damage(0, error.message)
  } finally {
    opened.close()
  }
}

async function dumpOpened({ path, baseOffset, records, terminal, output }: DumpedFile, opened: DiskFile): Promise<void> {
  const size = opened.size()
  const scan = new BatchScan(opened, 0, size)
  const { batch } = scan
  const isMetadata = holdsMetadata(path)
  const progress = new Progress(terminal.err, nodeClock, { title: 'reading', total: size, unit: 'bytes' })
  let nextOffset = baseOffset
  while (scan.next()) {
    if (!terminal.out.isTerminal) progress.done(scan.position)
    if (!scan.needBody()) break
    const isSound = batch.checkCrc()
    const facts = headerFacts(batch, scan.position, isSound)
    await output.fact('batch', facts, headerText(facts))
    if (!isSound) await output.damage(scan.position, `the checksum of the batch at offset ${batch.baseOffset} does not match its bytes`)
    else if (batch.baseOffset < nextOffset)
      await output.damage(scan.position, `the batch begins at offset ${batch.baseOffset}, where ${nextOffset} is due`)
    if (isSound && records) await dumpRecords(batch, scan.position, isMetadata, output)
    if (isSound) nextOffset = Math.max(nextOffset, batch.nextOffset)
  }
  progress.clear()
  const { nextPosition, damage } = scan
  if (damage !== undefined) await output.damage(nextPosition, `${damage}; ${restText(opened, nextPosition, size)}`)
}

function holdsMetadata(path: string): boolean {
  return parseSnapshotName(basename(path)) !== undefined || basename(dirname(resolve(path))).startsWith('__cluster_metadata-')
}

interface HeaderFacts {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly position: number
  readonly bytes: number
  readonly records: number
  readonly codec: string
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly timestampType: 'create' | 'append'
  readonly leaderEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly transactional: boolean
  readonly control: boolean
  readonly deleteHorizon: number | null
  readonly crc: number
  readonly sound: boolean
}

function headerFacts(batch: RecordBatch, position: number, sound: boolean): HeaderFacts {
  return {
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    position,
    bytes: batch.bytes,
    records: batch.recordCount,
    codec: codecNames[batch.codec] ?? `codec ${batch.codec}`,
    baseTimestamp: batch.baseTimestamp,
    maxTimestamp: batch.maxTimestamp,
    timestampType: batch.isLogAppendTime ? 'append' : 'create',
    leaderEpoch: batch.partitionLeaderEpoch,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    lastSequence: batch.lastSequence,
    transactional: batch.isTransactional,
    control: batch.isControl,
    deleteHorizon: batch.deleteHorizon ?? null,
    crc: batch.crc,
    sound,
  }
}

function headerText(facts: HeaderFacts): string {
  const { baseOffset, lastOffset, position, bytes, records, codec, maxTimestamp, timestampType, leaderEpoch, producerId } = facts
  const parts = [
    `offsets ${baseOffset}..${lastOffset}`,
    `position ${position}`,
    `${bytesText(bytes)}`,
    `${records} record${records === 1 ? '' : 's'}`,
    codec,
    `${timestampType} time ${momentText(maxTimestamp)}`,
    `leader epoch ${leaderEpoch}`,
  ]
  if (producerId >= 0) {
    parts.push(`producer ${producerId} epoch ${facts.producerEpoch} sequences ${facts.baseSequence}..${facts.lastSequence}`)
  }
  if (facts.transactional) parts.push('transactional')
  if (facts.control) parts.push('control')
  if (facts.deleteHorizon !== null) parts.push(`delete horizon ${momentText(facts.deleteHorizon)}`)
  return parts.join('  ')
}

async function dumpRecords(batch: RecordBatch, position: number, isMetadata: boolean, output: DumpedFile['output']): Promise<void> {
  try {
    const control = batch.isControl ? controlTypeOf(batch) : undefined
    for (const record of recordsOf(batch)) {
      const { offset, timestamp } = record
      const content = control === undefined ? contentOf(record, isMetadata) : { control: controlTypeNames[control] ?? control }
      await output.fact('record', { offset, timestamp, ...content }, recordText(offset, timestamp, content), 2)
    }
  } catch (error) {
    if (!(error instanceof RecordsError) && !(error instanceof DecodeError)) throw error
    await output.damage(position, `a record of the batch at offset ${batch.baseOffset} cannot be read: ${error.message}`)
  }
}

function contentOf({ key, value, headers }: StoredRecord, isMetadata: boolean): Record<string, unknown> {
  if (isMetadata && value) {
    const record = decodeRecord(value)
    return record.name === 'carried' ? { type: record.type, version: record.version, value: plain(record.body) } : { ...record }
  }
  return {
    key: plain(key),
    value: plain(value),
    ...(headers.length === 0 ? {} : { headers: headers.map(([name, content]) => [name, plain(content)]) }),
  }
}

/** A string where the bytes are text. */
function plain(bytes: Buffer | null): unknown {
  if (bytes === null) return null
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') }
}

function recordText(offset: number, timestamp: number, content: Record<string, unknown>): string {
  const parts = Object.entries(content).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return [offset, momentText(timestamp), ...parts].join('  ')
}

const lookBytes = 1024 * 1024

/** What lies behind the last batch that could be read. */
function restText(opened: DiskFile, from: number, size: number): string {
  const look = Buffer.alloc(Math.min(size - from, lookBytes))
  const isZero = look.subarray(0, opened.read(look, from)).every((byte) => byte === 0)
  return `${bytesText(size - from)} from there on ${isZero ? 'are zeros' : 'cannot be read'}`
}
