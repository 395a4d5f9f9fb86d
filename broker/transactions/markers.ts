/**
 * The markers that are to be written: those of every transaction whose outcome is decided, until all its partitions have theirs.
 * Owns: what is outstanding, and the patience with partitions that are offline or moving. Never: decides an outcome, or finds out who leads.
 * Invariant: a transaction is said to be done only when each of its partitions has its marker committed, or is no more.
 */
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import type { Logger } from '../metrics/logger.ts'
import type { Clock, Millis } from '../platform/clock.ts'
import type { EndOfTransaction } from '../replication/end-marker.ts'
import type { Transaction } from './transaction.ts'

/** To wherever a partition is led: here into its log, elsewhere by WriteTxnMarkers. */
export interface MarkerWriter {
  /** The partition is no more: its topic was deleted. */
  isGone(topic: string, index: number): boolean
  /** The error code, once the marker is committed or is not going to be. */
  write(topic: string, index: number, outcome: EndOfTransaction): Promise<number>
}

export interface MarkersOptions {
  readonly writer: MarkerWriter
  readonly clock: Clock
  readonly logger: Logger
}

export interface Sending {
  readonly transaction: Transaction
  readonly coordinatorEpoch: number
  /** The coordinator that decided is still in office. */
  isInOffice(): boolean
  done(): void
}

const retryMillis: Millis = 100

export class Markers {
  readonly #options: MarkersOptions
  #outstanding = 0
  #isClosed = false

  constructor(options: MarkersOptions) {
    this.#options = options
  }

  /** How many are not written yet. */
  get outstanding(): number {
    return this.#outstanding
  }

  send(sending: Sending): void {
    const { transaction, coordinatorEpoch } = sending
    const { producerId, producerEpoch, clientVersion, state } = transaction
    const outcome: EndOfTransaction = {
      producerId,
      producerEpoch,
      committed: state === 'PrepareCommit',
      coordinatorEpoch,
      transactionVersion: clientVersion,
    }
    let left = 0
    for (const indexes of transaction.partitions.values()) left += indexes.length
    if (left === 0) return sending.done()
    this.#outstanding += left
    const settled = (isWritten: boolean): void => {
      this.#outstanding--
      if (isWritten && --left === 0) sending.done()
    }
    for (const [topic, indexes] of transaction.partitions) {
      for (const index of indexes) void this.#write(topic, index, outcome, sending).then(settled)
    }
  }

  /** Nothing more is written. */
  close(): void {
    this.#isClosed = true
  }

  async #write(topic: string, index: number, outcome: EndOfTransaction, sending: Sending): Promise<boolean> {
    const { writer, clock, logger } = this.#options
    for (;;) {
      if (this.#isClosed || !sending.isInOffice()) return false
      if (writer.isGone(topic, index)) return true
      const error = await writer.write(topic, index, outcome)
      switch (error) {
        case ErrorCode.NONE:
          return true
        case ErrorCode.INVALID_PRODUCER_EPOCH:
        case ErrorCode.TRANSACTION_COORDINATOR_FENCED: {
          // Somebody who came later has written there: what that one said stands.
          const { transactionalId } = sending.transaction
          logger.warn(
            { transactionalId, topic, partition: index, error: errorOf(error).name },
            'A marker came too late, and is not written',
          )
          return true
        }
        default:
          await new Promise<void>((resolve) => void clock.after(retryMillis, resolve))
      }
    }
  }
}
