/**
 * Partitions that a full disk took out of service, and their way back: from time to time the disk is asked whether it has room again.
 * Owns: who waits, and the timer. Never: brings a partition back itself, or retries what the disk refused: that was answered.
 * A disk that could not sync is another matter: nobody knows what it holds, so those partitions stay offline until the broker starts again.
 */
import type { Clock, Millis, Timer } from '../platform/clock.ts'
import { DiskError } from '../platform/disk.ts'
import type { Partition } from './partition.ts'

export interface FullDiskOptions {
  readonly clock: Clock
  space(): { free: number; total: number }
  reopen(partition: Partition): void
}

const retryMillis: Millis = 5_000
/** So much free space is room; of a small disk a hundredth. */
const roomBytes = 64 * 1024 * 1024

export class FullDisk {
  readonly #options: FullDiskOptions
  readonly #waiting = new Set<Partition>()
  #timer: Timer | undefined

  constructor(options: FullDiskOptions) {
    this.#options = options
  }

  /** Whether the failure was want of space, found out before anything could be lost by it. */
  static isCause({ code, operation }: DiskError): boolean {
    return (code === 'ENOSPC' || code === 'EDQUOT') && operation !== 'sync'
  }

  /** `partition` is reopened once there is room. */
  wait(partition: Partition): void {
    this.#waiting.add(partition)
    this.#schedule()
  }

  forget(partition: Partition): void {
    this.#waiting.delete(partition)
  }

  stop(): void {
    this.#waiting.clear()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #schedule(): void {
    if (this.#waiting.size > 0) this.#timer ??= this.#options.clock.after(retryMillis, this.#look)
  }

  readonly #look = (): void => {
    this.#timer = undefined
    if (this.#hasRoom()) {
      const waiting = [...this.#waiting]
      this.#waiting.clear()
      for (const partition of waiting) this.#options.reopen(partition)
    }
    this.#schedule()
  }

  #hasRoom(): boolean {
    try {
      const { free, total } = this.#options.space()
      return free >= Math.min(roomBytes, total / 100)
    } catch (error) {
      if (error instanceof DiskError) return false
      throw error
    }
  }
}
