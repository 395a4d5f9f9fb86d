/** What the APIs of transactions have in common: how codes read to older clients, and which partitions a request means. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { Claim } from '../transactions/rules.ts'
import type { Partitions } from '../transactions/transaction.ts'
import type { Services } from './services.ts'

/** PRODUCER_FENCED came with KIP-588: clients from before it know INVALID_PRODUCER_EPOCH for the same. */
export function fencedCode(error: number, isKnown: boolean): number {
  return error === ErrorCode.PRODUCER_FENCED && !isKnown ? ErrorCode.INVALID_PRODUCER_EPOCH : error
}

/** Requests name topics in a list, and may name one twice. */
export function partitionsOf(topics: Iterable<{ name: string; partitions: readonly number[] }>): Partitions {
  const partitions = new Map<string, number[]>()
  for (const { name, partitions: indexes } of topics) partitions.set(name, [...(partitions.get(name) ?? []), ...indexes])
  return partitions
}

/** The error code of each partition that can't be part of a transaction; NONE for the others. */
export function partitionFault({ cluster }: Services, topic: string, index: number): number {
  const known = cluster.image.topics.get(topic)
  return known && index >= 0 && index < known.partitions.length ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}

export interface Membership {
  readonly transactionalId: string
  readonly claim: Claim
  readonly partitions: readonly { readonly topic: string; readonly index: number }[]
  /** The client's request adds them by itself: transactions version 2. */
  readonly adds: boolean
  /** The client knows TRANSACTION_ABORTABLE; others are told INVALID_TXN_STATE. */
  readonly knowsAbortable: boolean
}

/** Whether each partition is part of the producer's transaction, or has become so: asked of its coordinator before a first write (KIP-890). */
export async function joinTransaction({ transactions, settings }: Services, membership: Membership): Promise<number[]> {
  const { transactionalId, claim, partitions, adds, knowsAbortable } = membership
  if (adds) {
    const topics = partitions.map(({ topic, index }) => ({ name: topic, partitions: [index] }))
    const error = plainCode(await transactions.addPartitions(transactionalId, claim, partitionsOf(topics), 2), knowsAbortable)
    return partitions.map(() => error)
  }
  if (!settings.get('transaction.partition.verification.enable')) return partitions.map(() => ErrorCode.NONE)
  const codes = partitions.map(({ topic, index }) => transactions.verifyPartition(transactionalId, claim, topic, index))
  return (await Promise.all(codes)).map((code) => plainCode(code, knowsAbortable))
}

function plainCode(error: number, knowsAbortable: boolean): number {
  if (error === ErrorCode.PRODUCER_FENCED) return ErrorCode.INVALID_PRODUCER_EPOCH
  return error === ErrorCode.TRANSACTION_ABORTABLE && !knowsAbortable ? ErrorCode.INVALID_TXN_STATE : error
}
