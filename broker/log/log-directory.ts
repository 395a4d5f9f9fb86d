/**
 * One data directory: its lock, its identity, its checkpoints, and the logs in it.
 * Owns: the turn's gathered writes (one for each log that something was appended to), who waits for them, and the work that comes
 * with time. Never: what is in a log (partition-log.ts), or which logs there should be (the cluster says).
 */
import { dirname } from 'node:path'
import type { Logger } from '../metrics/logger.ts'
import type { Clock, Millis } from '../platform/clock.ts'
import { type Disk, DiskError } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import type { Workers } from '../platform/workers.ts'
import { Checkpoint, type PartitionKey, partitionKey } from './checkpoint.ts'
import { claimDirectory, type DirectoryIdentity, DirectoryRefused, takeCleanMarker, writeCleanMarker } from './directory-identity.ts'
import { CommitJournal, journalKey } from './commit-journal.ts'
import { type CleanerSettings, defaultCleanerSettings } from './compaction/cleaner-settings.ts'
import type { CleanerStatistics } from './compaction/cleaner-statistics.ts'
import { LogCleaner } from './compaction/log-cleaner.ts'
import { readEpochs } from './epoch-file.ts'
import { FileRemoval } from './file-removal.ts'
import { GroupCommit } from './group-commit.ts'
import { Housekeeping } from './housekeeping.ts'
import { restoreJournal } from './journal-recovery.ts'
import type { LogConfig } from './log-config.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { Offset } from './offset.ts'
import { OpenFiles } from './open-files.ts'
import { isDamagedId, readTopicId, writePartitionMetadata } from './partition-files.ts'
import { PartitionLog } from './partition-log.ts'
import { ReadBuffers } from './read-buffers.ts'
import { isDeletedFolder, parsePartitionFolder, partitionFolder, retiredFolder } from './segment-files.ts'
import { stallMillis, stallsWithinMillis } from './stall-watch.ts'
import { TailCache } from './tail-cache.ts'

export { DirectoryRefused } from './directory-identity.ts'
export type { LogConfig } from './log-config.ts'

/** How the directory keeps its logs; what topics don't decide. All have defaults. */
export interface LogDirectorySettings {
  /** Newest batches kept in memory, all partitions together. */
  readonly tailCacheBytes: number
  /** log.flush.offset.checkpoint.interval.ms */
  readonly recoveryPointCheckpointMillis: number
  /** log.flush.start.offset.checkpoint.interval.ms */
  readonly startOffsetCheckpointMillis: number
  /** replica.high.watermark.checkpoint.interval.ms */
  readonly highWatermarkCheckpointMillis: number
  /** log.retention.check.interval.ms */
  readonly retentionCheckMillis: number
  /** How often flush.ms is looked at. */
  readonly flushCheckMillis: number
  /** producer.id.expiration.ms */
  readonly producerIdExpirationMillis: number
  /** Sealed segments whose files and indexes stay open. */
  readonly openSegmentsMax: number
  /** Size of each of the commit journal's two files; 0: no journal. */
  readonly commitJournalBytes: number
  /** Commit rounds of fewer logs sync each of them: so many syncs side by side cost no more than the journal's one. */
  readonly journaledLogsMin: number
  /** What a partition gathers in one turn goes to the page cache at once below this, else off the event loop. */
  readonly writeLaterBytesMin: number
}

const defaults: LogDirectorySettings = {
  tailCacheBytes: 64 * 1024 * 1024,
  recoveryPointCheckpointMillis: 60_000,
  startOffsetCheckpointMillis: 60_000,
  highWatermarkCheckpointMillis: 5_000,
  retentionCheckMillis: 300_000,
  flushCheckMillis: 1_000,
  producerIdExpirationMillis: 86_400_000,
  openSegmentsMax: 256,
  commitJournalBytes: 32 * 1024 * 1024,
  journaledLogsMin: 20,
  writeLaterBytesMin: 256 * 1024,
}

const journaledSyncsAtOnce = 2
/** Read buffers kept for the next cold read, 1 MiB each. */
const readBuffersKept = 16

export interface LogDirectoryOptions {
  readonly platform: { readonly disk: Disk; readonly clock: Clock; readonly random: Random; readonly workers: Workers }
  readonly path: string
  readonly nodeId: number
  /** For a new directory; one that is there must have the same. Made up, or taken from there, if absent. */
  readonly clusterId?: string
  readonly settings?: Partial<LogDirectorySettings>
  /** How its compacted logs are kept clean; may change while it is open. */
  cleaner?(): CleanerSettings
  readonly logger: Logger
  /** What `log` had gathered is in the page cache. */
  onWritten(log: PartitionLog): void
  onOffline(log: PartitionLog, error: DiskError): void
  /** A round of syncs to the device took so long. */
  onFlushed?(seconds: number): void
}

export interface LogIdentity {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
}

/** A partition's folder as it was found: Kafka's from before topic ids have none. */
export interface FoundFolder {
  readonly topic: string
  readonly partition: number
  readonly topicId: string | undefined
  /** The last one in which something was written; -1 if unknown. */
  readonly leaderEpoch: number
}

export class LogDirectory {
  readonly path: string
  readonly clusterId: string
  readonly directoryId: string
  /** The last stop was a clean one. */
  readonly wasClean: boolean
  /** The newest batches of all logs, as far as they are in memory. */
  readonly tailCache: TailCache
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #random: Random
  readonly #logger: Logger
  readonly #options: LogDirectoryOptions
  readonly #lock: { release(): void }
  readonly #removal: FileRemoval
  readonly #recoveryPoints: Checkpoint
  readonly #startOffsets: Checkpoint
  readonly #highWatermarks: Checkpoint
  readonly #environment: LogEnvironment<PartitionLog>
  readonly #housekeeping: Housekeeping
  readonly #cleaner: LogCleaner
  readonly #commit: GroupCommit
  readonly #journal: CommitJournal | undefined
  readonly #logs = new Set<PartitionLog>()
  /** Partition folders found at start that nobody has opened yet. */
  readonly #unopened = new Set<string>()
  /** Logs that gathered something in this turn. */
  #gathered = new Set<PartitionLog>()
  #afterWrite: (() => void)[] = []
  #flushScheduled = false
  #isFlushingEarly = false
  /** Turns whose writes are on their way off the event loop. */
  #writing: Promise<void> | undefined
  /** A turn's writes took long: until then each log's are timed, so that it shows whose. */
  #watchesUntil: Millis = -Infinity
  #rootSync: Promise<void> | undefined
  readonly #producerIdExpirationMillis: Millis
  #isClosed = false

  /** Takes the directory. Throws DirectoryRefused, or the DiskError that stands in the way. */
  static open(options: LogDirectoryOptions): LogDirectory {
    const { platform, path, nodeId, clusterId } = options
    const { disk, random } = platform
    makeDurably(disk, path)
    const lock = takeLock(disk, path)
    try {
      const identity = claimDirectory(disk, random, path, { nodeId, clusterId })
      return new LogDirectory(options, lock, identity)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  private constructor(options: LogDirectoryOptions, lock: { release(): void }, { clusterId, directoryId }: DirectoryIdentity) {
    const { platform, path, logger } = options
    const { disk, clock, random } = platform
    const settings = { ...defaults, ...options.settings }
    this.path = path
    this.clusterId = clusterId
    this.directoryId = directoryId
    this.#options = options
    this.#disk = disk
    this.#clock = clock
    this.#random = random
    this.#logger = logger
    this.#lock = lock
    this.#removal = new FileRemoval(disk, clock, logger)
    this.#recoveryPoints = new Checkpoint(disk, `${path}/recovery-point-offset-checkpoint`, logger)
    this.#startOffsets = new Checkpoint(disk, `${path}/log-start-offset-checkpoint`, logger)
    this.#highWatermarks = new Checkpoint(disk, `${path}/replication-offset-checkpoint`, logger)
    this.#producerIdExpirationMillis = settings.producerIdExpirationMillis
    this.#cleaner = new LogCleaner({
      workers: platform.workers,
      clock,
      random,
      logger,
      checkpoint: new Checkpoint(disk, `${path}/cleaner-offset-checkpoint`, logger),
      settings: () => options.cleaner?.() ?? defaultCleanerSettings,
      logs: () => this.#logs,
    })
    this.wasClean = takeCleanMarker(disk, path)
    const generation = restoreJournal(disk, path, logger)
    this.#findFolders()
    this.tailCache = new TailCache(settings.tailCacheBytes)
    const bytesPerFile = settings.commitJournalBytes
    const journalOptions = {
      disk,
      directory: path,
      bytesPerFile,
      logger,
      syncSegments: (logs: ReadonlySet<string>) => this.#syncNamed(logs),
    }
    this.#journal = bytesPerFile > 0 ? new CommitJournal(journalOptions, generation) : undefined
    this.#commit = new GroupCommit(clock, (seconds) => options.onFlushed?.(seconds), this.#journal, settings.journaledLogsMin)
    this.#environment = {
      disk,
      clock,
      logger,
      removal: this.#removal,
      tailCache: this.tailCache,
      openFiles: new OpenFiles(settings.openSegmentsMax),
      readBuffers: new ReadBuffers(readBuffersKept),
      writeLaterBytesMin: settings.writeLaterBytesMin,
      wasCompacted: (log) => this.#cleaner.wasAtWork(log),
      gathered: (log) => {
        this.#gathered.add(log)
        this.#scheduleFlush()
      },
      gatheredMuch: () => this.#flushEarly(),
      failed: (log, error) => this.#failed(log, error),
      durable: (log, upTo, callback) => this.#durable(log, upTo, callback),
      syncRoot: () => this.#syncRoot(),
      forgetJournaled: (log, syncNow) => this.#journal?.forget(log, syncNow),
      firstFile: (log) => this.#forgetNoted(log),
      noteStartOffsets: () => this.#startOffsets.writeNow(this.#startOffsetsNow()),
      wasCut: (log) => {
        this.#recoveryPoints.writeNow(this.#recoveryPointsNow())
        this.#cleaner.wasCut(log)
      },
    }
    this.#housekeeping = new Housekeeping(clock, logger, settings, {
      logs: this.#logs,
      syncSoon: (log) => this.#durable(log, log.writtenEnd, () => {}),
      noteRecoveryPoints: () => this.#recoveryPoints.writeLater(this.#recoveryPointsNow()),
      noteStartOffsets: () => this.#startOffsets.writeLater(this.#startOffsetsNow()),
      noteHighWatermarks: () => this.#highWatermarks.writeLater(this.#highWatermarksNow()),
    })
  }

  #findFolders(): void {
    const deleted: string[] = []
    for (const { name, kind } of this.#disk.list(this.path)) {
      if (kind !== 'directory') continue
      if (isDeletedFolder(name)) deleted.push(`${this.path}/${name}`)
      else if (parsePartitionFolder(name)) this.#unopened.add(name)
    }
    this.#removal.removeAfter(deleted, 0)
  }

  /** Bytes free, and in all, on the device. */
  readonly space = (): { free: number; total: number } => this.#disk.space(this.path)

  get cleanerStatistics(): CleanerStatistics {
    return this.#cleaner.statistics
  }

  get logs(): ReadonlySet<PartitionLog> {
    return this.#logs
  }

  /** The partition folders that were found at start and not opened since. */
  folders(): FoundFolder[] {
    const found: FoundFolder[] = []
    for (const name of this.#unopened) {
      const parsed = parsePartitionFolder(name)
      if (!parsed) continue
      const folder = `${this.path}/${name}`
      const leaderEpoch = readEpochs(this.#disk, folder)?.latest ?? -1
      found.push({ ...parsed, topicId: readTopicId(this.#disk, folder), leaderEpoch })
    }
    return found
  }

  /** Opens a log, or begins one. Where its files can't be read, it is offline, and says so. */
  openLog({ topic, partition, topicId, config }: LogIdentity & { readonly config: LogConfig }): PartitionLog {
    const name = partitionFolder(topic, partition)
    const folder = `${this.path}/${name}`
    const key = partitionKey(topic, partition)
    let isNew = !this.#unopened.has(name)
    let unreadable: unknown
    try {
      if (!isNew) isNew = !this.#isOf(name, topicId)
    } catch (error) {
      unreadable = error
    }
    const noted = {
      clean: this.wasClean,
      recoveryPoint: isNew ? 0 : (this.#recoveryPoints.get(key) ?? 0),
      startOffset: isNew ? 0 : (this.#startOffsets.get(key) ?? 0),
      highWatermark: isNew ? 0 : (this.#highWatermarks.get(key) ?? 0),
    }
    const log = new PartitionLog({ environment: this.#environment, folder, topic, partition, topicId, config, noted, isNew })
    this.#unopened.delete(name)
    this.#logs.add(log)
    // As Kafka does of a snapshot: who had long been silent before this start is not waited for until housekeeping comes.
    log.expireProducers(this.#clock.now() - this.#producerIdExpirationMillis)
    if (unreadable !== undefined) log.diskFailed(unreadable)
    // What was noted down vouches for more than there is: it must not vouch for what comes in its place.
    if (log.endOffset < noted.recoveryPoint && !log.offline) this.#recoveryPoints.writeNow(this.#recoveryPointsNow())
    return log
  }

  /** Whether the folder found is of this topic; one of another that had the name is put aside. */
  #isOf(name: string, topicId: string): boolean {
    const folder = `${this.path}/${name}`
    const found = readTopicId(this.#disk, folder)
    // Torn, or from before topic ids: the commit journal finds a folder by its id.
    const isDamaged = found === undefined || isDamagedId(found, topicId)
    if (isDamaged) writePartitionMetadata(this.#disk, folder, topicId)
    if (isDamaged || found === topicId) return true
    this.#setAside(name, `it is of topic id ${found}`)
    return false
  }

  /** The folder stays, under a name that nobody opens. */
  #setAside(name: string, why: string): void {
    const strayed = retiredFolder(name, this.#random.bytes(16).toString('hex'), 'stray')
    this.#disk.rename(`${this.path}/${name}`, `${this.path}/${strayed}`)
    this.#logger.warn({ folder: name, keptAs: strayed }, `A partition's folder is not the one that belongs here (${why}): put aside`)
  }

  /** Partition folders that no topic claims, out of the way but kept. */
  setStraysAside(): void {
    for (const name of this.#unopened) this.#setAside(name, 'no topic claims it')
    this.#unopened.clear()
  }

  /** The log is gone at once; its files after file.delete.delay.ms. */
  deleteLog(log: PartitionLog): void {
    this.#logs.delete(log)
    this.#gathered.delete(log)
    const { folder, hasFolder } = log
    const name = folder.slice(this.path.length + 1)
    const deleted = new DiskError('ENOENT', 'delete', folder)
    this.#cleaner.gone(log)
    log.abandon(deleted)
    this.#commit.failed(log, deleted)
    if (!hasFolder) return
    const retired = `${this.path}/${retiredFolder(name, this.#random.bytes(16).toString('hex'), 'delete')}`
    try {
      this.#disk.rename(folder, retired)
      this.#removal.removeAfter([retired], log.config.fileDeleteDelayMillis)
    } catch (error) {
      this.#logger.error({ err: error, folder }, "A deleted partition's folder could not be moved out of the way")
    }
  }

  // --- the turn's writes

  /** Calls back when everything appended so far is written, or its log offline; in order. */
  afterWrite(callback: () => void): void {
    this.#afterWrite.push(callback)
    this.#scheduleFlush()
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    this.#clock.endOfTurn(() => {
      this.#flushScheduled = false
      this.#flush()
    })
  }

  /** Large batches are written while others are still received: at the end of the turn, all would wait for the disk, then all for the network. */
  #flushEarly(): void {
    if (this.#isFlushingEarly) return
    this.#isFlushingEarly = true
    queueMicrotask(() => {
      this.#isFlushingEarly = false
      this.#flush()
    })
  }

  #flush(): void {
    const logs = this.#gathered
    const callbacks = this.#afterWrite
    this.#gathered = new Set()
    this.#afterWrite = []
    const later: Promise<void>[] = []
    const began = this.#clock.monotonic()
    const isWatching = began < this.#watchesUntil
    for (const log of logs) {
      const writing = isWatching ? log.flushTimed() : log.flush()
      if (writing) later.push(writing.then(() => this.#written(log)))
      else this.#written(log)
    }
    const ended = this.#clock.monotonic()
    if (ended - began > stallMillis) this.#watchesUntil = ended + stallsWithinMillis
    if (later.length === 0 && !this.#writing) return this.#turnDone(callbacks)
    // Answers keep their order over all logs: those of later turns wait for this one's, healthy logs' too. They share the disk.
    const done = Promise.all([this.#writing, ...later]).then(() => {
      if (this.#writing === done) this.#writing = undefined
      this.#turnDone(callbacks)
    })
    this.#writing = done
  }

  #written(log: PartitionLog): void {
    if (!log.offline) this.#options.onWritten(log)
  }

  #turnDone(callbacks: readonly (() => void)[]): void {
    for (const callback of callbacks) callback()
    this.#commit.start()
  }

  #durable(log: PartitionLog, upTo: Offset, callback: (error?: DiskError) => void): void {
    this.#commit.wait(log, upTo, callback)
    if (this.#commit.hasWaiters) this.#scheduleFlush()
  }

  /** Shared by those who ask in one go, and by nobody later: their folders would not be covered. */
  #syncRoot(): Promise<void> {
    if (!this.#rootSync) {
      this.#rootSync = this.#disk.syncDirectory(this.path)
      queueMicrotask(() => (this.#rootSync = undefined))
    }
    return this.#rootSync
  }

  /**
   * The segments of the logs that the commit journal names so; a log that is gone needs none. A few at a time, so that a commit does not stand
   * in line behind all of them. Rejects with the error that took one of them offline.
   */
  async #syncNamed(names: ReadonlySet<string>): Promise<void> {
    const named = [...this.#logs].filter((log) => names.has(journalKey(log))).values()
    const syncRest = async () => {
      for (const log of named) {
        await log.sync()
        if (log.offline) throw log.offline
      }
    }
    await Promise.all(Array.from({ length: journaledSyncsAtOnce }, syncRest))
  }

  #failed(log: PartitionLog, error: DiskError): void {
    const { topic, partition } = log
    this.#logger.error({ err: error, topic, partition, code: error.code }, 'The disk failed a partition: it is offline')
    this.#cleaner.abort(log)
    this.#commit.failed(log, error)
    this.#options.onOffline(log, error)
  }

  // --- what is noted down

  /** A log that is made anew under a name that had another: nothing noted of that one may count for it. */
  #forgetNoted(log: PartitionLog): void {
    const key = partitionKey(log.topic, log.partition)
    this.#cleaner.forget(log)
    if (this.#recoveryPoints.get(key)) this.#recoveryPoints.writeNow(this.#recoveryPointsNow())
    if (this.#startOffsets.get(key)) this.#startOffsets.writeNow(this.#startOffsetsNow())
    if (this.#highWatermarks.get(key)) this.#highWatermarks.writeNow(this.#highWatermarksNow())
  }

  #recoveryPointsNow(): Map<PartitionKey, Offset> {
    return this.#collect(this.#recoveryPoints, (log) => (log.hasFolder ? log.recoveryPoint : undefined))
  }

  #startOffsetsNow(): Map<PartitionKey, Offset> {
    // Also where files begin just there: until their directory is synced, a power failure brings back those before.
    return this.#collect(this.#startOffsets, (log) => (log.startOffset > 0 ? log.startOffset : undefined))
  }

  #highWatermarksNow(): Map<PartitionKey, Offset> {
    return this.#collect(this.#highWatermarks, (log) => (log.hasFolder ? log.highWatermark : undefined))
  }

  /** Of every log what it says now; of folders that nobody opened what was noted before. */
  #collect(before: Checkpoint, of: (log: PartitionLog) => Offset | undefined): Map<PartitionKey, Offset> {
    const entries = new Map<PartitionKey, Offset>()
    for (const name of this.#unopened) {
      const parsed = parsePartitionFolder(name)
      const key = parsed ? partitionKey(parsed.topic, parsed.partition) : ''
      const offset = before.get(key)
      if (offset !== undefined) entries.set(key, offset)
    }
    for (const log of this.#logs) {
      const offset = of(log)
      if (offset !== undefined) entries.set(partitionKey(log.topic, log.partition), offset)
    }
    return entries
  }

  // --- the end

  /** A clean stop: everything on the device, the marker last. Logs that are offline keep the next start from trusting anything. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#housekeeping.stop()
    await this.#cleaner.stop()
    this.#flush()
    await this.#writing
    await this.#commit.running
    await Promise.all([...this.#logs].map((log) => log.sync()))
    await Promise.all([...this.#logs].map((log) => log.noteEpochs()))
    for (const log of this.#logs) log.close()
    // A log that a crash left and that nobody opened since, as when a start fails half-way, is still to be recovered.
    const allRecovered = this.wasClean || this.#unopened.size === 0
    const isClean = allRecovered && [...this.#logs].every(({ offline }) => !offline)
    // Every log is synced where it belongs; one that is not keeps what the journal has of it.
    if (isClean) this.#journal?.remove()
    else this.#journal?.close()
    this.#removal.close()
    try {
      this.#recoveryPoints.writeNow(this.#recoveryPointsNow())
      this.#startOffsets.writeNow(this.#startOffsetsNow())
      this.#highWatermarks.writeNow(this.#highWatermarksNow())
      if (isClean) writeCleanMarker(this.#disk, this.path)
    } finally {
      this.#lock.release()
    }
  }
}

/** A directory that was made just now survives a crash only once its parent was synced, and so on up. */
function makeDurably(disk: Disk, path: string): void {
  const made: string[] = []
  for (let at = path; !disk.exists(at); at = dirname(at)) made.push(at)
  disk.makeDirectory(path)
  for (const directory of made) disk.syncDirectoryNow(dirname(directory))
}

function takeLock(disk: Disk, path: string): { release(): void } {
  try {
    return disk.lock(`${path}/.lock`)
  } catch (error) {
    if (error instanceof DiskError && error.code === 'EWOULDBLOCK') {
      throw new DirectoryRefused(path, 'another broker uses it (it holds .lock)', error)
    }
    throw error
  }
}
