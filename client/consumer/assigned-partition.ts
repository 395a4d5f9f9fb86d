/**
 * A partition that a consumer reads: where it is, and what is known about asking for more.
 * Invariant: handed out is what lies before `position`; asked for, or there already, is what lies before `fetchOffset`.
 */
import type { ClientError } from '../network/client-error.ts'
import type { ChosenPartition, Position } from './consumed.ts'

/** Where to begin. `committed`: where the group left off. `reset`: what was asked for is gone. */
export type Start = Position | 'committed' | 'reset'

export class AssignedPartition {
  readonly topic: string
  readonly partition: number
  /** `orders-0`. */
  readonly name: string
  /** Reading it ends before this offset. */
  readonly until: number
  /** The next to be handed out; undefined until it is known where to begin. */
  position: number | undefined
  /** Of the record before `position`; -1 where nobody said. */
  leaderEpoch = -1
  /** The offset that was committed last; undefined: nobody knows. */
  committed: number | undefined
  /** Where it is to begin, while `position` is undefined. */
  start: Start
  fetchOffset = 0
  /** Of the last batch before `fetchOffset`; -1 where nobody said. */
  fetchedEpoch = -1
  /** The leader's, when `fetchOffset` was last found to be in its log; -1: never yet. */
  checkedEpoch = -1
  /** Rises when it goes elsewhere, or to another member: what was asked for before is not wanted any more. */
  version = 0
  isPaused = false
  isAssigned = true
  /** It is being given up: the application is told. */
  isLeaving = false
  /** A request about it is under way. */
  isAsked = false
  /** How many fetches of it wait for the application, or are being worked on. */
  buffered = 0
  /** Nothing more is asked for until what is buffered has been handed out. */
  isHeld = false
  /** Not before then is it asked for again. */
  retryAt = 0
  attempts = 0
  failingSince: number | undefined
  lastError: ClientError | undefined
  /** The follower that the leader sends this client to (KIP-392), until `replicaUntil`. */
  replica = -1
  replicaUntil = 0
  /** The last known ones; -1: not known yet. */
  highWatermark = -1
  lastStableOffset = -1
  logStartOffset = -1

  constructor({ topic, partition, until = Number.POSITIVE_INFINITY }: ChosenPartition, start: Start) {
    this.topic = topic
    this.partition = partition
    this.name = `${topic}-${partition}`
    this.until = until
    this.start = start
    if (typeof start === 'object' && 'offset' in start) this.begin(start.offset, -1)
  }

  /** All of it that is wanted has been handed out. */
  get isRead(): boolean {
    return this.position !== undefined && this.position >= this.until
  }

  /** Goes elsewhere: what was fetched is dropped. */
  moveTo(start: Start): void {
    this.version++
    this.buffered = 0
    this.isHeld = false
    this.retryAt = 0
    this.start = start
    this.leaderEpoch = -1
    this.fetchedEpoch = -1
    this.position = undefined
    if (typeof start === 'object' && 'offset' in start) this.begin(start.offset, -1)
  }

  /** What was fetched is dropped, and asked for again. */
  rewind(): void {
    if (this.position === undefined) return
    this.version++
    this.buffered = 0
    this.isHeld = false
    this.fetchOffset = this.position
    this.fetchedEpoch = this.leaderEpoch
  }

  /** It is known where to begin. */
  begin(offset: number, leaderEpoch: number): void {
    this.position = offset
    this.leaderEpoch = leaderEpoch
    this.fetchOffset = offset
    this.fetchedEpoch = leaderEpoch
    this.checkedEpoch = -1
    this.succeeded()
  }

  unassign(): void {
    this.isAssigned = false
    this.version++
  }

  succeeded(): void {
    this.attempts = 0
    this.retryAt = 0
    this.failingSince = undefined
    this.lastError = undefined
  }
}
