/**
 * The marker that ends a producer's transaction in one partition.
 * Readers of committed records get past it once it is committed: that is when the last stable offset moves.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { buildEndMarker } from '../../client/records/control.ts'
import type { Millis } from '../platform/clock.ts'
import type { Partition } from './partition.ts'
import type { Replicas } from './replicas.ts'

/** How a producer's transaction ends. */
export interface EndOfTransaction {
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
  /** A coordinator of an older epoch than one that wrote here before is fenced. */
  readonly coordinatorEpoch: number
  /** Of the protocol (KIP-890): with 2 a marker's epoch is beyond that of its transaction, and one that is not comes too late. */
  readonly transactionVersion: number
}

/**
 * Appended at once, which `appended` is told of; the error code comes when the marker is committed, or is not going to be. The partition is led here.
 */
export function writeEndMarker(
  replicas: Replicas,
  partition: Partition,
  end: EndOfTransaction,
  now: Millis,
  appended?: () => void,
): Promise<number> {
  const { transactionVersion, ...marker } = end
  const { log, leaderEpoch } = partition
  const bytes = buildEndMarker({ ...marker, timestamp: now })
  const result = log.append(bytes, { leaderEpoch, now, retain: true, origin: 'coordinator', transactionVersion })
  if ('error' in result) return Promise.resolve(result.error)
  appended?.()
  return new Promise((resolve) => {
    replicas.whenCommitted(partition, log.endOffset, (failed) => resolve(failed ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NONE))
  })
}
