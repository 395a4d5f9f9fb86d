/**
 * Files, as the broker sees them.
 * Writes and metadata operations are synchronous: they go to the page cache in microseconds, where a thread-pool hop costs
 * thirty. What waits for the device (sync, large cold reads) is asynchronous.
 * Every failure is a DiskError; after a failed `sync` the file's content on the device is unknown, and must be treated so.
 */

/** What the operating system said: ENOSPC, EIO, ENOENT, EEXIST, … in `code`. */
export class DiskError extends Error {
  readonly code: string
  /** As the operating system calls it: open, write, sync, … */
  readonly operation: string
  readonly path: string
  constructor(code: string, operation: string, path: string, cause?: unknown) {
    super(`${operation} ${path}: ${code}`, { cause })
    this.name = 'DiskError'
    this.code = code
    this.operation = operation
    this.path = path
  }
}

export interface DiskFile {
  readonly path: string
  /** Bytes now in the file. */
  size(): number
  /** Writes all chunks one after another at `position`, whole or throws (then any prefix may have been written). Into the page cache. */
  write(chunks: readonly Uint8Array[], position: number): void
  /** The same off the event loop, for a disk that stalls. */
  writeLater(chunks: readonly Uint8Array[], position: number): Promise<void>
  /** Reads into `target` from `position`; the bytes read, fewer only at the end of the file. */
  read(target: Uint8Array, position: number): number
  /** The same off the event loop, for reads that may wait for the device. */
  readLater(target: Uint8Array, position: number): Promise<number>
  /** All written so far is on the device when this resolves (fdatasync). */
  sync(): Promise<void>
  /** The same, blocking: for start and shutdown, and where bytes are taken back. */
  syncNow(): void
  truncate(size: number): void
  close(): void
}

/**
 * read: must exist. append: must exist, read and write. create: made if absent, read and write. replace: made empty, read and write.
 */
export type OpenMode = 'read' | 'append' | 'create' | 'replace'

export interface DiskEntry {
  name: string
  kind: 'file' | 'directory' | 'other'
}

export interface Disk {
  open(path: string, mode: OpenMode): DiskFile
  exists(path: string): boolean
  /** Throws ENOENT where there is no such directory. In no order. */
  list(directory: string): DiskEntry[]
  /** Makes parents too; not an error if it is there. */
  makeDirectory(path: string): void
  /** Atomic; replaces what has the name. Durable once the directory is synced. */
  rename(from: string, to: string): void
  remove(path: string): void
  removeTree(path: string): void
  /** A hard link. */
  link(existing: string, added: string): void
  /** The names in the directory are on the device when this resolves. */
  syncDirectory(path: string): Promise<void>
  syncDirectoryNow(path: string): void
  /** Bytes free to this process, and in all, on the device that holds `path`. */
  space(path: string): { free: number; total: number }
  /** Takes the lock file, or throws EWOULDBLOCK where someone holds it. The lock dies with the process. */
  lock(path: string): { release(): void }
}
