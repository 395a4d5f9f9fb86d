/** A workload: what must be there before it, and what each load process does. */
import type { Meter } from '../process/meter.ts'
import type { Share } from '../process/messages.ts'
import type { Load, Target } from '../plan.ts'

export interface Workload {
  readonly name: string
  /** One sentence. */
  readonly about: string
  /** What it counts, in the plural. */
  readonly unit: string
  /** What of it is timed, if anything. */
  readonly timed: string | null
  /** What the load opens before it begins, each of which costs a broker memory while it only waits: its name, and how many. */
  readonly waiting?: { readonly name: string; count(load: Load): number }
  /** Why it cannot be measured with such a load; undefined if it can. */
  unfit?(load: Load): string | undefined
  /** In the harness, before each round. What it gives back, the processes find in `share.scene`; a topic named `topic` is deleted after the round. */
  prepare(target: Target, load: Load): Promise<Readonly<Record<string, string>>>
  /** In each load process: gets ready, awaits `meter.ready()`, and loads until `meter.isOver`, or until there is no more to do. */
  load(share: Share, meter: Meter): Promise<void>
}

/** How many of `count` things are this process's. */
export function partOf(count: number, { index, processes }: Pick<Share, 'index' | 'processes'>): number {
  return Math.floor(count / processes) + (index < count % processes ? 1 : 0)
}

/** 0 to `count - 1`: those that are this process's. */
export function mineOf(count: number, { index, processes }: Pick<Share, 'index' | 'processes'>): number[] {
  return Array.from({ length: count }, (_, nth) => nth).filter((nth) => nth % processes === index)
}
