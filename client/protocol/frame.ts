/**
 * Cuts a stream of bytes into frames: an int32 size, then so many bytes. Sans I/O: whoever has a socket pushes what arrived.
 * Owns: the frame that has begun and not ended. Never: keeps a view of what was pushed.
 * Frames that lie whole in what was pushed are handed on as views of it, without a copy; one that does not is gathered in a buffer,
 * each byte copied once (a large one, which is not trusted to come, now and then more often), and the buffer is used again.
 * After an error the stream has no meaning any more.
 */
import { BufferPool } from './buffer-pool.ts'
import { DecodeError } from './malformed.ts'

/** The frame is the taker's until it returns: what must live longer is copied, unless `isOwned`: then it is the taker's for good. */
export type FrameTaker = (frame: Buffer, isOwned: boolean) => void

/** So much is allocated on the mere word of a peer; more only as the bytes come. */
const trustedBytes = 2 * 1024 * 1024
const growth = 4
const sizeBytes = 4

export class FrameCutter {
  readonly #bytesMax: number
  readonly #buffers: BufferPool
  readonly #isShared: boolean
  /** The size's bytes, while not all four have come. */
  readonly #head = Buffer.alloc(sizeBytes)
  #headed = 0
  #frame: Buffer | undefined
  #size = 0
  #filled = 0

  /** @param bytesMax the largest frame, its size field not counted. `buffers` may be shared by many cutters; without, gathered frames are given away. */
  constructor({ bytesMax, buffers }: { bytesMax: number; buffers?: BufferPool }) {
    this.#bytesMax = bytesMax
    this.#isShared = buffers !== undefined
    this.#buffers = buffers ?? new BufferPool(0)
  }

  /** The size of the frame that is being gathered, 0 if there is none. */
  get expectedBytes(): number {
    return this.#frame === undefined ? 0 : this.#size
  }

  /** How much of it has come. */
  get gatheredBytes(): number {
    return this.#frame === undefined ? 0 : this.#filled
  }

  /** The frame that is being gathered will not be finished. */
  abandon(): void {
    if (this.#frame) this.#buffers.give(this.#frame)
    this.#frame = undefined
  }

  /** Calls `take` for each frame that `view` completes. Throws DecodeError at a size that is negative or too large. */
  push(view: Buffer, take: FrameTaker): void {
    let at = 0
    if (this.#headed > 0) at = this.#finishHead(view)
    if (this.#frame !== undefined) at += this.#fill(view, at, take)
    while (view.length - at >= sizeBytes) {
      const size = this.#checked(view.readInt32BE(at))
      at += sizeBytes
      if (size > view.length - at) {
        this.#open(size)
        at += this.#fill(view, at, take)
        break
      }
      take(view.subarray(at, at + size), false)
      at += size
    }
    if (at < view.length) this.#headed += view.copy(this.#head, this.#headed, at)
  }

  /** Returns how many bytes of the view belonged to the size. */
  #finishHead(view: Buffer): number {
    const used = view.copy(this.#head, this.#headed)
    this.#headed += used
    if (this.#headed < sizeBytes) return used
    this.#headed = 0
    this.#open(this.#checked(this.#head.readInt32BE(0)))
    return used
  }

  #checked(size: number): number {
    if (size < 0) throw new DecodeError(`a frame says that its size is ${size}`, 0)
    if (size > this.#bytesMax) throw new DecodeError(`a frame of ${size} bytes is more than the ${this.#bytesMax} allowed`, 0)
    return size
  }

  #open(size: number): void {
    this.#frame = this.#buffers.take(Math.min(size, trustedBytes))
    this.#size = size
    this.#filled = 0
  }

  /** Returns how many bytes of the view belonged to the frame. */
  #fill(view: Buffer, from: number, take: FrameTaker): number {
    const used = Math.min(view.length - from, this.#size - this.#filled)
    const frame = this.#roomFor(this.#filled + used)
    view.copy(frame, this.#filled, from, from + used)
    this.#filled += used
    if (this.#filled === this.#size) {
      this.#frame = undefined
      take(frame.subarray(0, this.#size), !this.#isShared)
      if (this.#isShared) this.#buffers.give(frame)
    }
    return used
  }

  #roomFor(bytes: number): Buffer {
    const frame = this.#frame as Buffer
    if (bytes <= frame.length) return frame
    const larger = this.#buffers.take(Math.min(this.#size, Math.max(bytes, frame.length * growth)))
    frame.copy(larger, 0, 0, this.#filled)
    this.#buffers.give(frame)
    this.#frame = larger
    return larger
  }
}
