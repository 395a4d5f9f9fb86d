/** Whose client may make the load, beside our own. */
import type { ForeignClient } from './foreign-load.ts'
import { java } from './java.ts'
import { kcat } from './kcat.ts'
import { confluent, franzGo } from './peers.ts'

export const foreignClients: readonly ForeignClient[] = [java, kcat, confluent, franzGo]

/** What each of them does, by the workload's name. */
export const foreignDirections: Readonly<Record<string, 'produce' | 'consume'>> = { produce: 'produce', 'fetch-cold': 'consume' }
