/**
 * The metadata log on this broker's own disk, in Kafka's place and format: the partition folder `__cluster_metadata-0`, with its
 * snapshots in it. A data directory that Apache Kafka wrote in KRaft mode is read as it stands, and appended to.
 * Owns: that partition, and which snapshots stay. Never: interprets a record. One writer, so a Conflict is a mistake of ours.
 */
import { DecodeError } from '../../../client/protocol/malformed.ts'
import { metadataTopicUuid } from '../../../client/protocol/uuid.ts'
import { RecordsError } from '../../../client/records/records-error.ts'
import { Settings } from '../../config/settings.ts'
import { DirectoryRefused, type LogDirectory } from '../../log/log-directory.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import type { Logger } from '../../metrics/logger.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Disk, DiskError } from '../../platform/disk.ts'
import type { MetadataRecord } from '../records.ts'
import { readBatches, writeBatch } from './batches.ts'
import { Conflict, type Entries, type MetadataLog, type Offset } from './metadata-log.ts'
import { parseSnapshotName, readSnapshot, type SnapshotId, snapshotBytes, snapshotName } from './snapshot-file.ts'

export interface EmbeddedOptions {
  readonly platform: { readonly disk: Disk; readonly clock: Clock }
  readonly directory: LogDirectory
  readonly logger: Logger
  /** A snapshot pays when this much came since the last one, or as much as that one held. */
  readonly bytesBetweenSnapshots?: number
}

const mebibyte = 1024 * 1024
const topic = '__cluster_metadata'
const readBytes = mebibyte
/** The newest one, and one to fall back on. */
const snapshotsKept = 2

/** Never deleted by age or size; a snapshot alone lets entries go. */
const logConfig = Settings.defaults.logConfig(
  new Map([
    ['retention.ms', '-1'],
    ['retention.bytes', '-1'],
    ['segment.bytes', String(16 * mebibyte)],
    ['max.message.bytes', String(32 * mebibyte)],
  ]),
)

export class EmbeddedMetadataLog implements MetadataLog {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #directory: LogDirectory
  readonly #log: PartitionLog
  readonly #folder: string
  readonly #bytesBetween: number
  #bytesSinceSnapshot = 0
  #snapshotBytes = 0
  #isSnapshotting = false

  private constructor({ platform, directory, logger, bytesBetweenSnapshots = 4 * mebibyte }: EmbeddedOptions) {
    this.#disk = platform.disk
    this.#clock = platform.clock
    this.#logger = logger
    this.#directory = directory
    this.#bytesBetween = bytesBetweenSnapshots
    this.#folder = `${directory.path}/${topic}-0`
    this.#log = directory.openLog({ topic, partition: 0, topicId: metadataTopicUuid, config: logConfig })
  }

  static open(options: EmbeddedOptions): EmbeddedMetadataLog {
    return new EmbeddedMetadataLog(options)
  }

  get wantsSnapshot(): boolean {
    return !this.#isSnapshotting && this.#bytesSinceSnapshot >= Math.max(this.#bytesBetween, this.#snapshotBytes)
  }

  async *load(): AsyncGenerator<Entries> {
    this.#throwIfOffline()
    const newest = this.#newestSnapshot()
    if (newest) {
      const { id, records, bytes } = newest
      this.#snapshotBytes = bytes
      if (this.#log.endOffset < id.end) this.#log.truncateFullyAndStartAt(id.end)
      yield { records, end: id.end }
    } else if (this.#log.startOffset > 0) {
      throw new DirectoryRefused(this.#folder, `the log begins at ${this.#log.startOffset}, and no snapshot stands for what came before`)
    }
    this.#log.assignEpoch(Math.max(1, this.#log.latestEpoch, newest?.id.epoch ?? 0))
    if (this.#log.endOffset === 0) await this.#takeBootstrap()
    // Here nothing is known to be committed yet: recovering from a failure now, as `readFrom` does later, would cut all of it off.
    this.#throwIfOffline()
    yield* this.readFrom(newest?.id.end ?? 0)
    this.#log.highWatermark = this.#log.endOffset
  }

  async *readFrom(offset: Offset): AsyncGenerator<Entries> {
    if (this.#log.offline) this.#recover(offset)
    let from = offset
    while (from < this.#log.endOffset) {
      const { chunks, nextOffset, error, release } = await this.#read(from)
      if (error !== undefined) {
        this.#throwIfOffline()
        throw new DirectoryRefused(this.#folder, `the metadata log cannot be read at offset ${from}: error ${error}`)
      }
      const bytes = Buffer.concat(chunks)
      release?.()
      const records = this.#intact(`the log from offset ${from}`, () => [...readBatches(bytes, from)].flatMap((batch) => batch.records))
      this.#bytesSinceSnapshot += bytes.length
      from = nextOffset
      yield { records, end: from }
    }
  }

  async appendAfter(end: Offset, records: readonly MetadataRecord[]): Promise<void> {
    this.#throwIfOffline()
    const log = this.#log
    if (end !== log.endOffset) throw new Conflict(end, log.endOffset)
    const epoch = log.latestEpoch
    const now = this.#clock.now()
    const batch = writeBatch(records, { baseOffset: end, epoch, now })
    const appended = log.append(batch, { leaderEpoch: epoch, now, retain: true, origin: 'coordinator' })
    if ('error' in appended) {
      this.#throwIfOffline()
      throw new Error(`a metadata batch was refused: ${appended.message}`)
    }
    this.#bytesSinceSnapshot += batch.length
    await this.#durable(appended.lastOffset + 1)
  }

  async snapshot(end: Offset, records: Iterable<MetadataRecord>): Promise<void> {
    this.#isSnapshotting = true
    try {
      const id = { end, epoch: this.#log.epochAt(end - 1) }
      this.#snapshotBytes = await this.#write(id, records)
      this.#bytesSinceSnapshot = 0
      this.#prune()
      this.#logger.info({ end, bytes: this.#snapshotBytes }, 'wrote a snapshot of the cluster metadata')
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#bytesSinceSnapshot = 0
      this.#logger.warn({ error: error.message }, 'no snapshot of the cluster metadata could be written; the log is kept whole')
    } finally {
      this.#isSnapshotting = false
    }
  }

  /**
   * After a failed sync nobody knows what the device holds of the entries that waited for it. They were refused and never seen, so
   * they are cut off: what comes next is written in their place.
   */
  #recover(committedEnd: Offset): void {
    this.#log.reopen()
    const { endOffset } = this.#log
    if (endOffset < committedEnd) {
      throw new DirectoryRefused(this.#folder, `the disk lost entries from offset ${endOffset} on that were synced`)
    }
    this.#log.truncateTo(committedEnd)
    this.#throwIfOffline()
    this.#log.highWatermark = committedEnd
  }

  #read(from: Offset) {
    return this.#log.read(from, { maxBytes: readBytes, upTo: this.#log.endOffset, atLeastOneBatch: true })
  }

  #durable(end: Offset): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#log.durable(end, (error) => {
        if (error) return reject(error)
        this.#log.highWatermark = Math.max(this.#log.highWatermark, end)
        resolve()
      })
    })
  }

  /** Kafka's `format` leaves the first records in a file beside the log, for whoever starts first to append. */
  async #takeBootstrap(): Promise<void> {
    const path = `${this.#directory.path}/bootstrap.checkpoint`
    if (!this.#disk.exists(path)) return
    const records = this.#intact(path, () => readSnapshot(this.#whole(path)))
    if (records) await this.appendAfter(0, records)
  }

  /** Of those that are whole and that the log continues, the last. */
  #newestSnapshot(): { id: SnapshotId; records: MetadataRecord[]; bytes: number } | undefined {
    for (const id of this.#snapshots().reverse()) {
      if (id.end < this.#log.startOffset) return undefined
      const path = `${this.#folder}/${snapshotName(id)}`
      const bytes = this.#whole(path)
      try {
        const records = readSnapshot(bytes)
        if (records) return { id, records, bytes: bytes.length }
        this.#logger.warn({ path }, 'passed over a snapshot that was not finished')
      } catch (error) {
        if (!(error instanceof DecodeError || error instanceof RecordsError)) throw error
        this.#logger.error({ path, error: error.message }, 'passed over a damaged snapshot')
      }
    }
    return undefined
  }

  #snapshots(): SnapshotId[] {
    if (!this.#disk.exists(this.#folder)) return []
    const ids = this.#disk.list(this.#folder).flatMap(({ name }) => parseSnapshotName(name) ?? [])
    return ids.sort((a, b) => a.end - b.end || a.epoch - b.epoch)
  }

  #whole(path: string): Buffer {
    const file = this.#disk.open(path, 'read')
    try {
      const bytes = Buffer.allocUnsafe(file.size())
      return bytes.subarray(0, file.read(bytes, 0))
    } finally {
      file.close()
    }
  }

  async #write(id: SnapshotId, records: Iterable<MetadataRecord>): Promise<number> {
    const path = `${this.#folder}/${snapshotName(id)}`
    const chunks = [...snapshotBytes(records, { epoch: id.epoch, now: this.#clock.now() })]
    const file = this.#disk.open(`${path}.part`, 'replace')
    try {
      file.write(chunks, 0)
      await file.sync()
    } finally {
      file.close()
    }
    this.#disk.rename(`${path}.part`, path)
    await this.#disk.syncDirectory(this.#folder)
    return chunks.reduce((sum, { length }) => sum + length, 0)
  }

  /** Older snapshots go, and the entries that every one that stays stands for. */
  #prune(): void {
    const all = this.#snapshots()
    const kept = all.slice(-snapshotsKept)
    for (const id of all.slice(0, -snapshotsKept)) this.#disk.remove(`${this.#folder}/${snapshotName(id)}`)
    const [oldest] = kept
    if (oldest && kept.length === snapshotsKept) this.#log.deleteRecordsBefore(oldest.end)
  }

  #throwIfOffline(): void {
    if (this.#log.offline) throw this.#log.offline
  }

  #intact<T>(what: string, read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof DecodeError || error instanceof RecordsError)) throw error
      throw new DirectoryRefused(this.#folder, `${what} is damaged: ${error.message}`, error)
    }
  }
}
