/**
 * The one place where files and folders of a data directory are unlinked.
 * Owns: what was renamed and waits for its delay to pass. Never: decides what goes. A file that can't be removed is named in the
 * broker's log and left.
 */
import type { Logger } from '../metrics/logger.ts'
import type { Clock, Millis, Timer } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'

interface Waiting {
  readonly paths: readonly string[]
  readonly timer: Timer
}

export class FileRemoval {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #waiting = new Set<Waiting>()

  constructor(disk: Disk, clock: Clock, logger: Logger) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
  }

  /** Whatever is there of `paths`, now. */
  remove(paths: readonly string[]): void {
    for (const path of paths) {
      try {
        this.#disk.removeTree(path)
      } catch (error) {
        this.#logger.warn({ err: error, path }, 'A file that is no longer needed could not be removed')
      }
    }
  }

  /** Out of the way under another name now, gone after `delay`. Files that are not there are passed over. */
  retire(paths: readonly string[], suffix: string, delay: Millis): void {
    const renamed: string[] = []
    for (const path of paths) {
      if (!this.#disk.exists(path)) continue
      this.#disk.rename(path, path + suffix)
      renamed.push(path + suffix)
    }
    this.removeAfter(renamed, delay)
  }

  removeAfter(paths: readonly string[], delay: Millis): void {
    if (paths.length === 0) return
    const waiting: Waiting = {
      paths,
      timer: this.#clock.after(delay, () => {
        this.#waiting.delete(waiting)
        this.remove(paths)
      }),
    }
    this.#waiting.add(waiting)
  }

  /** Nothing waits any longer: removes it all. */
  close(): void {
    for (const { paths, timer } of this.#waiting) {
      timer.cancel()
      this.remove(paths)
    }
    this.#waiting.clear()
  }
}
