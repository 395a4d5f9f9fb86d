/** The real platform, with a test's say in it: the disk's operations may fail, syncs wait, and long delays are short. */
import { type Disk, DiskError, type DiskFile } from '../../broker/platform/disk.ts'
import { nodePlatform } from '../../broker/platform/node/platform.ts'
import type { Platform } from '../../broker/platform/platform.ts'

export type FaultyOperation = 'open' | 'write' | 'read' | 'sync' | 'makeDirectory'

export class FaultyDisk {
  readonly platform: Platform
  /** The code with which it fails, if it does. */
  fault: (operation: FaultyOperation, path: string) => string | undefined = () => undefined
  /** Bytes free, instead of what is. */
  free: number | undefined
  /** Syncs end after this. */
  syncsWaitFor: Promise<void> = Promise.resolve()

  constructor() {
    const real = nodePlatform.disk
    const disk: Disk = Object.create(real) as Disk
    disk.open = (path, mode) => {
      this.#try('open', path)
      return this.#wrap(real.open(path, mode))
    }
    disk.makeDirectory = (path) => {
      this.#try('makeDirectory', path)
      real.makeDirectory(path)
    }
    disk.space = (path) => ({ ...real.space(path), ...(this.free !== undefined && { free: this.free }) })
    this.platform = { ...nodePlatform, disk, clock: { ...nodePlatform.clock, after: (delay, wake) => this.#after(delay, wake) } }
  }

  /** What is to happen in seconds happens soon. */
  #after(delay: number, wake: () => void) {
    return nodePlatform.clock.after(delay >= 1000 ? delay / 100 : delay, wake)
  }

  #try(operation: FaultyOperation, path: string): void {
    const code = this.fault(operation, path)
    if (code !== undefined) throw new DiskError(code, operation, path)
  }

  #wrap(file: DiskFile): DiskFile {
    const { path } = file
    return {
      path,
      size: () => file.size(),
      write: (chunks, position) => {
        this.#try('write', path)
        file.write(chunks, position)
      },
      writeLater: async (chunks, position) => {
        this.#try('write', path)
        await file.writeLater(chunks, position)
      },
      read: (target, position) => {
        this.#try('read', path)
        return file.read(target, position)
      },
      readLater: async (target, position) => {
        this.#try('read', path)
        return file.readLater(target, position)
      },
      sync: async () => {
        await this.syncsWaitFor
        this.#try('sync', path)
        await file.sync()
      },
      syncNow: () => {
        this.#try('sync', path)
        file.syncNow()
      },
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
    }
  }
}
