/**
 * How much of one log is on the device, and what must be done for the rest.
 * Owns: the durable end, and the word for each segment and name. Never: writes batches, retries, or decides when (group-commit.ts).
 * Invariant: syncedEnd <= durableEnd; both only move when a sync or a commit journal's round that began later than the write succeeded.
 */
import type { Disk } from '../platform/disk.ts'
import { noteEpochs } from './epoch-file.ts'
import type { Unsecured } from './group-commit.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { Offset } from './offset.ts'
import { syncPartitionMetadata } from './partition-files.ts'
import type { Segment } from './segment.ts'
import type { Segments } from './segments.ts'
import type { LogTail } from './tail-cache.ts'

interface Environment {
  readonly disk: Disk
  syncRoot(): Promise<void>
}

/** The log, as the commit journal must name it, and how far it is written. */
interface Written {
  readonly topicId: string
  readonly partition: number
  readonly writtenEnd: Offset
}

export class LogDurability {
  folderIsDurable: boolean
  readonly #environment: Environment
  readonly #segments: Segments
  #durableEnd: Offset = 0
  #syncedEnd: Offset = 0
  /** Counts what makes a sync that is on its way mean nothing: it speaks of files that are no more. */
  #interruptions = 0
  #noting: Promise<void> | undefined

  constructor(environment: Environment, segments: Segments, folderIsDurable: boolean) {
    this.#environment = environment
    this.#segments = segments
    this.folderIsDurable = folderIsDurable
  }

  /** Everything below is on the device, here or in the commit journal. */
  get durableEnd(): Offset {
    return this.#durableEnd
  }

  /** Everything below is on the device in the log's own files. */
  get syncedEnd(): Offset {
    return this.#syncedEnd
  }

  endsAt(offset: Offset): void {
    this.#durableEnd = this.#syncedEnd = offset
  }

  /** The log was cut. */
  cutTo(end: Offset): void {
    this.interrupted()
    this.#durableEnd = Math.min(this.#durableEnd, end)
    this.#syncedEnd = Math.min(this.#syncedEnd, end)
  }

  interrupted(): void {
    this.#interruptions++
  }

  /** Puts what is written on the device; rejects with the disk's error. */
  async sync(folder: string, covered: Offset, epochs: LeaderEpochs): Promise<void> {
    const unsynced = this.#unsynced()
    const interruptions = this.#interruptions
    if (unsynced.length > 0) {
      const { disk } = this.#environment
      const work = unsynced.map(({ segment }) => syncFile(segment))
      if (unsynced.some(({ segment }) => !segment.nameIsDurable)) work.push(disk.syncDirectory(folder))
      if (!this.folderIsDurable) work.push(this.#environment.syncRoot(), syncPartitionMetadata(disk, folder))
      if (epochs.hasFile || epochs.count > 1 || this.#segments.count > 1) work.push(this.noteEpochs(folder, epochs))
      await Promise.all(work)
      if (interruptions !== this.#interruptions) return
      this.folderIsDurable = true
    }
    for (const { segment, bytes } of unsynced) {
      segment.durableBytes = Math.max(segment.durableBytes, bytes)
      segment.nameIsDurable = true
    }
    this.#durableEnd = Math.max(this.#durableEnd, covered)
    this.#syncedEnd = Math.max(this.#syncedEnd, covered)
  }

  /**
   * Of one segment and one epoch the batches tell as well: a file less for each of very many partitions, until the log is closed.
   * One write at a time, and none once all is noted.
   */
  async noteEpochs(folder: string, epochs: LeaderEpochs): Promise<void> {
    while (epochs.noted !== epochs.changes) {
      this.#noting ??= noteEpochs(this.#environment.disk, folder, epochs).finally(() => (this.#noting = undefined))
      await this.#noting
    }
  }

  /** Those with bytes or a name to sync: always the last ones, as each sync takes all. */
  #unsynced(): { segment: Segment; bytes: number }[] {
    const found: { segment: Segment; bytes: number }[] = []
    const list = this.#segments.all()
    for (let at = list.length - 1; at >= 0; at--) {
      const segment = list[at] as Segment
      if (segment.durableBytes >= segment.writtenBytes && segment.nameIsDurable) break
      found.push({ segment, bytes: segment.writtenBytes })
    }
    return found
  }

  /** The same for the files alone, waiting for the device. */
  syncNow(): void {
    for (const segment of this.#segments.all()) {
      if (segment.durableBytes >= segment.writtenBytes) continue
      segment.with((file) => file.syncNow())
      segment.durableBytes = segment.writtenBytes
    }
  }

  /** What the commit journal must repeat to make all that is written durable; undefined where only a sync will do. */
  unsecured({ topicId, partition, writtenEnd }: Written, tail: LogTail): Unsecured | undefined {
    const segment = this.#segments.active
    if (!segment?.nameIsDurable || !this.folderIsDurable) return undefined
    const before = this.#segments.all().at(-2)
    if (before && before.securedBytes < before.writtenBytes) return undefined
    const { writtenBytes, securedBytes } = segment
    const held = tail.hold(segment, securedBytes, writtenBytes)
    if (!held) return undefined
    const interruptions = this.#interruptions
    return {
      topicId,
      partition,
      segment: segment.baseOffset,
      position: securedBytes,
      chunks: held.chunks,
      size: writtenBytes - securedBytes,
      release: () => held.release(),
      secured: () => {
        if (interruptions !== this.#interruptions) return
        segment.journaledBytes = Math.max(segment.journaledBytes, writtenBytes)
        this.#durableEnd = Math.max(this.#durableEnd, writtenEnd)
      },
    }
  }
}

async function syncFile(segment: Segment): Promise<void> {
  const open = segment.use()
  try {
    await open.file.sync()
  } finally {
    open.done()
  }
}
