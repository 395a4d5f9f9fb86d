/**
 * The commit journal: one pre-extended file that many partitions' newest bytes are made durable in together, by one write and one
 * sync, where a sync for each of their segments would cost as many flushes of the device.
 * Owns: two files used in turn, and what is in them. The segments stay the log; the journal only repeats bytes that were written to
 * them and may not have reached the device yet. After a crash `replayJournal` gives these back, oldest first, before logs recover.
 * Invariants: a round is found whole or not at all (CRC-32C over it); a file is used anew only after every segment it repeats was synced.
 *
 *     file  = round*
 *     round = magic "STLJ", crc int32, generation int64, number int64, size int32, entries int32, entry*    crc: all after it
 *     entry = topic id 16 bytes, partition int32, segment int64, position int64, size int32, bytes
 */
import assert from 'node:assert/strict'
import { uuidBytes, uuidText } from '../../client/protocol/uuid.ts'
import { crc32c } from '../../client/records/crc32c.ts'
import { readInt64, writeInt64 } from '../../client/records/int64.ts'
import type { Logger } from '../metrics/logger.ts'
import { type Disk, DiskError, type DiskFile } from '../platform/disk.ts'
import type { Offset } from './offset.ts'

/** A place in a partition's files. */
export interface JournalPlace {
  readonly topicId: string
  readonly partition: number
  /** The base offset that names the segment. */
  readonly segment: Offset
  readonly position: number
}

/** Bytes to be repeated, and where they were written. */
export interface JournalPart extends JournalPlace {
  readonly chunks: readonly Buffer[]
  readonly size: number
}

/** Bytes that were repeated. */
export interface JournalEntry extends JournalPlace {
  readonly bytes: Buffer
}

export interface JournalOptions {
  readonly disk: Disk
  readonly directory: string
  readonly bytesPerFile: number
  readonly logger: Logger
  /** Syncs the segments of these logs, `topicId/partition`; the file that repeats them is then used anew. */
  syncSegments(logs: ReadonlySet<string>): Promise<void>
}

const magic = 0x53544c4a
const roundHeaderBytes = 36
const entryHeaderBytes = 44
const crcStart = 8
/** In place of a segment: all that came before of this log counts no more. */
const forgotten = -1
const extendChunkBytes = 1024 * 1024

export const journalFileNames = ['commit-journal-0', 'commit-journal-1'] as const

interface Half {
  readonly file: DiskFile
  end: number
  /** Whose segments it repeats. */
  readonly logs: Set<string>
  /** Whose bytes still stand in it from its last use: until it is written anew, a crash finds them. */
  readonly stale: Set<string>
  /** Its segments are being synced: it takes no more. */
  retiring: boolean
}

export class CommitJournal {
  readonly #options: JournalOptions
  readonly #bytesPerFile: number
  #halves: [Half, Half] | undefined
  #current = 0
  #generation: number
  #number = 0
  #opening: Promise<void> | undefined
  #isClosed = false

  /** @param generation higher than any that a round found by `replayJournal` has. */
  constructor(options: JournalOptions, generation: number) {
    this.#options = options
    this.#generation = generation
    this.#bytesPerFile = options.bytesPerFile
  }

  /**
   * Makes and extends the files, so that a commit overwrites space that is there. Until it is done, `commit` has no room,
   * and where the disk refuses it never has.
   */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'The commit journal cannot be made: each log is synced by itself')
    })
    return this.#opening
  }

  async #open(): Promise<void> {
    const halves: Half[] = []
    for (const name of journalFileNames) {
      const file = this.#options.disk.open(`${this.#options.directory}/${name}`, 'replace')
      const zeros = Buffer.alloc(extendChunkBytes)
      for (let at = 0; at < this.#bytesPerFile; at += extendChunkBytes) {
        await file.writeLater([zeros.subarray(0, Math.min(extendChunkBytes, this.#bytesPerFile - at))], at)
      }
      await file.sync()
      halves.push({ file, end: 0, logs: new Set(), stale: new Set(), retiring: false })
    }
    await this.#options.disk.syncDirectory(this.#options.directory)
    if (this.#isClosed) for (const { file } of halves) file.close()
    else this.#halves = halves as [Half, Half]
  }

  /**
   * Makes the parts durable: resolves when they are, rejects with the disk's error. Their chunks are used before it returns.
   * `undefined`: there is no room now, so sync the segments themselves.
   */
  commit(parts: readonly JournalPart[]): Promise<void> | undefined {
    const bytes = parts.reduce((sum, { size }) => sum + entryHeaderBytes + size, roundHeaderBytes)
    const half = this.#halfWithRoom(bytes)
    if (!half) return undefined
    const chunks = this.#encode(parts, bytes)
    for (const part of parts) half.logs.add(journalKey(part))
    const at = half.end
    half.end += bytes
    return this.#write(half, chunks, at)
  }

  /**
   * Part of this log is about to be cut off and written over: what is repeated of it so far must not come back.
   * Blocks until that is on the device; `syncNow` puts the log's own files there first, as nothing else vouches for them then.
   */
  forget(log: Pick<JournalPlace, 'topicId' | 'partition'>, syncNow: () => void): void {
    const key = journalKey(log)
    if (!(this.#halves ?? []).some(({ logs, stale }) => logs.has(key) || stale.has(key))) return
    syncNow()
    const part = { ...log, segment: forgotten, position: 0, chunks: [], size: 0 }
    const bytes = roundHeaderBytes + entryHeaderBytes
    const half = this.#halfWithRoom(bytes)
    if (!half) return this.#voidAll()
    half.file.write(this.#encode([part], bytes), half.end)
    half.end += bytes
    half.file.syncNow()
  }

  /** Without room for a word about one log, the journal forgets all of them; the caller's next rounds sync the files themselves. */
  #voidAll(): void {
    for (const { file } of this.#halves ?? []) {
      file.truncate(0)
      file.syncNow()
    }
    this.#halves = undefined
  }

  async #write({ file, stale }: Half, chunks: readonly Buffer[], at: number): Promise<void> {
    try {
      file.write(chunks, at)
      await file.sync()
      if (at === 0) stale.clear()
    } catch (error) {
      // What is in the file now is unknown: it is never written again.
      this.#halves = undefined
      throw error
    }
  }

  close(): void {
    this.#isClosed = true
    for (const { file } of this.#halves ?? []) file.close()
    this.#halves = undefined
  }

  /** Everything it repeats is durable where it belongs: the files go, so that a clean directory is plain Kafka. */
  remove(): void {
    this.close()
    const { disk, directory } = this.#options
    for (const name of journalFileNames) if (disk.exists(`${directory}/${name}`)) disk.remove(`${directory}/${name}`)
  }

  #halfWithRoom(bytes: number): Half | undefined {
    if (!this.#halves) {
      void this.open()
      return undefined
    }
    const half = this.#halves[this.#current] as Half
    if (!half.retiring && half.end + bytes <= this.#bytesPerFile) return half
    if (!half.retiring) this.#retire(half)
    const other = this.#halves[1 - this.#current] as Half
    if (other.retiring || bytes > this.#bytesPerFile) return undefined
    assert(other.end === 0 && other.logs.size === 0, 'a file is used anew only when it repeats nothing')
    this.#current = 1 - this.#current
    this.#beginAnew()
    return other
  }

  /** The current file is written from its start: its rounds count from 0 again, in a generation that none before had. */
  #beginAnew(): void {
    this.#generation++
    this.#number = 0
  }

  #retire(half: Half): void {
    half.retiring = true
    this.#options.syncSegments(new Set(half.logs)).then(
      () => {
        half.end = 0
        for (const log of half.logs) half.stale.add(log)
        half.logs.clear()
        half.retiring = false
        if (half === this.#halves?.[this.#current]) this.#beginAnew()
      },
      // A segment that cannot be synced takes its log offline; the file keeps what it repeats, and is not used again.
      () => undefined,
    )
  }

  #encode(parts: readonly JournalPart[], bytes: number): Buffer[] {
    const header = Buffer.allocUnsafe(roundHeaderBytes)
    const chunks: Buffer[] = [header]
    for (const { topicId, partition, segment, position, chunks: data, size } of parts) {
      const head = Buffer.allocUnsafe(entryHeaderBytes)
      uuidBytes(topicId).copy(head, 0)
      head.writeInt32BE(partition, 16)
      writeInt64(head, 20, segment)
      writeInt64(head, 28, position)
      head.writeInt32BE(size, 36)
      head.writeInt32BE(0, 40)
      chunks.push(head, ...data)
    }
    header.writeUInt32BE(magic, 0)
    writeInt64(header, 8, this.#generation)
    writeInt64(header, 16, this.#number++)
    header.writeInt32BE(bytes, 24)
    header.writeInt32BE(parts.length, 28)
    header.writeInt32BE(0, 32)
    let crc = crc32c(header, crcStart, header.length)
    for (let index = 1; index < chunks.length; index++) {
      const chunk = chunks[index] as Buffer
      crc = crc32c(chunk, 0, chunk.length, crc)
    }
    header.writeUInt32BE(crc >>> 0, 4)
    return chunks
  }
}

/** What the journal still repeats, oldest first, and the generation to go on from. */
export interface Replay {
  readonly entries: readonly JournalEntry[]
  readonly nextGeneration: number
}

/** Reads what a crash left. Stops, in each file, at the first round that is torn or of another use of the file. */
export function replayJournal(disk: Disk, directory: string): Replay {
  const files = journalFileNames.map((name) => readFile(disk, `${directory}/${name}`)).filter(({ entries }) => entries.length > 0)
  files.sort((a, b) => a.generation - b.generation)
  const newest = files.at(-1)?.generation ?? 0
  return { entries: withoutForgotten(files.flatMap(({ entries }) => entries)), nextGeneration: newest + 1 }
}

function withoutForgotten(entries: readonly JournalEntry[]): JournalEntry[] {
  const forgottenUpTo = new Map<string, number>()
  for (const [at, entry] of entries.entries()) if (entry.segment === forgotten) forgottenUpTo.set(journalKey(entry), at)
  return entries.filter((entry, at) => at > (forgottenUpTo.get(journalKey(entry)) ?? -1))
}

/** How the journal names a log. */
export function journalKey({ topicId, partition }: Pick<JournalPlace, 'topicId' | 'partition'>): string {
  return `${topicId}/${partition}`
}

function readFile(disk: Disk, path: string): { generation: number; entries: JournalEntry[] } {
  const found: { generation: number; entries: JournalEntry[] } = { generation: 0, entries: [] }
  const bytes = wholeFile(disk, path)
  for (let at = 0, number = 0; ; number++) {
    const size = roundAt(bytes, at)
    if (size === 0) return found
    const generation = readInt64(bytes, at + 8)
    if (number > 0 && generation !== found.generation) return found
    if (readInt64(bytes, at + 16) !== number) return found
    found.generation = generation
    decodeRound(bytes.subarray(at, at + size), found.entries)
    at += size
  }
}

function wholeFile(disk: Disk, path: string): Buffer {
  if (!disk.exists(path)) return Buffer.alloc(0)
  const file = disk.open(path, 'read')
  try {
    const bytes = Buffer.allocUnsafe(file.size())
    return bytes.subarray(0, file.read(bytes, 0))
  } catch (error) {
    if (error instanceof DiskError) throw new DiskError(error.code, 'read the commit journal', path, error)
    throw error
  } finally {
    file.close()
  }
}

/** The size of the whole, undamaged round here; 0 if there is none. */
function roundAt(bytes: Buffer, at: number): number {
  if (at + roundHeaderBytes > bytes.length || bytes.readUInt32BE(at) !== magic) return 0
  const size = bytes.readInt32BE(at + 24)
  if (size < roundHeaderBytes || at + size > bytes.length) return 0
  return crc32c(bytes, at + crcStart, at + size) >>> 0 === bytes.readUInt32BE(at + 4) ? size : 0
}

function decodeRound(round: Buffer, into: JournalEntry[]): void {
  let at = roundHeaderBytes
  for (let left = round.readInt32BE(28); left > 0; left--) {
    const size = round.readInt32BE(at + 36)
    const bytes = round.subarray(at + entryHeaderBytes, at + entryHeaderBytes + size)
    into.push({
      topicId: uuidText(round.subarray(at, at + 16)),
      partition: round.readInt32BE(at + 16),
      segment: readInt64(round, at + 20),
      position: readInt64(round, at + 28),
      bytes,
    })
    at += entryHeaderBytes + size
  }
}
