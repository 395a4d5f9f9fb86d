/**
 * The newest batches of all logs, in memory: what consumers at the head are served from, and what the next write takes its bytes from.
 * Owns: extents, each a run of one segment's bytes; a bound on all of them together; slabs for reuse (touching fresh memory costs
 * more than copying into it). Never: reads or writes files, knows batches.
 * Invariants: the extents of a log follow each other without a gap up to its end; bytes not yet written to the file are never
 * evicted; a slab is reused only when nobody holds a view of it.
 */
import assert from 'node:assert/strict'

const slabBytesMin = 4 * 1024
const slabBytesMax = 1024 * 1024
/** Slabs that wait to be used again, beyond the cache's own bound. */
const slabBytesKeptMax = 8 * 1024 * 1024

/** The part of a segment that an extent belongs to. */
export interface CachedFile {
  /** Bytes that are in the file; what lies beyond is only here. */
  readonly writtenBytes: number
}

/** The bytes [start, end) of one file. */
class Extent {
  readonly tail: LogTail
  readonly file: CachedFile
  readonly start: number
  end: number
  readonly buffer: Buffer
  /** Allocated here, to be filled and reused; else somebody's buffer, kept by reference. */
  readonly isSlab: boolean
  readers = 0
  evicted = false

  constructor(tail: LogTail, file: CachedFile, start: number, buffer: Buffer, isSlab: boolean) {
    this.tail = tail
    this.file = file
    this.start = start
    this.end = start
    this.buffer = buffer
    this.isSlab = isSlab
  }

  view(from: number, to: number): Buffer {
    return this.buffer.subarray(from - this.start, to - this.start)
  }
}

/** Views of cached bytes; `release` once nothing refers to them any more. */
export interface Held {
  readonly chunks: Buffer[]
  release(): void
}

class HeldExtents implements Held {
  readonly chunks: Buffer[] = []
  readonly #cache: TailCache
  readonly #slabs: Extent[] = []

  constructor(cache: TailCache) {
    this.#cache = cache
  }

  add(extent: Extent, from: number, to: number): void {
    this.chunks.push(extent.view(from, to))
    if (!extent.isSlab) return
    extent.readers++
    this.#slabs.push(extent)
  }

  release(): void {
    for (const extent of this.#slabs) this.#cache.released(extent)
    this.#slabs.length = 0
  }
}

export class TailCache {
  readonly #bytesMax: number
  #bytes = 0
  /** Reads that found all they wanted here, and those that had to go to a file. */
  hits = 0
  misses = 0
  /** Oldest first; a queue with its head at `#first`. */
  #extents: Extent[] = []
  #first = 0
  readonly #slabs = new Map<number, Buffer[]>()
  #slabBytesKept = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Memory held for extents. */
  get bytes(): number {
    return this.#bytes
  }

  openTail(): LogTail {
    return new LogTail(this)
  }

  /** A new extent with room for `bytes` at least. */
  allocate(tail: LogTail, file: CachedFile, start: number, bytes: number): Extent {
    const size = slabSize(bytes)
    this.#makeRoom(size)
    return this.#enter(new Extent(tail, file, start, this.#takeSlab(size), size <= slabBytesMax))
  }

  /** Somebody else's buffer, kept by reference: full from the start. */
  adopt(tail: LogTail, file: CachedFile, start: number, buffer: Buffer): Extent {
    this.#makeRoom(buffer.length)
    const extent = this.#enter(new Extent(tail, file, start, buffer, false))
    extent.end = start + buffer.length
    return extent
  }

  #enter(extent: Extent): Extent {
    this.#extents.push(extent)
    this.#bytes += extent.buffer.length
    return extent
  }

  /** Before something is allocated, so that it finds the slab of what goes. */
  #makeRoom(bytes: number): void {
    while (this.#bytes + bytes > this.#bytesMax) {
      const oldest = this.#extents[this.#first]
      if (!oldest) break
      if (!oldest.evicted && oldest.end > oldest.file.writtenBytes) break
      this.#first++
      if (!oldest.evicted) {
        this.drop(oldest)
        oldest.tail.forget(oldest)
      }
    }
    if (this.#first > 64 && this.#first * 2 > this.#extents.length) {
      this.#extents = this.#extents.slice(this.#first)
      this.#first = 0
    }
  }

  /** The extent is part of no log any more. */
  drop(extent: Extent): void {
    assert(!extent.evicted, 'an extent goes once')
    extent.evicted = true
    this.#bytes -= extent.buffer.length
    if (extent.readers === 0) this.#keepSlab(extent)
  }

  released(extent: Extent): void {
    assert(extent.readers > 0, 'what is released was held')
    extent.readers--
    if (extent.readers === 0 && extent.evicted) this.#keepSlab(extent)
  }

  #takeSlab(size: number): Buffer {
    const slab = this.#slabs.get(size)?.pop()
    if (!slab) return Buffer.allocUnsafeSlow(size)
    this.#slabBytesKept -= size
    return slab
  }

  /** What went last is wanted next: slabs of another size give way to it. */
  #keepSlab({ buffer, isSlab }: Extent): void {
    if (!isSlab) return
    const size = buffer.length
    for (const [other, slabs] of this.#slabs) {
      while (other !== size && slabs.length > 0 && this.#slabBytesKept + size > slabBytesKeptMax) {
        slabs.pop()
        this.#slabBytesKept -= other
      }
    }
    if (this.#slabBytesKept + size > slabBytesKeptMax) return
    const kept = this.#slabs.get(size)
    if (kept) kept.push(buffer)
    else this.#slabs.set(size, [buffer])
    this.#slabBytesKept += size
  }
}

/** A power of two between the bounds; what is larger gets just its size. */
function slabSize(bytes: number): number {
  if (bytes > slabBytesMax) return bytes
  if (bytes <= slabBytesMin) return slabBytesMin
  return 2 ** Math.ceil(Math.log2(bytes))
}

/** The cached end of one log. */
export class LogTail {
  readonly #cache: TailCache
  /** In the order of the log, without a gap. */
  #extents: Extent[] = []
  #first = 0
  /** The one that is being filled. */
  #open: Extent | undefined
  #nextSlabBytes = slabBytesMin

  constructor(cache: TailCache) {
    this.#cache = cache
  }

  /** Takes `bytes`, which will stand at `position` of `file`; by reference where they may be retained. */
  append(file: CachedFile, position: number, bytes: Buffer, retain: boolean): void {
    if (retain) {
      this.#open = undefined
      // Making room may forget extents of this log: only then is it clear where the new one goes.
      const extent = this.#cache.adopt(this, file, position, bytes)
      this.#extents.push(extent)
      return
    }
    let open = this.#open
    if (!open || open.file !== file || open.end - open.start + bytes.length > open.buffer.length) {
      open = this.#cache.allocate(this, file, position, Math.max(bytes.length, this.#nextSlabBytes))
      // A log that fills its slabs gets larger ones: a fetch then finds few chunks.
      this.#nextSlabBytes = Math.min(slabBytesMax, open.buffer.length * 2)
      this.#extents.push(open)
      this.#open = open
    }
    assert(open.end === position, 'a log is appended at its end')
    bytes.copy(open.buffer, open.end - open.start)
    open.end += bytes.length
  }

  /** The bytes [from, to) of `file`, or undefined unless all of them are here. */
  hold(file: CachedFile, from: number, to: number): Held | undefined {
    let at = this.#find(file, from)
    if (at < 0) return undefined
    const held = new HeldExtents(this.#cache)
    let position = from
    for (; position < to; at++) {
      const extent = this.#extents[at]
      if (!extent || extent.file !== file) {
        held.release()
        return undefined
      }
      const until = Math.min(to, extent.end)
      held.add(extent, position, until)
      position = until
    }
    return held
  }

  /** A view of what is cached from `position` on, to be looked at and let go at once. */
  peek(file: CachedFile, position: number): Buffer | undefined {
    const at = this.#find(file, position)
    if (at < 0) return undefined
    const extent = this.#extents[at] as Extent
    return extent.view(position, extent.end)
  }

  /** Which extent holds `position`; -1 if none. The newest are asked for most. */
  #find(file: CachedFile, position: number): number {
    let at = this.#extents.length - 1
    while (at >= this.#first && (this.#extents[at] as Extent).file !== file) at--
    let low = this.#first
    let high = at
    for (let steps = 0; high >= low && steps < 2; steps++, high--) {
      const extent = this.#extents[high] as Extent
      if (extent.start <= position) return position < extent.end ? high : -1
    }
    while (low <= high) {
      const middle = (low + high) >>> 1
      const extent = this.#extents[middle] as Extent
      if (extent.file !== file || extent.end <= position) low = middle + 1
      else if (extent.start > position) high = middle - 1
      else return middle
    }
    return -1
  }

  /** The cache needs the room of the oldest extent. */
  forget(extent: Extent): void {
    assert(this.#extents[this.#first] === extent, 'the oldest goes first')
    this.#first++
    if (this.#open === extent) {
      this.#open = undefined
      this.#nextSlabBytes = Math.max(slabBytesMin, extent.end - extent.start)
    }
    if (this.#first > 16 && this.#first * 2 > this.#extents.length) {
      this.#extents = this.#extents.slice(this.#first)
      this.#first = 0
    }
  }

  /** The log was cut, or is gone. */
  clear(): void {
    for (let at = this.#first; at < this.#extents.length; at++) this.#cache.drop(this.#extents[at] as Extent)
    this.#extents = []
    this.#first = 0
    this.#open = undefined
  }
}
