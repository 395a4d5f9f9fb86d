/**
 * A disk in memory, for tests of the log that look at single files. What survives a power failure is the simulator's disk's business.
 * A test may read and damage files by path, and have operations fail.
 */
import { type Disk, type DiskEntry, DiskError, type DiskFile, type OpenMode } from '../../broker/platform/disk.ts'

export type Operation = 'open' | 'read' | 'write' | 'sync' | 'truncate' | 'rename' | 'remove' | 'mkdir' | 'list' | 'lock'

class Content {
  bytes = Buffer.alloc(0)
  size = 0

  get view(): Buffer {
    return this.bytes.subarray(0, this.size)
  }

  reserve(size: number): void {
    if (size > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(size, this.bytes.length * 2, 256))
      this.view.copy(larger)
      this.bytes = larger
    }
  }
}

export class MemoryDisk implements Disk {
  readonly files = new Map<string, Content>()
  readonly directories = new Set<string>(['/'])
  /** Takes writes, and forgets them: for measuring what comes before. */
  readonly swallows: boolean = false
  /** Called before each operation; what it throws is the operation's failure. */
  before: (operation: Operation, path: string) => void = () => {}
  /** Reads that may wait for the device end after this. */
  readsWaitFor: Promise<void> = Promise.resolve()
  /** Of descriptors open now. */
  readonly openPaths: string[] = []
  readonly #locks = new Set<string>()

  /** From now on this operation fails on paths that end so. */
  fail(operation: Operation, ending: string, code = 'EIO'): void {
    this.before = (done, path) => {
      if (done === operation && path.endsWith(ending)) throw new DiskError(code, operation, path)
    }
  }

  heal(): void {
    this.before = () => {}
  }

  /** As if the process had been killed: nothing is lost but what it held open. */
  afterKill(): MemoryDisk {
    const disk = new MemoryDisk()
    for (const [path, content] of this.files) disk.put(path, content.view)
    for (const path of this.directories) disk.directories.add(path)
    return disk
  }

  get(path: string): Buffer {
    return this.#content(path, 'read').view
  }

  put(path: string, bytes: Uint8Array): void {
    const content = new Content()
    content.bytes = Buffer.from(bytes)
    content.size = bytes.length
    this.files.set(path, content)
  }

  #content(path: string, operation: string): Content {
    const content = this.files.get(path)
    if (!content) throw new DiskError('ENOENT', operation, path)
    return content
  }

  open(path: string, mode: OpenMode): DiskFile {
    this.before('open', path)
    if (mode === 'replace' || (mode === 'create' && !this.files.has(path))) {
      if (!this.directories.has(parent(path))) throw new DiskError('ENOENT', 'open', path)
      this.files.set(path, new Content())
    }
    const content = this.#content(path, 'open')
    this.openPaths.push(path)
    return new MemoryFile(this, path, content)
  }

  exists(path: string): boolean {
    return this.files.has(path) || this.directories.has(path)
  }

  list(directory: string): DiskEntry[] {
    this.before('list', directory)
    if (!this.directories.has(directory)) throw new DiskError('ENOENT', 'list', directory)
    const within = (path: string) => path !== directory && parent(path) === directory
    const files = [...this.files.keys()].filter(within).map((path) => ({ name: base(path), kind: 'file' as const }))
    const folders = [...this.directories].filter(within).map((path) => ({ name: base(path), kind: 'directory' as const }))
    return [...files, ...folders].reverse()
  }

  makeDirectory(path: string): void {
    this.before('mkdir', path)
    for (let at = path; at !== '/'; at = parent(at)) this.directories.add(at)
  }

  rename(from: string, to: string): void {
    this.before('rename', from)
    if (!this.exists(from)) throw new DiskError('ENOENT', 'rename', from)
    const content = this.files.get(from)
    if (content) {
      this.files.delete(from)
      this.files.set(to, content)
      return
    }
    const inside = (path: string) => path === from || path.startsWith(`${from}/`)
    for (const path of [...this.directories].filter(inside)) {
      this.directories.delete(path)
      this.directories.add(to + path.slice(from.length))
    }
    for (const [path, moved] of [...this.files].filter(([path]) => inside(path))) {
      this.files.delete(path)
      this.files.set(to + path.slice(from.length), moved)
    }
  }

  remove(path: string): void {
    this.before('remove', path)
    this.#content(path, 'remove')
    this.files.delete(path)
  }

  removeTree(path: string): void {
    this.before('remove', path)
    const inside = (at: string) => at === path || at.startsWith(`${path}/`)
    for (const at of [...this.files.keys()].filter(inside)) this.files.delete(at)
    for (const at of [...this.directories].filter(inside)) this.directories.delete(at)
  }

  link(existing: string, added: string): void {
    this.files.set(added, this.#content(existing, 'link'))
  }

  async syncDirectory(path: string): Promise<void> {
    this.before('sync', path)
  }

  syncDirectoryNow(path: string): void {
    this.before('sync', path)
  }

  space(): { free: number; total: number } {
    return { free: 2 ** 30, total: 2 ** 31 }
  }

  lock(path: string): { release(): void } {
    if (this.#locks.has(path)) throw new DiskError('EWOULDBLOCK', 'lock', path)
    this.#locks.add(path)
    return { release: () => this.#locks.delete(path) }
  }
}

class MemoryFile implements DiskFile {
  readonly path: string
  readonly #disk: MemoryDisk
  readonly #content: Content
  #isOpen = true

  constructor(disk: MemoryDisk, path: string, content: Content) {
    this.#disk = disk
    this.path = path
    this.#content = content
  }

  #enter(operation: Operation): void {
    if (!this.#isOpen) throw new DiskError('EBADF', operation, this.path)
    this.#disk.before(operation, this.path)
  }

  size(): number {
    return this.#content.size
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    this.#enter('write')
    if (this.#disk.swallows) return
    let at = position
    for (const chunk of chunks) {
      this.#content.reserve(at + chunk.length)
      this.#content.bytes.set(chunk, at)
      at += chunk.length
      this.#content.size = Math.max(this.#content.size, at)
    }
  }

  async writeLater(chunks: readonly Uint8Array[], position: number): Promise<void> {
    await Promise.resolve()
    this.write(chunks, position)
  }

  read(target: Uint8Array, position: number): number {
    this.#enter('read')
    const got = this.#content.view.subarray(position, position + target.length)
    target.set(got)
    return got.length
  }

  async readLater(target: Uint8Array, position: number): Promise<number> {
    await this.#disk.readsWaitFor
    return this.read(target, position)
  }

  async sync(): Promise<void> {
    await Promise.resolve()
    this.#enter('sync')
  }

  syncNow(): void {
    this.#enter('sync')
  }

  truncate(size: number): void {
    this.#enter('truncate')
    this.#content.reserve(size)
    if (size > this.#content.size) this.#content.bytes.fill(0, this.#content.size, size)
    this.#content.size = size
  }

  close(): void {
    if (!this.#isOpen) throw new DiskError('EBADF', 'close', this.path)
    this.#isOpen = false
    this.#disk.openPaths.splice(this.#disk.openPaths.indexOf(this.path), 1)
  }
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
