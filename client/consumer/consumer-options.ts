/** What a consumer is told when it is made: what to read, from where, with whom, and how much at once. Owns: the defaults, and what is refused. */
import { ClientError } from '../network/client-error.ts'
import type { Serde } from '../serde/serde.ts'
import type { ChosenPartition, Position, TopicPartition } from './consumed.ts'
import type { FetcherOptions } from './fetcher.ts'
import type { StartPolicy } from './locator.ts'

/** How members of a classic group divide partitions; the first that all of them know. `RoundRobinAssigner` is what kafkajs calls its own. */
export type ClassicAssignor = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky' | 'RoundRobinAssigner'

export interface ConsumerOptions<K = Uint8Array | null, V = Uint8Array | null> {
  /** Names, or those that match. Without a group all of their partitions are read. */
  readonly topics?: readonly string[] | RegExp
  /** These and no others, whatever a group may say. */
  readonly partitions?: readonly ChosenPartition[]
  /** Offsets are committed for it; and unless `partitions` are named, its members share the topics. */
  readonly group?: string
  /** Who divides the partitions: the members (`classic`), or the broker (`consumer`, KIP-848). */
  readonly protocol?: 'classic' | 'consumer'
  /** Of a static member (KIP-345): one that comes back by this name has what it had. */
  readonly instanceId?: string
  /** Of a classic group, in order of preference. Moving from one to another, name both; eager and cooperative ones cannot be mixed. */
  readonly assignors?: readonly ClassicAssignor[]
  /** Of a group of the consumer protocol: `uniform` or `range`; the broker's own choice if left out. */
  readonly serverAssignor?: string
  /** Where to begin; in a group: where nothing is committed. `committed`: then it is an error. `end` if left out. */
  readonly from?: Position | 'committed'
  /** Where to go on when what is asked for has been deleted. `end` where it began there, `fail` where it was `committed`, else `beginning`. */
  readonly outOfRange?: 'beginning' | 'end' | 'fail'
  readonly key?: Pick<Serde<K>, 'decode'>
  readonly value?: Pick<Serde<V>, 'decode'>
  /** `committed` leaves out what belongs to transactions that are open or were aborted. */
  readonly isolation?: 'committed' | 'uncommitted'
  /**
   * In a group: true is every five seconds, before partitions are given up, and at the end. A record, or a batch, is done when the next one
   * is asked for: what is being worked on when the loop is left, or throws, is not committed.
   */
  readonly autoCommit?: boolean | { readonly everyMs: number }
  /** Of all that is here or asked for, and has not been handed out: 16 MiB if left out. A batch that is larger comes all the same. */
  readonly maxBytes?: number
  /** Of one partition in one fetch: 1 MiB if left out. */
  readonly partitionBytes?: number
  /** A broker with less than this waits for more, at most `maxWaitMs`. 1 byte if left out. */
  readonly minBytes?: number
  /** 500 ms if left out. */
  readonly maxWaitMs?: number
  /** Where this client is: it reads from a replica nearby, where brokers know of one (KIP-392). */
  readonly rack?: string
  /** A classic member that is not heard of for so long is out of its group. 45 s if left out. */
  readonly sessionTimeoutMs?: number
  /** Of a classic member: 3 s if left out. Brokers tell those of the consumer protocol. */
  readonly heartbeatMs?: number
  /** Who works on one record, or batch, for longer than this leaves the group. 5 minutes if left out. */
  readonly maxPollIntervalMs?: number
  /** How often to look for new topics and partitions: every minute if left out. */
  readonly metadataMs?: number
  /** What fails (a leader, the coordinator, all brokers) is tried again for so long before the loop throws. A minute if left out. */
  readonly patienceMs?: number
  /** Ends the consumer: the loop throws ABORTED, and the group is left. */
  readonly signal?: AbortSignal
  /** The next record waits until they are done. While `onRevoked` runs, the partitions still belong to this member: it may commit. */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /** They belong to somebody else already: nothing can be committed for them. `onRevoked` if left out. */
  readonly onLost?: (partitions: readonly TopicPartition[]) => void | Promise<void>
}

export interface GroupOptions {
  readonly groupId: string
  readonly protocol: 'classic' | 'consumer'
  readonly instanceId: string | null
  readonly assignors: readonly ClassicAssignor[]
  readonly serverAssignor: string | null
  readonly rack: string | null
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  readonly maxPollIntervalMs: number
  readonly metadataMs: number
  readonly patienceMs: number
}

const mebibyte = 1024 * 1024
const defaultAutoCommitMs = 5000
const defaultPatienceMs = 60_000
export const defaultMetadataMs = 60_000

export function fetcherOptionsOf(options: ConsumerOptions<never, never>): Omit<FetcherOptions, 'lane'> {
  return {
    maxBytes: options.maxBytes ?? 16 * mebibyte,
    partitionBytes: options.partitionBytes ?? mebibyte,
    minBytes: options.minBytes ?? 1,
    maxWaitMs: options.maxWaitMs ?? 500,
    readCommitted: options.isolation === 'committed',
    rack: options.rack ?? '',
    patienceMs: options.patienceMs ?? defaultPatienceMs,
  }
}

export function startPolicyOf({ from = 'end', outOfRange }: ConsumerOptions<never, never>): StartPolicy {
  const otherwise = from === 'committed' ? 'fail' : from === 'end' ? 'end' : 'beginning'
  return { fresh: from === 'committed' ? 'fail' : from, outOfRange: outOfRange ?? otherwise }
}

/** Undefined: no group. */
export function groupOptionsOf(options: ConsumerOptions<never, never>): GroupOptions | undefined {
  if (options.group === undefined) return undefined
  return {
    groupId: options.group,
    protocol: options.protocol ?? 'classic',
    instanceId: options.instanceId ?? null,
    assignors: options.assignors ?? ['range', 'cooperative-sticky'],
    serverAssignor: options.serverAssignor ?? null,
    rack: options.rack ?? null,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
    heartbeatMs: options.heartbeatMs ?? 3000,
    maxPollIntervalMs: options.maxPollIntervalMs ?? 300_000,
    metadataMs: options.metadataMs ?? defaultMetadataMs,
    patienceMs: options.patienceMs ?? defaultPatienceMs,
  }
}

/** Milliseconds; undefined: never. */
export function autoCommitOf({ group, autoCommit = true }: ConsumerOptions<never, never>): number | undefined {
  if (group === undefined || autoCommit === false) return undefined
  return autoCommit === true ? defaultAutoCommitMs : autoCommit.everyMs
}

/** Throws a ClientError (INVALID_OPTION) that says which. */
export function checkConsumerOptions(options: ConsumerOptions<never, never>): void {
  const { topics, partitions, group, instanceId, protocol } = options
  if (!topics === !partitions) throw refused("give 'topics', or 'partitions'")
  if (Array.isArray(topics) && topics.length === 0) throw refused("'topics' is empty")
  if (partitions?.length === 0) throw refused("'partitions' is empty")
  if (group === '') throw refused("'group' is empty: leave it out to read without one")
  if (group === undefined && instanceId !== undefined) throw refused("an 'instanceId' is a member's: name its 'group'")
  if (group === undefined && protocol !== undefined) throw refused("a 'protocol' is a group's: name the 'group'")
  if (group === undefined && options.from === 'committed') throw refused("'committed' is where a group left off: name the 'group'")
  if (options.assignors?.length === 0) throw refused("'assignors' is empty")
  for (const name of numbers) {
    const value = options[name]
    if (value !== undefined && !(Number.isFinite(value) && value > 0)) throw refused(`'${name}' is ${value}, not a number above 0`)
  }
  const everyMs = autoCommitOf(options)
  if (everyMs !== undefined && !(everyMs > 0)) throw refused(`'autoCommit.everyMs' is ${everyMs}, not a number above 0`)
}

const numbers = [
  'maxBytes',
  'partitionBytes',
  'minBytes',
  'maxWaitMs',
  'sessionTimeoutMs',
  'heartbeatMs',
  'maxPollIntervalMs',
  'metadataMs',
  'patienceMs',
] as const

function refused(why: string): ClientError {
  return new ClientError('INVALID_OPTION', `a consumer cannot be made: ${why}`)
}
