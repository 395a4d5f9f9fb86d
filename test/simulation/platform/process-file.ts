/**
 * An open file of one process. A write goes to the cache, whole, or in part where the process dies in it or the device is full.
 */
import { DiskError, type DiskFile } from '../../../broker/platform/disk.ts'
import type { DiskOperation, SimulatedDisk } from './disk.ts'
import type { FileNode } from './disk-content.ts'
import type { SimulatedProcess } from './process.ts'
import { Crashed } from './scheduler.ts'

export class ProcessFile implements DiskFile {
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
    disk.scheduler.trace.line(() => `${this.#process.name} writes ${bytes.length} bytes at ${position} of ${this.path}`)
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
    this.#disk.scheduler.trace.line(() => `${this.#process.name} has synced ${this.path}`)
    if (traits.journaled) names.syncAll()
    return undefined
  }

  truncate(size: number): void {
    this.#operate('truncate', () => {
      this.#disk.scheduler.trace.line(() => `${this.#process.name} truncates ${this.path} to ${size}`)
      this.#disk.usedBytes += this.#node.content.truncate(size)
    })
  }

  close(): void {
    if (!this.#process.alive) throw new Crashed(this.#process.name)
    this.#assertOpen('read')
    this.#open = false
  }
}
