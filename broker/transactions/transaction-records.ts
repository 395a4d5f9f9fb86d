/**
 * Transactions as `__transaction_state` has them, in Kafka's own format: key TransactionLogKey, value TransactionLogValue, of version 1
 * from transactions version 1 on. No value: the transactional id is forgotten.
 */
import { TransactionLogKey } from '../../client/protocol/messages/records/transaction-log-key.ts'
import { TransactionLogValue } from '../../client/protocol/messages/records/transaction-log-value.ts'
import { DecodeError } from '../../client/protocol/malformed.ts'
import { decodeKey, decodeVersioned, encodeKey, encodeVersioned, keyType } from '../../client/protocol/stored.ts'
import type { RecordCodec } from '../coordinator/state-machine.ts'
import { stateNames, type Transaction, type TransactionVersion } from './transaction.ts'

export interface TransactionRecord {
  readonly transactionalId: string
  /** Undefined: forgotten. */
  readonly transaction: Transaction | undefined
}

/** @param version of transactions, as the cluster has finalized it. */
export function transactionCodec(version: () => TransactionVersion): RecordCodec<TransactionRecord> {
  return {
    encode({ transactionalId, transaction }) {
      const key = Buffer.from(encodeKey(TransactionLogKey, { transactionalId }))
      return { key, value: transaction ? encodeValue(transaction, version()) : null }
    },
    decode(key, value) {
      if (keyType(key) !== TransactionLogKey.key) return undefined
      const { transactionalId } = decodeKey(TransactionLogKey, key)
      return { transactionalId, transaction: value === null ? undefined : decodeValue(transactionalId, value) }
    },
  }
}

function encodeValue(transaction: Transaction, version: TransactionVersion): Buffer {
  const { state, partitions } = transaction
  const encoded = encodeVersioned(TransactionLogValue, version >= 1 ? 1 : 0, {
    producerId: transaction.producerId,
    ...(version >= 1 && {
      previousProducerId: transaction.previousProducerId,
      nextProducerId: transaction.nextProducerId,
      clientTransactionVersion: transaction.clientVersion,
    }),
    producerEpoch: transaction.producerEpoch,
    transactionTimeoutMs: transaction.timeoutMillis,
    transactionStatus: stateNames.indexOf(state),
    transactionPartitions: state === 'Empty' ? null : [...partitions].map(([topic, indexes]) => ({ topic, partitionIds: [...indexes] })),
    transactionLastUpdateTimestampMs: transaction.updatedAt,
    transactionStartTimestampMs: transaction.startedAt,
  })
  return Buffer.from(encoded)
}

function decodeValue(transactionalId: string, bytes: Buffer): Transaction {
  const { value } = decodeVersioned(TransactionLogValue, bytes)
  const state = stateNames[value.transactionStatus]
  if (!state) throw new DecodeError(`a transaction in state ${value.transactionStatus}`, 0)
  return {
    transactionalId,
    producerId: value.producerId,
    previousProducerId: value.previousProducerId ?? -1,
    nextProducerId: value.nextProducerId ?? -1,
    producerEpoch: value.producerEpoch,
    lastProducerEpoch: -1,
    timeoutMillis: value.transactionTimeoutMs,
    state,
    partitions: new Map((value.transactionPartitions ?? []).map(({ topic, partitionIds }) => [topic, partitionIds])),
    startedAt: value.transactionStartTimestampMs,
    updatedAt: value.transactionLastUpdateTimestampMs,
    clientVersion: versionOf(value.clientTransactionVersion ?? 0),
  }
}

/** What a later Kafka may know beyond 2 includes all that 2 does. */
function versionOf(level: number): TransactionVersion {
  return level >= 2 ? 2 : level === 1 ? 1 : 0
}
