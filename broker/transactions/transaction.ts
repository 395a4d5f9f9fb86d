/**
 * What a coordinator knows of one transactional id, and the steps from one state to the next. Pure: each step gives a new value.
 *
 *     Empty ──► Ongoing ──► PrepareCommit ──► CompleteCommit ──► Ongoing …
 *                  └──────► PrepareAbort ───► CompleteAbort ───► Ongoing …
 *
 * Between Prepare and Complete the markers are written: the outcome is decided, and nothing can change it. With transactions version 2
 * (KIP-890) every end of a transaction bumps the producer's epoch, so that what is still under way can't join the next one.
 */

/** As they stand in the log: the number is the place here. The last two are never written. */
export const stateNames = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const

export type TransactionState = (typeof stateNames)[number]

/** By topic, which of its partitions are written to. */
export type Partitions = ReadonlyMap<string, readonly number[]>

/** The version of the protocol (KIP-890) that the last change was asked for with: 0 stands for both before 2. */
export type TransactionVersion = 0 | 1 | 2

export interface Transaction {
  readonly transactionalId: string
  readonly producerId: number
  /** The producer's id before the last change. */
  readonly previousProducerId: number
  /** The id that the producer gets when the transaction is complete, its epochs being used up; -1: the same. */
  readonly nextProducerId: number
  readonly producerEpoch: number
  /** The epoch that a retry of the last bump names; -1: none. It is not in the log. */
  readonly lastProducerEpoch: number
  readonly timeoutMillis: number
  readonly state: TransactionState
  readonly partitions: Partitions
  /** Wall time; -1: none was begun. */
  readonly startedAt: number
  readonly updatedAt: number
  readonly clientVersion: TransactionVersion
}

const none = -1
const noPartitions: Partitions = new Map()
/** The highest is kept for fencing: no producer is ever given it. */
export const epochMax = 0x7fff

export function isEpochExhausted(epoch: number): boolean {
  return epoch >= epochMax - 1
}

/** A transactional id that is used for the first time: the first bump brings it to epoch 0. */
export function newTransaction(transactionalId: string, producerId: number): Transaction {
  return {
    transactionalId,
    producerId,
    previousProducerId: none,
    nextProducerId: none,
    producerEpoch: none,
    lastProducerEpoch: none,
    timeoutMillis: 0,
    state: 'Empty',
    partitions: noPartitions,
    startedAt: none,
    updatedAt: none,
    clientVersion: 0,
  }
}

/** A producer begins, or begins again, in the epoch given, which may be its own where it repeats itself. */
export function initialized(
  before: Transaction,
  to: { producerId?: number; epoch: number; lastEpoch: number; timeoutMillis: number; now: number },
): Transaction {
  return {
    ...before,
    state: 'Empty',
    producerId: to.producerId ?? before.producerId,
    previousProducerId: before.producerId,
    producerEpoch: to.epoch,
    lastProducerEpoch: to.lastEpoch,
    timeoutMillis: to.timeoutMillis,
    partitions: noPartitions,
    startedAt: none,
    updatedAt: to.now,
  }
}

export function withPartitions(before: Transaction, added: Partitions, clientVersion: TransactionVersion, now: number): Transaction {
  const partitions = new Map(before.partitions)
  for (const [topic, indexes] of added) partitions.set(topic, [...new Set([...(partitions.get(topic) ?? []), ...indexes])])
  return {
    ...before,
    state: 'Ongoing',
    previousProducerId: before.producerId,
    partitions,
    startedAt: before.state === 'Ongoing' ? before.startedAt : now,
    updatedAt: now,
    clientVersion,
  }
}

export function hasPartition({ partitions }: Transaction, topic: string, index: number): boolean {
  return partitions.get(topic)?.includes(index) ?? false
}

export interface Ending {
  readonly committed: boolean
  readonly clientVersion: TransactionVersion
  /** Where the epochs are used up: the id to go on with, in epoch 0. */
  readonly nextProducerId?: number | undefined
  readonly now: number
}

/** The outcome is decided: the markers carry the epoch that this state has. */
export function prepared(before: Transaction, { committed, clientVersion, nextProducerId = none, now }: Ending): Transaction {
  const bumps = clientVersion >= 2
  return {
    ...before,
    state: committed ? 'PrepareCommit' : 'PrepareAbort',
    previousProducerId: before.producerId,
    nextProducerId,
    producerEpoch: bumps ? before.producerEpoch + 1 : before.producerEpoch,
    lastProducerEpoch: bumps ? before.producerEpoch : before.lastProducerEpoch,
    // With version 2 a transaction that never began may be aborted.
    startedAt: before.state === 'Ongoing' ? before.startedAt : now,
    updatedAt: now,
    clientVersion,
  }
}

/** The same, aborted over the producer's head: whatever its version, the epoch is bumped, and it is fenced. */
export function fenced(before: Transaction, serverVersion: TransactionVersion, now: number): Transaction {
  const ending: Ending = { committed: false, clientVersion: serverVersion, now }
  if (serverVersion >= 2) return prepared(before, ending)
  return prepared({ ...before, producerEpoch: before.producerEpoch + 1, lastProducerEpoch: none }, ending)
}

/** All markers are written. */
export function completed(before: Transaction, now: number): Transaction {
  const rolls = before.clientVersion >= 2 && before.nextProducerId !== none
  return {
    ...before,
    state: before.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    producerId: rolls ? before.nextProducerId : before.producerId,
    previousProducerId: before.producerId,
    nextProducerId: none,
    producerEpoch: rolls ? 0 : before.producerEpoch,
    partitions: noPartitions,
    updatedAt: now,
  }
}

/** The outcome is decided, and markers are still to be written. */
export function isEnding({ state }: Transaction): boolean {
  return state === 'PrepareCommit' || state === 'PrepareAbort'
}
