/**
 * What a disk holds, twice: as processes see it (the cache) and as it is on the device. Between the two, what was not synced yet, in order.
 * Invariant: the device plus all that is pending, applied in order, is the cache; until a failed sync breaks it, as it does on a real one.
 */
import type { SeededRandom } from './random.ts'

/** The traits that decide what a power failure leaves (see DiskTraits). */
export interface LossTraits {
  journaled: boolean
  keepChance: number
  tearChance: number
  tearUnit: number
  zeroFillChance: number
  flipChance: number
  forgetsFailedSync: boolean
}

/** `bytes` at `position`, or a truncation to `position`. */
interface PendingChange {
  position: number
  bytes: Buffer | undefined
}

/** Bytes that grow; those never written are zero. */
class Bytes {
  #buffer = Buffer.alloc(0)
  size = 0

  view(): Buffer {
    return this.#buffer.subarray(0, this.size)
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length
    this.#reserve(end)
    if (position > this.size) this.#buffer.fill(0, this.size, position)
    this.#buffer.set(bytes, position)
    this.size = Math.max(this.size, end)
  }

  truncate(size: number): void {
    this.#reserve(size)
    if (size > this.size) this.#buffer.fill(0, this.size, size)
    this.size = size
  }

  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.length, this.size - position))
    if (count > 0) target.set(this.#buffer.subarray(position, position + count))
    return count
  }

  #reserve(size: number): void {
    if (size <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(4096, size, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.size)
    this.#buffer = larger
  }
}

/** A file's content. */
export class Content {
  readonly #cache = new Bytes()
  readonly #device = new Bytes()
  #pending: PendingChange[] = []
  /** Changes that left `#pending` so far: marks count from the file's beginning. */
  #settled = 0

  get size(): number {
    return this.#cache.size
  }

  get hasUnsynced(): boolean {
    return this.#pending.length > 0
  }

  view(): Buffer {
    return this.#cache.view()
  }

  deviceView(): Buffer {
    return this.#device.view()
  }

  /** By how much the file grew. */
  write(bytes: Uint8Array, position: number): number {
    const before = this.#cache.size
    this.#cache.write(bytes, position)
    this.#pending.push({ position, bytes: Buffer.from(bytes) })
    return this.#cache.size - before
  }

  truncate(size: number): number {
    const before = this.#cache.size
    if (size === before) return 0
    this.#cache.truncate(size)
    this.#pending.push({ position: size, bytes: undefined })
    return size - before
  }

  read(target: Uint8Array, position: number): number {
    return this.#cache.read(target, position)
  }

  /** Everything until now; a sync that begins now covers it. */
  mark(): number {
    return this.#settled + this.#pending.length
  }

  sync(mark: number): void {
    for (const change of this.#settle(mark)) apply(this.#device, change)
  }

  /** Some of it may be on the device; none of it is dirty any more if the cache forgets. */
  syncFails(mark: number, random: SeededRandom, traits: LossTraits): void {
    if (!traits.forgetsFailedSync) return
    for (const change of this.#settle(mark)) if (random.chance(0.5)) apply(this.#device, change)
  }

  #settle(mark: number): PendingChange[] {
    const count = Math.max(0, mark - this.#settled)
    this.#settled += count
    return this.#pending.splice(0, count)
  }

  /** Flips one bit, on the device and in the cache alike: the medium decayed. */
  flip(position: number, bit: number): void {
    for (const bytes of [this.#cache, this.#device]) {
      if (position >= bytes.size) continue
      const view = bytes.view()
      view[position] = (view[position] as number) ^ (1 << bit)
    }
  }

  powerFails(random: SeededRandom, traits: LossTraits): void {
    for (const change of this.#settle(this.mark())) {
      if (change.bytes) this.#lose(change.position, change.bytes, random, traits)
      else if (random.chance(traits.keepChance)) apply(this.#device, change)
      else break // the file's length changes in order: what came after a lost truncation is lost too
    }
    this.#pending = []
    this.#cache.truncate(0)
    this.#cache.write(this.#device.view(), 0)
  }

  /** One unsynced write meets its fate. */
  #lose(position: number, bytes: Buffer, random: SeededRandom, traits: LossTraits): void {
    const device = this.#device
    if (!random.chance(traits.keepChance)) {
      if (random.chance(traits.zeroFillChance)) device.truncate(Math.max(device.size, position + bytes.length))
      return
    }
    if (!random.chance(traits.tearChance)) return device.write(bytes, position)
    const cut = Math.min(
      bytes.length,
      (Math.floor((position + random.below(bytes.length + 1)) / traits.tearUnit) + 1) * traits.tearUnit - position,
    )
    const kept = Buffer.from(bytes.subarray(0, traits.tearUnit === 1 ? cut - 1 : cut))
    const fresh = Math.max(0, device.size - position)
    if (kept.length > fresh && random.chance(traits.flipChance)) {
      const at = random.between(fresh, kept.length - 1)
      kept[at] = (kept[at] as number) ^ (1 << random.below(8))
    }
    device.write(kept, position)
    if (random.chance(traits.zeroFillChance)) device.truncate(Math.max(device.size, position + bytes.length))
  }
}

function apply(bytes: Bytes, change: PendingChange): void {
  if (change.bytes) bytes.write(change.bytes, change.position)
  else bytes.truncate(change.position)
}

export class FileNode {
  readonly content: Content

  constructor(content: Content) {
    this.content = content
  }
}

export class DirectoryNode {
  entries = new Map<string, Node>()
  readonly onDevice = new Map<string, Node>()
}

export type Node = FileNode | DirectoryNode

/** In `directory`, `name` now means `node`, or nothing. */
export type NameChange = readonly [directory: DirectoryNode, name: string, node: Node | undefined]

/** The tree of names. A change is atomic, and on the device once a directory that it touches is synced. */
export class Namespace {
  readonly root = new DirectoryNode()
  #pending: { number: number; changes: readonly NameChange[] }[] = []
  #made = 0

  find(path: string): Node | undefined {
    let node: Node = this.root
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue
      if (!(node instanceof DirectoryNode)) return undefined
      const child: Node | undefined = node.entries.get(name)
      if (!child) return undefined
      node = child
    }
    return node
  }

  /** The directory that holds, or would hold, the path's last name. */
  place(path: string): { directory: DirectoryNode; name: string } | undefined {
    const names = path.split('/').filter((name) => name !== '' && name !== '.')
    const name = names.pop()
    const directory = this.find(names.join('/'))
    return name !== undefined && directory instanceof DirectoryNode ? { directory, name } : undefined
  }

  change(changes: readonly NameChange[]): void {
    for (const change of changes) set(change[0].entries, change)
    this.#pending.push({ number: this.#made++, changes })
  }

  /** With its parents. False: there is a file in the way. */
  makeDirectory(path: string): boolean {
    let directory = this.root
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue
      let child = directory.entries.get(name)
      if (!child) {
        child = new DirectoryNode()
        this.change([[directory, name, child]])
      }
      if (!(child instanceof DirectoryNode)) return false
      directory = child
    }
    return true
  }

  /** Everything until now; a sync that begins now covers it. */
  mark(): number {
    return this.#made
  }

  /** `directory` was synced: its changes before `mark` are on the device, and on a journaling file system all earlier ones too. */
  sync(directory: DirectoryNode, mark: number, journaled: boolean): void {
    this.#pending = this.#pending.filter(({ number, changes }) => {
      if (number >= mark || !(journaled || changes.some((change) => change[0] === directory))) return true
      settle(changes)
      return false
    })
  }

  syncAll(): void {
    for (const { changes } of this.#pending) settle(changes)
    this.#pending.length = 0
  }

  powerFails(random: SeededRandom, traits: LossTraits): void {
    for (const { changes } of this.#pending) {
      if (random.chance(traits.keepChance)) settle(changes)
      else if (traits.journaled) break
    }
    this.#pending.length = 0
    const lost = new Set<Node>()
    const visit = (directory: DirectoryNode): void => {
      directory.entries = new Map(directory.onDevice)
      for (const node of directory.entries.values()) {
        if (lost.has(node)) continue
        lost.add(node)
        if (node instanceof DirectoryNode) visit(node)
        else node.content.powerFails(random, traits)
      }
    }
    visit(this.root)
  }
}

function set(entries: Map<string, Node>, [, name, node]: NameChange): void {
  if (node) entries.set(name, node)
  else entries.delete(name)
}

function settle(changes: readonly NameChange[]): void {
  for (const change of changes) set(change[0].onDevice, change)
}
