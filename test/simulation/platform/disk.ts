/**
 * A disk with a page cache before it. What a process writes is in the cache at once and on the device when it was synced; a power failure
 * leaves what was synced, and of the rest whatever the device's traits allow.
 * Owns: all files of a machine. They outlive processes; the cache does not outlive the power.
 * Faults on purpose: errors (EIO, ENOSPC by a byte budget), slow calls, death in the middle of an operation, bits flipped in files at rest.
 */
import { type Disk, DiskError, type DiskFile, type OpenMode } from '../../../broker/platform/disk.ts'
import { Content, DirectoryNode, FileNode, Namespace, type Node } from './disk-content.ts'
import type { SimulatedProcess } from './process.ts'
import type { SeededRandom } from './random.ts'
import { Crashed, type Micros, type Scheduler } from './scheduler.ts'

/** What a power failure may leave of the unsynced, and how slow the device is: drawn once per seed. */
export interface DiskTraits {
  /** A journaling file system: names change in order, and a file's sync brings the earlier changes of names with it. */
  journaled: boolean
  /** That an unsynced write is there after a power failure, each for itself. */
  keepChance: number
  /** That one that is there is only there in part. */
  tearChance: number
  /** Where it tears: 512, or 1. */
  tearUnit: number
  /** That the missing part reads as what it never was: zeros within a file of full size, where false leaves the file shorter. */
  zeroFillChance: number
  /** That a torn write has a flipped bit in it. */
  flipChance: number
  /** After a failed sync the cache forgets that these pages were dirty (Linux): a later sync that succeeds does not save them. */
  forgetsFailedSync: boolean
  syncMin: Micros
  syncMax: Micros
  /** What a call to the page cache takes. */
  call: Micros
}

export const calmDisk: DiskTraits = {
  journaled: true,
  keepChance: 0.5,
  tearChance: 0.5,
  tearUnit: 1,
  zeroFillChance: 0.2,
  flipChance: 0,
  forgetsFailedSync: true,
  syncMin: 100,
  syncMax: 400,
  call: 3,
}

export type DiskOperation = 'open' | 'read' | 'write' | 'sync' | 'truncate' | 'rename' | 'remove' | 'mkdir' | 'link' | 'list'

/** The next `times` operations of this kind on a path that matches fail with `code`. */
export interface DiskFault {
  operation: DiskOperation
  matches: (path: string) => boolean
  code: string
  times: number
}

export class SimulatedDisk {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly traits: DiskTraits
  readonly names = new Namespace()
  readonly #faults: DiskFault[] = []
  readonly #locks = new Map<string, SimulatedProcess>()
  /** Bytes that fit on the device. */
  capacityBytes = 1024 * 1024 * 1024
  usedBytes = 0
  /** Every call takes this much longer. */
  stallMicros: Micros = 0

  constructor(scheduler: Scheduler, random: SeededRandom, traits: DiskTraits) {
    this.scheduler = scheduler
    this.random = random
    this.traits = traits
  }

  /** The port through which `process` sees this disk. */
  for(process: SimulatedProcess): Disk {
    return new ProcessDisk(this, process)
  }

  /** Plants a fault; it stays until used up or cleared. */
  fault(fault: DiskFault): void {
    this.#faults.push(fault)
  }

  clearFaults(): void {
    this.#faults.length = 0
    this.stallMicros = 0
  }

  takeFault(operation: DiskOperation, path: string): string | undefined {
    for (let index = 0; index < this.#faults.length; index++) {
      const fault = this.#faults[index] as DiskFault
      if (fault.operation !== operation || !fault.matches(path)) continue
      if (--fault.times === 0) this.#faults.splice(index, 1)
      this.scheduler.trace.line(() => `disk: ${operation} ${path} fails with ${fault.code}`)
      return fault.code
    }
    return undefined
  }

  /** The power fails: the cache is gone, and of what was not synced some, all or nothing reached the device. */
  powerFails(): void {
    this.scheduler.trace.line(() => 'disk: power fails')
    this.names.powerFails(this.random, this.traits)
    this.usedBytes = 0
    for (const [, file] of this.files()) this.usedBytes += file.content.size
    this.#faults.length = 0
  }

  /** Every file now visible, by path. */
  files(): [path: string, file: FileNode][] {
    const found: [string, FileNode][] = []
    const visit = (directory: DirectoryNode, path: string): void => {
      for (const [name, node] of directory.entries) {
        if (node instanceof DirectoryNode) visit(node, `${path}/${name}`)
        else found.push([`${path}/${name}`, node])
      }
    }
    visit(this.names.root, '')
    return found
  }

  /** The file's bytes as a process would read them now, or undefined. For checkers. */
  peek(path: string): Buffer | undefined {
    const node = this.names.find(path)
    return node instanceof FileNode ? node.content.view() : undefined
  }

  tryLock(path: string, process: SimulatedProcess): boolean {
    const holder = this.#locks.get(path)
    if (holder?.alive) return false
    this.#locks.set(path, process)
    return true
  }

  unlock(path: string, process: SimulatedProcess): void {
    if (this.#locks.get(path) === process) this.#locks.delete(path)
  }
}

/** One process's view of the disk: the port, with the process's death and delays in it. */
class ProcessDisk implements Disk {
  readonly #disk: SimulatedDisk
  readonly #process: SimulatedProcess

  constructor(disk: SimulatedDisk, process: SimulatedProcess) {
    this.#disk = disk
    this.#process = process
  }

  /** Every synchronous operation passes here: it takes its time, may fail, and may be the process's last. */
  #operate<T>(operation: DiskOperation, path: string, act: () => T): T {
    const isFatal = this.#process.enterDiskOperation()
    const { traits, random, stallMicros, scheduler } = this.#disk
    this.#process.block(traits.call + stallMicros)
    if (isFatal) {
      if (random.chance(0.5)) act()
      throw new Crashed(this.#process.name)
    }
    const code = this.#disk.takeFault(operation, path)
    if (code) throw new DiskError(code, operation, path)
    scheduler.trace.number(operation.length * 64 + path.length)
    return act()
  }

  #need<T extends Node>(path: string, operation: DiskOperation, kind: new (...args: never[]) => T): T {
    const node = this.#disk.names.find(path)
    if (!node) throw new DiskError('ENOENT', operation, path)
    if (!(node instanceof kind)) throw new DiskError(node instanceof DirectoryNode ? 'EISDIR' : 'ENOTDIR', operation, path)
    return node
  }

  open(path: string, mode: OpenMode): DiskFile {
    return this.#operate('open', path, () => {
      const { names } = this.#disk
      if (mode === 'read' || mode === 'append') return this.#file(this.#need(path, 'open', FileNode), path, mode !== 'read')
      const existing = names.find(path)
      if (existing) {
        const file = this.#need(path, 'open', FileNode)
        if (mode === 'replace') this.#disk.usedBytes += file.content.truncate(0)
        return this.#file(file, path, true)
      }
      const place = names.place(path)
      if (!place) throw new DiskError('ENOENT', 'open', path)
      const file = new FileNode(new Content())
      names.change([[place.directory, place.name, file]])
      return this.#file(file, path, true)
    })
  }

  #file(node: FileNode, path: string, writable: boolean): DiskFile {
    return new ProcessFile(this.#disk, this.#process, node, path, writable)
  }

  exists(path: string): boolean {
    return this.#operate('list', path, () => this.#disk.names.find(path) !== undefined)
  }

  list(directory: string): { name: string; kind: 'file' | 'directory' }[] {
    return this.#operate('list', directory, () => {
      const node = this.#need(directory, 'list', DirectoryNode)
      const entries = [...node.entries].map(([name, child]) => ({
        name,
        kind: child instanceof DirectoryNode ? ('directory' as const) : ('file' as const),
      }))
      return shuffled(entries, this.#disk.random)
    })
  }

  makeDirectory(path: string): void {
    this.#operate('mkdir', path, () => {
      if (!this.#disk.names.makeDirectory(path)) throw new DiskError('EEXIST', 'mkdir', path)
    })
  }

  rename(from: string, to: string): void {
    this.#operate('rename', from, () => {
      const { names } = this.#disk
      const source = names.place(from)
      const target = names.place(to)
      const node = source?.directory.entries.get(source.name)
      if (!source || !target || !node) throw new DiskError('ENOENT', 'rename', from)
      const replaced = target.directory.entries.get(target.name)
      if (replaced === node) return
      if (replaced instanceof DirectoryNode && replaced.entries.size > 0) throw new DiskError('ENOTEMPTY', 'rename', to)
      if (replaced instanceof FileNode) this.#disk.usedBytes -= replaced.content.size
      names.change([
        [source.directory, source.name, undefined],
        [target.directory, target.name, node],
      ])
    })
  }

  remove(path: string): void {
    this.#operate('remove', path, () => {
      const file = this.#need(path, 'remove', FileNode)
      const { directory, name } = this.#disk.names.place(path) as { directory: DirectoryNode; name: string }
      this.#disk.usedBytes -= file.content.size
      this.#disk.names.change([[directory, name, undefined]])
    })
  }

  removeTree(path: string): void {
    const node = this.#disk.names.find(path)
    if (node instanceof DirectoryNode) {
      for (const name of [...node.entries.keys()]) this.removeTree(`${path}/${name}`)
      this.#operate('remove', path, () => {
        const { directory, name } = this.#disk.names.place(path) as { directory: DirectoryNode; name: string }
        this.#disk.names.change([[directory, name, undefined]])
      })
    } else if (node) this.remove(path)
  }

  link(existing: string, added: string): void {
    this.#operate('link', added, () => {
      const { names } = this.#disk
      const file = this.#need(existing, 'link', FileNode)
      const place = names.place(added)
      if (!place) throw new DiskError('ENOENT', 'link', added)
      if (place.directory.entries.has(place.name)) throw new DiskError('EEXIST', 'link', added)
      names.change([[place.directory, place.name, file]])
    })
  }

  async syncDirectory(path: string): Promise<void> {
    const { scheduler, random, traits, names } = this.#disk
    if (this.#process.enterDiskOperation()) throw new Crashed(this.#process.name)
    const directory = this.#need(path, 'sync', DirectoryNode)
    const mark = names.mark()
    const delay = random.between(traits.syncMin, traits.syncMax)
    await new Promise<void>((resolve, reject) => {
      scheduler.at(this.#process.now + delay, 'directory sync', () => {
        const code = this.#disk.takeFault('sync', path)
        if (!code && this.#process.alive) names.sync(directory, mark, traits.journaled)
        this.#process.deliver(scheduler.now, 'synced', () => (code ? reject(new DiskError(code, 'sync', path)) : resolve()))
      })
    })
  }

  syncDirectoryNow(path: string): void {
    this.#operate('sync', path, () => {
      const { random, traits, names } = this.#disk
      this.#process.block(random.between(traits.syncMin, traits.syncMax))
      names.sync(this.#need(path, 'sync', DirectoryNode), names.mark(), traits.journaled)
    })
  }

  space(path: string): { free: number; total: number } {
    return this.#operate('list', path, () => {
      const { capacityBytes, usedBytes } = this.#disk
      return { free: Math.max(0, capacityBytes - usedBytes), total: capacityBytes }
    })
  }

  lock(path: string): { release(): void } {
    return this.#operate('open', path, () => {
      const { names } = this.#disk
      const place = names.place(path)
      if (!place) throw new DiskError('ENOENT', 'lock', path)
      if (!place.directory.entries.has(place.name)) names.change([[place.directory, place.name, new FileNode(new Content())]])
      if (!this.#disk.tryLock(path, this.#process)) throw new DiskError('EWOULDBLOCK', 'lock', path)
      return { release: () => this.#disk.unlock(path, this.#process) }
    })
  }
}

class ProcessFile implements DiskFile {
  readonly path: string
  readonly #disk: SimulatedDisk
  readonly #process: SimulatedProcess
  readonly #node: FileNode
  readonly #writable: boolean
  #open = true

  constructor(disk: SimulatedDisk, process: SimulatedProcess, node: FileNode, path: string, writable: boolean) {
    this.#disk = disk
    this.#process = process
    this.#node = node
    this.path = path
    this.#writable = writable
  }

  /** The same door as every operation of the disk, for those on an open file. `partly` is what a death in the middle leaves done. */
  #operate<T>(operation: DiskOperation, act: () => T, partly: () => void = () => {}): T {
    const isFatal = this.#process.enterDiskOperation()
    const { traits, random, stallMicros, scheduler } = this.#disk
    this.#process.block(traits.call + stallMicros)
    if (isFatal) {
      const fate = random.fraction()
      if (fate < 0.4) act()
      else if (fate < 0.8) partly()
      throw new Crashed(this.#process.name)
    }
    this.#assertOpen(operation)
    const code = this.#disk.takeFault(operation, this.path)
    if (code) {
      if (random.chance(0.5)) partly()
      throw new DiskError(code, operation, this.path)
    }
    scheduler.trace.number(operation.length)
    return act()
  }

  #assertOpen(operation: DiskOperation): void {
    if (!this.#open) throw new DiskError('EBADF', operation, this.path)
    if (!this.#writable && (operation === 'write' || operation === 'truncate')) throw new DiskError('EBADF', operation, this.path)
  }

  size(): number {
    if (!this.#process.alive) throw new Crashed(this.#process.name)
    this.#assertOpen('read')
    return this.#node.content.size
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    const bytes = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
    this.#operate(
      'write',
      () => this.#put(bytes, position),
      () => this.#put(bytes.subarray(0, this.#disk.random.below(bytes.length + 1)), position),
    )
  }

  /** Into the cache, as far as the device has room. */
  #put(bytes: Uint8Array, position: number): void {
    const disk = this.#disk
    const growth = Math.max(0, position + bytes.length - this.#node.content.size)
    const lacking = disk.usedBytes + growth - disk.capacityBytes
    disk.scheduler.trace.bytes(bytes)
    if (growth > 0 && lacking > 0) {
      const fitting = Math.max(0, bytes.length - lacking)
      if (fitting > 0) disk.usedBytes += this.#node.content.write(bytes.subarray(0, fitting), position)
      throw new DiskError('ENOSPC', 'write', this.path)
    }
    disk.usedBytes += this.#node.content.write(bytes, position)
  }

  writeLater(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return this.#later('write', () => this.#put(Buffer.concat(chunks), position))
  }

  read(target: Uint8Array, position: number): number {
    return this.#operate('read', () => this.#node.content.read(target, position))
  }

  readLater(target: Uint8Array, position: number): Promise<number> {
    return this.#later('read', () => this.#node.content.read(target, position))
  }

  /** On the thread pool: at some time between now and then. */
  #later<T>(operation: DiskOperation, act: () => T): Promise<T> {
    if (this.#process.enterDiskOperation()) throw new Crashed(this.#process.name)
    this.#assertOpen(operation)
    const { random, scheduler, stallMicros } = this.#disk
    return new Promise((resolve, reject) => {
      this.#process.deliver(this.#process.now + random.magnitude(20, 500) + stallMicros, operation, () => {
        const code = this.#disk.takeFault(operation, this.path)
        if (code) return reject(new DiskError(code, operation, this.path))
        try {
          resolve(act())
        } catch (error) {
          reject(error)
        }
        scheduler.trace.number(operation.length)
      })
    })
  }

  sync(): Promise<void> {
    if (this.#process.enterDiskOperation()) throw new Crashed(this.#process.name)
    this.#assertOpen('sync')
    const { random, scheduler, traits, stallMicros } = this.#disk
    const covered = this.#node.content.mark()
    const delay = random.between(traits.syncMin, traits.syncMax) + stallMicros
    return new Promise((resolve, reject) => {
      scheduler.at(this.#process.now + delay, 'sync', () => {
        const failure = this.#sync(covered)
        this.#process.deliver(scheduler.now, 'synced', () => (failure ? reject(failure) : resolve()))
      })
    })
  }

  syncNow(): void {
    this.#operate('sync', () => {
      const { random, traits } = this.#disk
      this.#process.block(random.between(traits.syncMin, traits.syncMax))
      const failure = this.#sync(this.#node.content.mark())
      if (failure) throw failure
    })
  }

  /** The device has it, or says that it has not. A dead process's sync may or may not have been carried out. */
  #sync(covered: number): DiskError | undefined {
    const { names, random, traits } = this.#disk
    const { content } = this.#node
    if (!this.#process.alive && random.chance(0.5)) return undefined
    const code = this.#disk.takeFault('sync', this.path)
    if (code) {
      content.syncFails(covered, random, traits)
      return new DiskError(code, 'sync', this.path)
    }
    content.sync(covered)
    if (traits.journaled) names.syncAll()
    return undefined
  }

  truncate(size: number): void {
    this.#operate('truncate', () => {
      this.#disk.usedBytes += this.#node.content.truncate(size)
    })
  }

  close(): void {
    if (!this.#process.alive) throw new Crashed(this.#process.name)
    this.#assertOpen('read')
    this.#open = false
  }
}

function shuffled<T>(items: T[], random: SeededRandom): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const kept = items[last] as T
    items[last] = items[other] as T
    items[other] = kept
  }
  return items
}
