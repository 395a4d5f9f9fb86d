/** What groups have committed: listed, altered, deleted, as the protocol has it. `stele.groups` is the friendlier part. */
import { OffsetCommitRequest, OffsetCommitResponse } from '../protocol/messages/offset-commit.ts'
import { OffsetDeleteRequest, OffsetDeleteResponse } from '../protocol/messages/offset-delete.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../protocol/messages/offset-fetch.ts'
import type { CallOptions } from '../network/patience.ts'
import { check, type Outcome } from './outcome.ts'
import { ofPartition } from './partitions.ts'
import { byTopic, indexOf } from '../consumer/by-topic.ts'
import { committedTopics } from '../group/group-offsets.ts'
import type { Reach, TopicPartition } from './reach.ts'

export interface CommittedOffset {
  /** The next to be read; null: none is committed. */
  readonly offset: number | null
  /** -1: not known. */
  readonly leaderEpoch: number
  readonly metadata: string
}

export interface OffsetToCommit extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
}

/** Later ones name topics by id, or take several groups. */
const lastCommitVersionByName = 9
const lastFetchVersionWithOneGroup = 7
const noMember = { generationIdOrMemberEpoch: -1, memberId: '' }

export class GroupOffsetAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** Of all partitions that have one if none is named. @param isStable waits for open transactions of the group's (KIP-447). */
  list(
    groupId: string,
    {
      partitions,
      isStable = false,
      ...call
    }: CallOptions & { readonly partitions?: readonly TopicPartition[]; readonly isStable?: boolean } = {},
  ): Promise<Outcome<TopicPartition, CommittedOffset>[]> {
    return this.#reach.coordinator('group', groupId, call, async (ask) => {
      const named = partitions && byTopic(partitions, indexOf).map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
      const body = { groupId, topics: named ?? null, requireStable: isStable }
      const answer = await ask(OffsetFetchRequest, OffsetFetchResponse, body, lastFetchVersionWithOneGroup)
      check(answer, `cannot list the offsets of group '${groupId}'`)
      return answer.topics.flatMap(({ name, partitions: fetched }) =>
        fetched.map(({ partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode }) =>
          ofPartition(name, partitionIndex, { errorCode }, `group '${groupId}': cannot tell the offset of`, {
            offset: committedOffset < 0 ? null : committedOffset,
            leaderEpoch: committedLeaderEpoch,
            metadata: metadata ?? '',
          }),
        ),
      )
    })
  }

  /** UNKNOWN_MEMBER_ID while the group has members: they would go on where they are. */
  alter(groupId: string, offsets: readonly OffsetToCommit[], call: CallOptions = {}): Promise<Outcome<TopicPartition>[]> {
    return this.#reach.coordinator('group', groupId, call, async (ask) => {
      const body = { groupId, ...noMember, topics: committedTopics(offsets) }
      const answer = await ask(OffsetCommitRequest, OffsetCommitResponse, body, lastCommitVersionByName)
      return answer.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) =>
          ofPartition(name, partitionIndex, { errorCode }, `group '${groupId}': cannot alter the offset of`, {}),
        ),
      )
    })
  }

  /** GROUP_SUBSCRIBED_TO_TOPIC where a member reads the topic. Throws GROUP_ID_NOT_FOUND. */
  delete(groupId: string, partitions: readonly TopicPartition[], call: CallOptions = {}): Promise<Outcome<TopicPartition>[]> {
    return this.#reach.coordinator('group', groupId, call, async (ask) => {
      const topics = byTopic(partitions, ({ partition }) => ({ partitionIndex: partition })).map(([name, partitions]) => ({
        name,
        partitions,
      }))
      const answer = await ask(OffsetDeleteRequest, OffsetDeleteResponse, { groupId, topics })
      check(answer, `cannot delete offsets of group '${groupId}'`)
      return answer.topics.flatMap(({ name, partitions: deleted }) =>
        deleted.map(({ partitionIndex, errorCode }) =>
          ofPartition(name, partitionIndex, { errorCode }, `group '${groupId}': cannot delete the offset of`, {}),
        ),
      )
    })
  }
}
