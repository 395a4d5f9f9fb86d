/**
 * The commit journal: one pre-extended file that many partitions' newest bytes are made durable in together, by one write and one
 * sync, where a sync for each of their segments would cost as many flushes of the device.
 * Owns: two files used in turn, and what is in them. The segments stay the log; the journal only repeats bytes that were written to
 * them and may not have reached the device yet. After a crash `replayJournal` gives these back, oldest first, before logs recover.
 * Invariants: a round is found whole or not at all (CRC-32C over it); a file is used anew only after every segment it repeats was synced.
 * A log whose bytes are about to be others leaves the journal first, by a word in a third file, which stands however the two are used.
 */
import assert from 'node:assert/strict'
import type { Logger } from '../metrics/logger.ts'
import { type Disk, DiskError, type DiskFile } from '../platform/disk.ts'
import {
  encodeRound,
  type JournalEntry,
  type JournalPart,
  type JournalPlace,
  type Round,
  roundBytes,
  type RoundId,
  roundsOf,
} from './journal-rounds.ts'
import { replaceNow } from './whole-file.ts'

export interface JournalOptions {
  readonly disk: Disk
  readonly directory: string
  readonly bytesPerFile: number
  readonly logger: Logger
  /** Syncs the segments of these logs, `topicId/partition`; the file that repeats them is then used anew. */
  syncSegments(logs: ReadonlySet<string>): Promise<void>
}

/** In place of a segment: all that came before of this log counts no more. */
const forgotten = -1
const extendChunkBytes = 1024 * 1024

const halfNames = ['commit-journal-0', 'commit-journal-1'] as const
const wordsName = 'commit-journal-forgotten'

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
  /** The disk failed a write: what is in the files is unknown, so they are never written again. */
  #isBroken = false
  /** Rounds of one word each, by log, as the third file has them: each counts before the round that comes next. */
  #words: ReadonlyMap<string, Buffer> = new Map()
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
    for (const name of halfNames) {
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
    const bytes = roundBytes(parts)
    const half = this.#halfWithRoom(bytes)
    if (!half) return undefined
    const chunks = encodeRound(parts, this.#nextRound)
    this.#number++
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
    if (!this.#repeats(key)) return
    syncNow()
    const word = Buffer.concat(encodeRound([{ ...log, segment: forgotten, position: 0, chunks: [], size: 0 }], this.#nextRound))
    const words = new Map([...this.#words].filter(([other]) => this.#repeats(other))).set(key, word)
    const { disk, directory } = this.#options
    replaceNow(disk, `${directory}/${wordsName}`, Buffer.concat([...words.values()]))
    this.#words = words
  }

  /** Bytes of this log stand in a file. */
  #repeats(key: string): boolean {
    return (this.#halves ?? []).some(({ logs, stale }) => logs.has(key) || stale.has(key))
  }

  async #write({ file, stale }: Half, chunks: readonly Buffer[], at: number): Promise<void> {
    try {
      file.write(chunks, at)
      await file.sync()
      if (at === 0) stale.clear()
    } catch (error) {
      this.#isBroken = true
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
    removeJournal(this.#options.disk, this.#options.directory)
  }

  #halfWithRoom(bytes: number): Half | undefined {
    if (!this.#halves) {
      void this.open()
      return undefined
    }
    if (this.#isBroken) return undefined
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

  get #nextRound(): RoundId {
    return { generation: this.#generation, number: this.#number }
  }
}

/** What the journal still repeats, oldest first, and the generation to go on from. */
export interface Replay {
  readonly entries: readonly JournalEntry[]
  readonly nextGeneration: number
}

/** Reads what a crash left. Stops, in each file, at the first round that is torn or of another use of the file. */
export function replayJournal(disk: Disk, directory: string): Replay {
  const uses = halfNames.map((name) => lastUse(wholeFile(disk, `${directory}/${name}`)))
  const rounds = [...roundsOf(wholeFile(disk, `${directory}/${wordsName}`)), ...uses.flat()]
  rounds.sort((a, b) => a.generation - b.generation || a.number - b.number)
  const newest = rounds.at(-1)?.generation ?? 0
  return { entries: withoutForgotten(rounds.flatMap(({ entries }) => entries)), nextGeneration: newest + 1 }
}

/** The files that repeat go first, for good: what is left of them must not come back without the words of those that left it. */
export function removeJournal(disk: Disk, directory: string): void {
  const there = halfNames.map((name) => `${directory}/${name}`).filter((path) => disk.exists(path))
  for (const path of there) disk.remove(path)
  if (there.length > 0) disk.syncDirectoryNow(directory)
  const words = `${directory}/${wordsName}`
  if (disk.exists(words)) disk.remove(words)
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

/** The rounds of a file since it was last begun anew. */
function lastUse(bytes: Buffer): Round[] {
  const use: Round[] = []
  for (const round of roundsOf(bytes)) {
    if (round.number !== use.length || round.generation !== (use[0] ?? round).generation) break
    use.push(round)
  }
  return use
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
