/**
 * Markers into the logs of partitions that are led here.
 * Owns: nothing. Never: decides an outcome. A partition of `__consumer_offsets` has its marker written by its group coordinator, so that the
 * offsets of the transaction count from then on.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { type EndOfTransaction, writeEndMarker } from '../replication/end-marker.ts'
import type { Replicas } from '../replication/replicas.ts'
import type { MarkerWriter } from './markers.ts'

/** A group coordinator's partition. */
export interface OffsetsShard {
  endTransaction(end: EndOfTransaction): Promise<number>
}

export interface LocalMarkersOptions {
  readonly replicas: Replicas
  readonly clock: Clock
  readonly offsetsTopic: string
  /** The cluster has such a partition. */
  exists(topic: string, index: number): boolean
  offsetsShard(index: number): OffsetsShard | undefined
}

export class LocalMarkers implements MarkerWriter {
  readonly #options: LocalMarkersOptions

  constructor(options: LocalMarkersOptions) {
    this.#options = options
  }

  isGone(topic: string, index: number): boolean {
    return !this.#options.exists(topic, index)
  }

  async write(topic: string, index: number, outcome: EndOfTransaction): Promise<number> {
    const { replicas, clock, offsetsTopic, offsetsShard } = this.#options
    const partition = replicas.get(topic, index)
    if (!partition) return replicas.errorFor(topic, index)
    const fault = replicas.checkLeader(partition, -1)
    if (fault !== ErrorCode.NONE) return fault
    if (topic !== offsetsTopic) return writeEndMarker(replicas, partition, outcome, clock.now())
    return offsetsShard(index)?.endTransaction(outcome) ?? ErrorCode.NOT_LEADER_OR_FOLLOWER
  }
}
