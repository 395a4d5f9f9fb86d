/**
 * A disk with a page cache before it. What a process writes is in the cache at once and on the device when it was synced; a power failure
 * leaves what was synced, and of the rest whatever the device's traits allow.
 * Owns: all files of a machine. They outlive processes; the cache does not outlive the power.
 * Faults on purpose: errors (EIO, ENOSPC by a byte budget), slow calls, death in the middle of an operation, bits flipped in files at rest.
 */
import type { Disk } from '../../../broker/platform/disk.ts'
import { DirectoryNode, FileNode, Namespace } from './disk-content.ts'
import type { SimulatedProcess } from './process.ts'
import type { SeededRandom } from './random.ts'
import { ProcessDisk } from './process-disk.ts'
import type { Micros, Scheduler } from './scheduler.ts'

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
  /** That a torn write has a flipped bit in it, where the device held nothing before. */
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

/** More than any world writes. */
export const roomy = 1024 * 1024 * 1024

export class SimulatedDisk {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly traits: DiskTraits
  readonly names = new Namespace()
  readonly #faults: DiskFault[] = []
  #faultsWait = false
  readonly #locks = new Map<string, SimulatedProcess>()
  /** Bytes that fit on the device. */
  capacityBytes = roomy
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

  /** A fault is planted, or the device is small. */
  get isTroubled(): boolean {
    return this.#faults.length > 0 || this.capacityBytes < roomy
  }

  clearFaults(): void {
    this.#faults.length = 0
    this.stallMicros = 0
  }

  /** For observers: faults wait. */
  withoutFaults<T>(act: () => T): T {
    this.#faultsWait = true
    try {
      return act()
    } finally {
      this.#faultsWait = false
    }
  }

  takeFault(operation: DiskOperation, path: string): string | undefined {
    if (this.#faultsWait) return undefined
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

  /** The names in a directory, or none. For checkers. */
  namesIn(path: string): string[] {
    const node = this.names.find(path)
    return node instanceof DirectoryNode ? [...node.entries.keys()] : []
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
