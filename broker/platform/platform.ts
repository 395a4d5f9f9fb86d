/**
 * The only door to the world. Nothing outside this folder imports node:fs, node:net, timers, Date, Math.random or worker threads,
 * so that the simulator can run a whole broker by handing it another Platform.
 */
import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Workers } from './workers.ts'

export interface Platform {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly network: Network
  readonly workers: Workers
}
