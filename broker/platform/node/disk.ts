/**
 * The real disk, on node:fs.
 * Owns: file descriptors, and the turning of system errors into DiskErrors. Never retries, never interprets content.
 */
import * as fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type Disk, type DiskEntry, DiskError, type DiskFile, type OpenMode } from '../disk.ts'

/** The kernel takes this many buffers in one writev (IOV_MAX). */
const vectorsPerWriteMax = 1024

const flagsOf: Record<OpenMode, number> = {
  read: fs.constants.O_RDONLY,
  append: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
  replace: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_TRUNC,
}

function asDiskError(error: unknown, operation: string, path: string): DiskError {
  return new DiskError((error as NodeJS.ErrnoException).code ?? 'EUNKNOWN', operation, path, error)
}

function attempt<T>(operation: string, path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw asDiskError(error, operation, path)
  }
}

function later<T>(operation: string, path: string, start: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error) reject(asDiskError(error, operation, path))
      else resolve(value)
    })
  })
}

/** What remains of `chunks` after `written` bytes left, at most one system call's worth from the front. */
function remaining(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let skip = written
  for (const chunk of chunks) {
    if (skip >= chunk.length) skip -= chunk.length
    else {
      rest.push(skip === 0 ? chunk : chunk.subarray(skip))
      skip = 0
    }
  }
  return rest
}

function byteLength(chunks: readonly Uint8Array[]): number {
  let bytes = 0
  for (const chunk of chunks) bytes += chunk.length
  return bytes
}

class NodeFile implements DiskFile {
  readonly path: string
  readonly #descriptor: number

  constructor(path: string, mode: OpenMode) {
    this.path = path
    this.#descriptor = attempt('open', path, () => fs.openSync(path, flagsOf[mode], 0o644))
  }

  size(): number {
    return attempt('stat', this.path, () => fs.fstatSync(this.#descriptor).size)
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    attempt('write', this.path, () => {
      if (chunks.length === 1) return this.#writeOne(chunks[0] as Uint8Array, position)
      let at = position
      for (let first = 0; first < chunks.length; first += vectorsPerWriteMax) {
        let group = chunks.length <= vectorsPerWriteMax ? chunks : chunks.slice(first, first + vectorsPerWriteMax)
        let left = byteLength(group)
        while (left > 0) {
          const written = fs.writevSync(this.#descriptor, group, at)
          at += written
          left -= written
          if (left > 0) group = remaining(group, written)
        }
      }
    })
  }

  #writeOne(chunk: Uint8Array, position: number): void {
    let done = 0
    while (done < chunk.length) done += fs.writeSync(this.#descriptor, chunk, done, chunk.length - done, position + done)
  }

  async writeLater(chunks: readonly Uint8Array[], position: number): Promise<void> {
    let rest: readonly Uint8Array[] = chunks
    let at = position
    while (rest.length > 0) {
      const group = rest.slice(0, vectorsPerWriteMax)
      const start = at
      const written = await later<number>('write', this.path, (done) => fs.writev(this.#descriptor, group, start, done))
      at += written
      rest = remaining(rest, written)
    }
  }

  read(target: Uint8Array, position: number): number {
    return attempt('read', this.path, () => {
      let done = 0
      while (done < target.length) {
        const got = fs.readSync(this.#descriptor, target, done, target.length - done, position + done)
        if (got === 0) break
        done += got
      }
      return done
    })
  }

  async readLater(target: Uint8Array, position: number): Promise<number> {
    let done = 0
    while (done < target.length) {
      const from = done
      const got = await later<number>('read', this.path, (settle) =>
        fs.read(this.#descriptor, target, from, target.length - from, position + from, settle),
      )
      if (got === 0) break
      done += got
    }
    return done
  }

  sync(): Promise<void> {
    return later<void>('sync', this.path, (done) => fs.fdatasync(this.#descriptor, (error) => done(error, undefined)))
  }

  syncNow(): void {
    attempt('sync', this.path, () => fs.fdatasyncSync(this.#descriptor))
  }

  truncate(size: number): void {
    attempt('truncate', this.path, () => fs.ftruncateSync(this.#descriptor, size))
  }

  close(): void {
    attempt('close', this.path, () => fs.closeSync(this.#descriptor))
  }
}

function kindOf(entry: fs.Dirent): DiskEntry['kind'] {
  if (entry.isFile()) return 'file'
  return entry.isDirectory() ? 'directory' : 'other'
}

/** A lock the kernel holds for us and drops when the process dies: SQLite's, the one file lock that comes with Node. */
function takeLock(path: string): { release(): void } {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = OFF')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw new DiskError('EWOULDBLOCK', 'lock', path, error)
  }
  return { release: () => database.close() }
}

export const nodeDisk: Disk = {
  open: (path, mode) => new NodeFile(path, mode),
  exists: (path) => fs.existsSync(path),
  list: (directory) =>
    attempt('list', directory, () =>
      fs.readdirSync(directory, { withFileTypes: true }).map((entry) => ({ name: entry.name, kind: kindOf(entry) })),
    ),
  makeDirectory: (path) => attempt('mkdir', path, () => void fs.mkdirSync(path, { recursive: true })),
  rename: (from, to) => attempt('rename', from, () => fs.renameSync(from, to)),
  remove: (path) => attempt('unlink', path, () => fs.unlinkSync(path)),
  removeTree: (path) => attempt('remove', path, () => fs.rmSync(path, { recursive: true, force: true })),
  link: (existing, added) => attempt('link', added, () => fs.linkSync(existing, added)),
  syncDirectory: (path) =>
    later<void>('sync', path, (done) => {
      fs.open(path, fs.constants.O_RDONLY, (error, descriptor) => {
        if (error) return done(error, undefined)
        fs.fsync(descriptor, (failure) => fs.close(descriptor, () => done(failure, undefined)))
      })
    }),
  syncDirectoryNow: (path) =>
    attempt('sync', path, () => {
      const descriptor = fs.openSync(path, fs.constants.O_RDONLY)
      try {
        fs.fsyncSync(descriptor)
      } finally {
        fs.closeSync(descriptor)
      }
    }),
  space: (path) =>
    attempt('statfs', path, () => {
      const { bavail, blocks, bsize } = fs.statfsSync(path)
      return { free: bavail * bsize, total: blocks * bsize }
    }),
  lock: (path) => takeLock(path),
}
