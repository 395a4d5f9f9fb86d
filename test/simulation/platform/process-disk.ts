/**
 * One process's view of a disk: the port, with the process's death, its delays and the planted faults in it.
 * Every operation of a process begins with `enterDiskOperation`: after its death none does anything.
 */
import { type Disk, DiskError, type DiskFile, type OpenMode } from '../../../broker/platform/disk.ts'
import type { DiskOperation, SimulatedDisk } from './disk.ts'
import { Content, DirectoryNode, FileNode, type Node } from './disk-content.ts'
import type { SimulatedProcess } from './process.ts'
import { ProcessFile } from './process-file.ts'
import type { SeededRandom } from './random.ts'
import { Crashed } from './scheduler.ts'

/** One process's view of the disk: the port, with the process's death and delays in it. */
export class ProcessDisk implements Disk {
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
    if (operation !== 'list') scheduler.trace.line(() => `${this.#process.name}: ${operation} ${path}`)
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
        scheduler.trace.line(() => `${this.#process.name} has synced the names in ${path}`)
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

function shuffled<T>(items: T[], random: SeededRandom): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const kept = items[last] as T
    items[last] = items[other] as T
    items[other] = kept
  }
  return items
}
