/**
 * What a group has committed: asked for and told, at its coordinator.
 * Owns: the order of commits: an older one never comes after a newer one. Never: decides what to commit.
 */
import { byTopic, indexOf } from '../consumer/by-topic.ts'
import type { PartitionOffset, TopicPartition } from '../consumer/consumed.ts'
import type { Coordinators } from '../cluster/coordinators.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { interruptible } from '../network/interruption.ts'
import type { CallOptions } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../protocol/messages/offset-commit.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../protocol/messages/offset-fetch.ts'
import type { MemberIdentity, Membership } from './membership.ts'

/** Later ones name topics by id. */
const lastVersionByName = 9

export class GroupOffsets {
  readonly #coordinators: Coordinators
  readonly #groupId: string
  readonly #member: () => Pick<Membership, 'identity' | 'isJoining'>
  #last: Promise<unknown> = Promise.resolve()

  /** @param member who commits, now. */
  constructor(coordinators: Coordinators, groupId: string, member: () => Pick<Membership, 'identity' | 'isJoining'>) {
    this.#coordinators = coordinators
    this.#groupId = groupId
    this.#member = member
  }

  /** Those that are committed, of these; offsets of open transactions are waited for. Throws ClientError. */
  fetch(partitions: readonly TopicPartition[], call?: CallOptions): Promise<PartitionOffset[]> {
    const topics = byTopic(partitions, indexOf).map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
    const body = { groups: [{ groupId: this.#groupId, topics }], requireStable: true }
    const what = `cannot fetch the offsets of group '${this.#groupId}'`
    const act = async (): Promise<PartitionOffset[]> =>
      this.#coordinators.ask(
        'group',
        this.#groupId,
        async (connection) => {
          const answer = await connection.send(OffsetFetchRequest, OffsetFetchResponse, body, lastVersionByName, call)
          const [group] = answer.groups
          check(group?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR, what)
          return (group?.topics ?? []).flatMap(({ name: topic, partitions: found }) =>
            found.flatMap(
              ({ partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata, errorCode }) => {
                check(errorCode, what, { topic, partition })
                return offset < 0 ? [] : [{ topic, partition, offset, leaderEpoch, metadata: metadata ?? '' }]
              },
            ),
          )
        },
        call,
      )
    return act()
  }

  /** Behind all commits before. Throws ClientError: of a member that is none any more with what that means. */
  commit(offsets: readonly PartitionOffset[], call?: CallOptions): Promise<void> {
    const committed = this.#last.then(() => this.#commit(offsets, call))
    this.#last = committed.catch(() => undefined)
    return interruptible(committed, call?.signal)
  }

  #commit(offsets: readonly PartitionOffset[], call: CallOptions | undefined): Promise<void> {
    const topics = committedTopics(offsets)
    return this.#coordinators.ask(
      'group',
      this.#groupId,
      async (connection) => {
        const { identity } = this.#member()
        const { memberId, generationId, groupInstanceId } = identity
        const body = { groupId: this.#groupId, generationIdOrMemberEpoch: generationId, memberId, groupInstanceId, topics }
        const answer = await connection.send(OffsetCommitRequest, OffsetCommitResponse, body, lastVersionByName, call)
        for (const { name, partitions } of answer.topics)
          for (const { partitionIndex, errorCode } of partitions)
            this.#check(errorCode, { topic: name, partition: partitionIndex }, identity)
      },
      call,
    )
  }

  #check(errorCode: number, { topic, partition }: TopicPartition, sentAs: MemberIdentity): void {
    if (errorCode === ErrorCode.NONE) return
    const what = `cannot commit offset of ${topic}-${partition} for group '${this.#groupId}'`
    const details = { topic, partition }
    if (momentary.has(errorCode)) throw answeredError(errorCode, what, { ...details, retriable: true })
    const isOut = out.has(errorCode)
    const { identity, isJoining } = this.#member()
    const isAhead = isJoining && errorCode === ErrorCode.ILLEGAL_GENERATION
    if (isAhead || (isOut && identity !== sentAs)) throw answeredError(errorCode, what, { ...details, retriable: true })
    if (!isOut)
      throw answeredError(errorCode, what, { ...details, ...(errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION && { retriable: false }) })
    const { code } = answeredError(errorCode, what)
    const why = `${what}: the group has gone on without this member, whose partitions are another one's now. What was not committed is read again there; go on reading to join anew`
    throw new ClientError(code, why, details)
  }
}

/** Offsets as a commit tells them. */
export function committedTopics(offsets: readonly PartitionOffset[]) {
  return byTopic(offsets, ({ partition, offset, leaderEpoch = -1, metadata = '' }) => ({
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    committedMetadata: metadata,
  })).map(([name, partitions]) => ({ name, partitions }))
}

/** The group is on its way to the next generation, or epoch. */
const momentary: ReadonlySet<number> = new Set([ErrorCode.REBALANCE_IN_PROGRESS, ErrorCode.STALE_MEMBER_EPOCH])
const out: ReadonlySet<number> = new Set([
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.FENCED_MEMBER_EPOCH,
  ErrorCode.FENCED_INSTANCE_ID,
])

function check(errorCode: number, what: string, place: Partial<TopicPartition> = {}): void {
  if (errorCode !== ErrorCode.NONE) throw answeredError(errorCode, what, place)
}
