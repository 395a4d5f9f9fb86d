/** The real world as one Platform: what a broker runs on outside the simulator. */
import type { Platform } from '../platform.ts'
import { nodeClock } from './clock.ts'
import { nodeDisk } from './disk.ts'
import { nodeNetwork } from './network.ts'
import { nodeRandom } from './random.ts'
import { nodeWorkers } from './workers.ts'

export const nodePlatform: Platform = { clock: nodeClock, random: nodeRandom, disk: nodeDisk, network: nodeNetwork, workers: nodeWorkers }
