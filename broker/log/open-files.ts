/**
 * Files of segments, opened when needed and closed when nobody uses them.
 * Owns: how many sealed segments stay open: the least recently used goes first. Invariant: no descriptor is closed under a
 * read or sync that is still on its way.
 */
import type { DiskFile } from '../platform/disk.ts'

/** One open file and those who use it now. */
export class OpenFile {
  readonly file: DiskFile
  #users = 0
  #closing = false

  constructor(file: DiskFile) {
    this.file = file
  }

  use(): DiskFile {
    this.#users++
    return this.file
  }

  done(): void {
    this.#users--
    if (this.#closing && this.#users === 0) this.file.close()
  }

  /** Closes it now, or when its last user is done. */
  close(): void {
    if (this.#closing) return
    this.#closing = true
    if (this.#users === 0) this.file.close()
  }
}

/** What can be closed to make room. */
export interface Closable {
  closeFile(): void
}

export class OpenFiles {
  readonly #max: number
  /** In the order of use: a Set keeps it. */
  readonly #open = new Set<Closable>()

  constructor(max: number) {
    this.#max = max
  }

  used(segment: Closable): void {
    this.#open.delete(segment)
    this.#open.add(segment)
    if (this.#open.size <= this.#max) return
    const [oldest] = this.#open
    this.#open.delete(oldest as Closable)
    ;(oldest as Closable).closeFile()
  }

  forget(segment: Closable): void {
    this.#open.delete(segment)
  }
}
