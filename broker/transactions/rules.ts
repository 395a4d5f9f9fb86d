/**
 * Which requests a transaction allows, and what it is after them: as Kafka's TransactionCoordinator decides, code by code.
 * Pure: a request and what is known of the transactional id in, an error code or the next state out.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import {
  epochMax,
  fenced,
  hasPartition,
  initialized,
  isEnding,
  isEpochExhausted,
  newTransaction,
  type Partitions,
  prepared,
  type Transaction,
  type TransactionVersion,
  withPartitions,
} from './transaction.ts'

export interface Claim {
  readonly producerId: number
  readonly producerEpoch: number
}

/** An error, with NONE where there is nothing to do; or the next state; or the wish for a producer id that nobody ever had. */
export type Verdict = { readonly error: number } | { readonly next: Transaction } | { readonly needs: 'producer id' }

function refuse(error: number): Verdict {
  return { error }
}

const done = refuse(ErrorCode.NONE)
const needsProducerId: Verdict = { needs: 'producer id' }

export interface InitProducer {
  readonly transactionalId: string
  readonly timeoutMillis: number
  /** Of a producer that goes on after an error (KIP-360); undefined: it begins. */
  readonly expected: Claim | undefined
  readonly now: number
  /** Brought along after it was asked for. */
  readonly freshId?: number | undefined
}

/**
 * InitProducerId: a new epoch, or where those are used up a new id. A transaction that is under way is aborted and its producer fenced
 * (state PrepareAbort): the one that asked must ask again.
 */
export function initProducer(known: Transaction | undefined, request: InitProducer, serverVersion: TransactionVersion): Verdict {
  const { transactionalId, expected, freshId, timeoutMillis, now } = request
  if (!known && freshId === undefined) return needsProducerId
  const before = known ?? newTransaction(transactionalId, freshId as number)
  if (isEnding(before)) return refuse(ErrorCode.CONCURRENT_TRANSACTIONS)
  if (expected && !mayGoOn(before, expected)) return refuse(ErrorCode.PRODUCER_FENCED)
  if (before.state === 'Ongoing') return { next: fenced(before, serverVersion, now) }
  const { producerEpoch, lastProducerEpoch } = before
  if (isEpochExhausted(producerEpoch) && (!expected || expected.producerEpoch === producerEpoch)) {
    if (freshId === undefined) return needsProducerId
    return { next: initialized(before, { producerId: freshId, epoch: 0, lastEpoch: expected ? producerEpoch : -1, timeoutMillis, now }) }
  }
  const isFirst = producerEpoch === -1
  if (!expected) return { next: initialized(before, { epoch: producerEpoch + 1, lastEpoch: -1, timeoutMillis, now }) }
  if (isFirst || expected.producerEpoch === producerEpoch) {
    return { next: initialized(before, { epoch: producerEpoch + 1, lastEpoch: producerEpoch, timeoutMillis, now }) }
  }
  // It repeats a bump whose answer it never got.
  if (expected.producerEpoch === lastProducerEpoch) {
    return { next: initialized(before, { epoch: producerEpoch, lastEpoch: lastProducerEpoch, timeoutMillis, now }) }
  }
  return refuse(ErrorCode.PRODUCER_FENCED)
}

/** The producer is the one that was here last, or repeats the request by which it got its new id. */
function mayGoOn({ producerId, producerEpoch, previousProducerId }: Transaction, expected: Claim): boolean {
  if (producerEpoch === -1 || expected.producerId === producerId) return true
  return expected.producerId === previousProducerId && isEpochExhausted(expected.producerEpoch)
}

/** AddPartitionsToTxn and AddOffsetsToTxn, and what a Produce of version 12 does by itself. */
export function addPartitions(
  known: Transaction | undefined,
  claim: Claim,
  added: Partitions,
  { clientVersion, now }: { clientVersion: TransactionVersion; now: number },
): Verdict {
  const wrong = claimFault(known, claim)
  if (wrong !== ErrorCode.NONE || !known) return refuse(wrong)
  if (isEnding(known)) return refuse(ErrorCode.CONCURRENT_TRANSACTIONS)
  const isKnown = [...added].every(([topic, indexes]) => indexes.every((index) => hasPartition(known, topic, index)))
  if (known.state === 'Ongoing' && isKnown) return done
  return { next: withPartitions(known, added, clientVersion, now) }
}

/** Whether the partition is part of the transaction that is under way: what a leader asks before a first batch (KIP-890). */
export function verifyPartition(known: Transaction | undefined, claim: Claim, topic: string, index: number): number {
  const wrong = claimFault(known, claim)
  if (wrong !== ErrorCode.NONE || !known) return wrong
  if (isEnding(known)) return ErrorCode.CONCURRENT_TRANSACTIONS
  return hasPartition(known, topic, index) ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE
}

function claimFault(known: Transaction | undefined, { producerId, producerEpoch }: Claim): number {
  if (known?.producerId !== producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING
  return known.producerEpoch === producerEpoch ? ErrorCode.NONE : ErrorCode.PRODUCER_FENCED
}

export interface EndTransaction extends Claim {
  readonly committed: boolean
  readonly clientVersion: TransactionVersion
  readonly now: number
  readonly freshId?: number | undefined
}

/** EndTxn. NONE: it has been ended so already, and this is a repetition. */
export function endTransaction(known: Transaction | undefined, request: EndTransaction): Verdict {
  return request.clientVersion >= 2 ? endBumping(known, request) : endPlainly(known, request)
}

/** Before version 2: the same epoch, and a repetition can't be told from a second request. */
function endPlainly(known: Transaction | undefined, request: EndTransaction): Verdict {
  const wrong = claimFault(known, request)
  if (wrong !== ErrorCode.NONE || !known) return refuse(wrong)
  const { committed, now } = request
  switch (known.state) {
    case 'Ongoing':
      return { next: prepared(known, { committed, clientVersion: 0, now }) }
    case 'CompleteCommit':
    case 'CompleteAbort':
      return wasEndedSo(known, committed) ? done : refuse(ErrorCode.INVALID_TXN_STATE)
    case 'PrepareCommit':
    case 'PrepareAbort':
      return refuse(ErrorCode.CONCURRENT_TRANSACTIONS)
    default:
      return refuse(ErrorCode.INVALID_TXN_STATE)
  }
}

/** With version 2 the epoch tells a repetition (one less than what is known) from a request for the transaction at hand. */
function endBumping(known: Transaction | undefined, request: EndTransaction): Verdict {
  if (!known) return refuse(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  // A repetition, or a producer that is quick to go on: what it means is seen when the markers are written.
  if (isEnding(known)) return refuse(ErrorCode.CONCURRENT_TRANSACTIONS)
  const { producerId, producerEpoch, committed } = request
  const repeatsOverflow = known.previousProducerId === producerId && producerEpoch === epochMax - 1 && known.producerEpoch === 0
  const repeatsBump = known.producerEpoch === producerEpoch + 1
  if (known.producerId !== producerId && !repeatsOverflow) return refuse(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  const isCurrent = producerEpoch === known.producerEpoch
  switch (known.state) {
    case 'Ongoing':
      return isCurrent ? decide(known, request) : refuse(ErrorCode.PRODUCER_FENCED)
    case 'CompleteCommit':
    case 'CompleteAbort':
      if (repeatsBump || repeatsOverflow) return wasEndedSo(known, committed) ? done : refuse(ErrorCode.INVALID_TXN_STATE)
      if (!isCurrent) return refuse(ErrorCode.PRODUCER_FENCED)
      return committed ? refuse(ErrorCode.INVALID_TXN_STATE) : decide(known, request)
    default:
      if (!isCurrent) return refuse(ErrorCode.PRODUCER_FENCED)
      return committed ? refuse(ErrorCode.INVALID_TXN_STATE) : decide(known, request)
  }
}

function decide(known: Transaction, { committed, clientVersion, freshId, now }: EndTransaction): Verdict {
  if (isEpochExhausted(known.producerEpoch) && freshId === undefined) return needsProducerId
  const nextProducerId = isEpochExhausted(known.producerEpoch) ? freshId : undefined
  return { next: prepared(known, { committed, clientVersion, nextProducerId, now }) }
}

function wasEndedSo({ state }: Transaction, committed: boolean): boolean {
  return state === (committed ? 'CompleteCommit' : 'CompleteAbort')
}

/** Of a transaction that has taken longer than its producer allowed. */
export function hasTimedOut({ state, startedAt, timeoutMillis }: Transaction, now: number): boolean {
  return state === 'Ongoing' && startedAt + timeoutMillis < now
}

/** Of a transactional id that nobody used for `expirationMillis`, and that has nothing under way. */
export function hasExpired({ state, updatedAt }: Transaction, expirationMillis: number, now: number): boolean {
  const isIdle = state === 'Empty' || state === 'CompleteCommit' || state === 'CompleteAbort'
  return isIdle && updatedAt + expirationMillis <= now
}
