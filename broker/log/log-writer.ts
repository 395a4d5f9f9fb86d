/**
 * How one log's newest bytes get to the page cache: little at once, much (or any, on a disk that stalls) off the event loop.
 * Owns: the one write that may be on its way, and the watch over a disk that stalls. Never: decides what is written, or retries.
 */
import { metadataTopicUuid } from '../../client/protocol/uuid.ts'
import type { Millis } from '../platform/clock.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { Offset } from './offset.ts'
import type { Segment } from './segment.ts'
import { StallWatch } from './stall-watch.ts'
import type { LogTail } from './tail-cache.ts'

/** The log as its writer sees it. */
export interface WrittenLog {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  readonly endOffset: Offset
  /** What is appended to; undefined where nothing may be written. */
  readonly writable: Segment | undefined
  /** Everything below is in the page cache now. */
  writtenTo(end: Offset): void
  diskFailed(error: unknown): void
}

export class LogWriter {
  readonly #log: WrittenLog
  readonly #tail: LogTail
  readonly #environment: Pick<LogEnvironment<never>, 'clock' | 'logger' | 'writeLaterBytesMin'>
  readonly #stalls = new StallWatch()
  #writing: Promise<void> | undefined

  constructor(log: WrittenLog, tail: LogTail, environment: Pick<LogEnvironment<never>, 'clock' | 'logger' | 'writeLaterBytesMin'>) {
    this.#log = log
    this.#tail = tail
    this.#environment = environment
  }

  /** A write is on its way off the event loop. */
  get isWriting(): boolean {
    return this.#writing !== undefined
  }

  /** Enough is gathered for a write off the event loop, and none is on its way. */
  get isFull(): boolean {
    const segment = this.#log.writable
    return segment !== undefined && !this.#writing && this.#leaves(segment, this.#environment.writeLaterBytesMin)
  }

  /** Whether what was gathered is written off the event loop, where so much is. */
  #leaves(segment: Segment, bytesMin: number): boolean {
    return segment.bytes - segment.writtenBytes >= bytesMin && !this.#isMetadata
  }

  /**
   * What was gathered, in one write. Done at once, or off the event loop: then this gives the promise of it, which is kept also when the
   * disk fails. One such write at a time: what comes meanwhile goes with the next.
   */
  flush(): Promise<void> | undefined {
    if (this.#writing) return this.#writing.then(() => this.flush())
    const segment = this.#log.writable
    if (!segment) return undefined
    const bytesMin = this.#stalls.isStalling ? 1 : this.#environment.writeLaterBytesMin
    if (!this.#leaves(segment, bytesMin)) {
      this.writeNow()
      return undefined
    }
    this.#writing = this.#writeLater(segment)
    return this.#writing
  }

  /** The same while the disk is suspected of stalling somebody: a write that is done at once is timed. */
  flushTimed(): Promise<void> | undefined {
    const began = this.#environment.clock.monotonic()
    const writing = this.flush()
    if (!writing && !this.#stalls.isStalling && !this.#isMetadata) this.#took(began)
    return writing
  }

  writeNow(): void {
    try {
      this.#log.writable?.write(this.#tail)
      this.#log.writtenTo(this.#log.endOffset)
    } catch (error) {
      this.#log.diskFailed(error)
    }
  }

  async #writeLater(segment: Segment): Promise<void> {
    const end = this.#log.endOffset
    const began = this.#environment.clock.monotonic()
    try {
      await segment.writeLater(this.#tail)
      if (this.#stalls.isStalling) this.#took(began)
      this.#log.writtenTo(end)
    } catch (error) {
      this.#log.diskFailed(error)
    } finally {
      this.#writing = undefined
    }
  }

  /** The cluster's metadata is cut back when its disk fails: its writes are never on their way. */
  get #isMetadata(): boolean {
    return this.#log.topicId === metadataTopicUuid
  }

  #took(began: Millis): void {
    if (!this.#log.writable || !this.#stalls.wrote(began, this.#environment.clock.monotonic())) return
    this.#stalls.change()
    const { topic, partition } = this.#log
    const { logger } = this.#environment
    if (this.#stalls.isStalling) logger.warn({ topic, partition }, "The disk stalls a partition's writes: they leave the event loop")
    else logger.info({ topic, partition }, "The disk stalls a partition's writes no longer: they are done at once again")
  }
}
