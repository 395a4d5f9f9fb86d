/**
 * A stream's client as a member of a consumer group (KIP-848), as a pure state machine: the coordinator's answers and the client's releases go in;
 * what to tell both comes out.
 * Owns: the member's epoch, what it owns and what it is giving up. Never: heartbeats by itself, or reads.
 * Invariant: the coordinator is told that a partition was given up only after the client has released it, or its time was up.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'

/** By topic id. */
export type Assignment = readonly { readonly topicId?: string | undefined; readonly partitions?: readonly number[] | undefined }[]

export interface TopicPartition {
  readonly topicId: string
  readonly partition: number
}

export interface HeartbeatAnswer {
  readonly errorCode?: number | undefined
  readonly errorMessage?: string | null | undefined
  readonly memberEpoch?: number | undefined
  readonly heartbeatIntervalMs?: number | undefined
  readonly assignment?: { readonly topicPartitions?: Assignment | undefined } | null | undefined
}

export type MembershipEffect =
  /** Once the last one was answered: with everything, or only to live. */
  | { readonly type: 'heartbeat'; readonly afterMs: number }
  | { readonly type: 'assign'; readonly partitions: TopicPartition[] }
  | { readonly type: 'revoke'; readonly partitions: TopicPartition[]; readonly isLost: boolean }
  /** It is over. */
  | { readonly type: 'fail'; readonly code: number; readonly message: string | null }

const joiningEpoch = 0
const retryMs = 500
const intervalMsMin = 100

const retriable: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
])
const rejoining: ReadonlySet<number> = new Set([ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH])

export class Membership {
  epoch = joiningEpoch
  /** What the next heartbeat says it has; null: as it was. */
  toReport: { topicId: string; partitions: number[] }[] | null = []
  readonly #owned = new Map<string, TopicPartition>()
  readonly #revoking = new Map<string, TopicPartition>()

  get isJoining(): boolean {
    return this.epoch === joiningEpoch
  }

  answered(answer: HeartbeatAnswer): MembershipEffect[] {
    const { errorCode = ErrorCode.NONE, errorMessage = null, memberEpoch = 0, heartbeatIntervalMs = 0, assignment } = answer
    if (retriable.has(errorCode)) return [{ type: 'heartbeat', afterMs: retryMs }]
    if (rejoining.has(errorCode)) return [...this.#loseAll(), { type: 'heartbeat', afterMs: retryMs }]
    if (errorCode !== ErrorCode.NONE) return [...this.#loseAll(), { type: 'fail', code: errorCode, message: errorMessage }]
    this.epoch = memberEpoch
    this.toReport = null
    const effects = assignment ? this.#assigned(assignment.topicPartitions ?? []) : []
    effects.push({ type: 'heartbeat', afterMs: this.toReport ? 0 : Math.max(intervalMsMin, heartbeatIntervalMs) })
    return effects
  }

  /** The client has taken and committed what it wants of these; or its time is up. */
  released(partitions: readonly TopicPartition[]): MembershipEffect[] {
    let isAny = false
    for (const place of partitions) {
      isAny = this.#revoking.delete(keyOf(place)) || isAny
    }
    if (!isAny || this.#revoking.size > 0) return []
    this.#report()
    return [{ type: 'heartbeat', afterMs: 0 }]
  }

  owns(place: TopicPartition): boolean {
    return this.#owned.has(keyOf(place))
  }

  get revoking(): TopicPartition[] {
    return [...this.#revoking.values()]
  }

  #assigned(assignment: Assignment): MembershipEffect[] {
    const target = new Map<string, TopicPartition>()
    for (const { topicId = '', partitions = [] } of assignment) {
      for (const partition of partitions) target.set(keyOf({ topicId, partition }), { topicId, partition })
    }
    const effects: MembershipEffect[] = []
    const revoked = [...this.#owned].filter(([key]) => !target.has(key))
    for (const [key, place] of revoked) {
      this.#owned.delete(key)
      this.#revoking.set(key, place)
    }
    if (revoked.length > 0) effects.push({ type: 'revoke', partitions: revoked.map(([, place]) => place), isLost: false })
    const added = [...target].filter(([key]) => !this.#owned.has(key) && !this.#revoking.has(key))
    for (const [key, place] of added) this.#owned.set(key, place)
    if (added.length > 0) effects.push({ type: 'assign', partitions: added.map(([, place]) => place) })
    if (this.#revoking.size === 0) this.#report()
    return effects
  }

  #report(): void {
    const byTopic = new Map<string, number[]>()
    for (const { topicId, partition } of this.#owned.values()) byTopic.set(topicId, [...(byTopic.get(topicId) ?? []), partition])
    this.toReport = [...byTopic].map(([topicId, partitions]) => ({ topicId, partitions }))
  }

  /** The group goes on without it: others may have its partitions already. */
  #loseAll(): MembershipEffect[] {
    const partitions = [...this.#owned.values()]
    this.#owned.clear()
    this.#revoking.clear()
    this.epoch = joiningEpoch
    this.toReport = []
    return partitions.length === 0 ? [] : [{ type: 'revoke', partitions, isLost: true }]
  }
}

function keyOf({ topicId, partition }: TopicPartition): string {
  return `${partition}/${topicId}`
}
