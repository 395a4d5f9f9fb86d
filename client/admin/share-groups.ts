/** Share groups (KIP-932): described, and where they begin to read, told, altered and deleted. */
import { AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse } from '../protocol/messages/alter-share-group-offsets.ts'
import { DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse } from '../protocol/messages/delete-share-group-offsets.ts'
import { DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse } from '../protocol/messages/describe-share-group-offsets.ts'
import { ShareGroupDescribeRequest, ShareGroupDescribeResponse } from '../protocol/messages/share-group-describe.ts'
import type { CallOptions } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import type { AssignedPartitions } from './group-description.ts'
import { check, type Outcome, outcome } from './outcome.ts'
import { ofPartition } from './partitions.ts'
import { byTopic, indexOf } from '../consumer/by-topic.ts'
import type { Reach, TopicPartition } from './reach.ts'

export interface ShareGroupMember {
  readonly memberId: string
  readonly memberEpoch: number
  readonly clientId: string
  readonly host: string
  readonly rack: string | null
  readonly topics: readonly string[]
  readonly assignment: readonly AssignedPartitions[]
}

export interface ShareGroupDescription {
  readonly groupId: string
  readonly state: string
  readonly groupEpoch: number
  readonly assignmentEpoch: number
  readonly assignor: string
  readonly members: readonly ShareGroupMember[]
}

export interface ShareGroupOffset {
  /** What lies before it is done; null: not known yet. */
  readonly startOffset: number | null
  readonly leaderEpoch: number
  /** Records between it and the end; null where the broker does not tell. */
  readonly lag: number | null
}

export class ShareGroupAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** Throws GROUP_ID_NOT_FOUND. */
  describe(groupId: string, call: CallOptions = {}): Promise<ShareGroupDescription> {
    return this.#reach.coordinator('group', groupId, call, async (ask) => {
      const { groups } = await ask(ShareGroupDescribeRequest, ShareGroupDescribeResponse, { groupIds: [groupId] })
      const group = firstOf(groups, `cannot describe share group '${groupId}'`)
      return {
        groupId,
        state: group.groupState,
        groupEpoch: group.groupEpoch,
        assignmentEpoch: group.assignmentEpoch,
        assignor: group.assignorName,
        members: group.members.map(({ memberId, memberEpoch, clientId, clientHost, rackId, subscribedTopicNames, assignment }) => ({
          memberId,
          memberEpoch,
          clientId,
          host: clientHost.replace(/^\//, ''),
          rack: rackId,
          topics: subscribedTopicNames,
          assignment: assignment.topicPartitions.map(({ topicName, partitions }) => ({ topic: topicName, partitions })),
        })),
      }
    })
  }

  /** Of all partitions that the group has offsets of if none is named. */
  offsets(
    groupId: string,
    partitions?: readonly TopicPartition[],
    call: CallOptions = {},
  ): Promise<Outcome<TopicPartition, ShareGroupOffset>[]> {
    return this.#reach.coordinator('group', groupId, call, async (ask) => {
      const topics = partitions && byTopic(partitions, indexOf).map(([topicName, partitions]) => ({ topicName, partitions }))
      const body = { groups: [{ groupId, topics: topics ?? null }] }
      const { groups } = await ask(DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse, body)
      const group = firstOf(groups, `cannot tell the offsets of share group '${groupId}'`)
      return group.topics.flatMap(({ topicName, partitions: told }) =>
        told.map(({ partitionIndex, errorCode, errorMessage, startOffset, leaderEpoch, lag }) =>
          ofPartition(topicName, partitionIndex, { errorCode, errorMessage }, `share group '${groupId}': cannot tell the offset of`, {
            startOffset: startOffset < 0 ? null : startOffset,
            leaderEpoch,
            lag: lag < 0 ? null : lag,
          }),
        ),
      )
    })
  }

  /** Throws NON_EMPTY_GROUP while the group has members. */
  alterOffsets(
    groupId: string,
    offsets: readonly (TopicPartition & { readonly offset: number })[],
    call: CallOptions = {},
  ): Promise<Outcome<TopicPartition>[]> {
    return this.#reach.coordinator('group', groupId, call, async (ask) => {
      const topics = byTopic(offsets, ({ partition, offset }) => ({ partitionIndex: partition, startOffset: offset })).map(
        ([topicName, partitions]) => ({ topicName, partitions }),
      )
      const answer = await ask(AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse, { groupId, topics })
      check(answer, `cannot alter the offsets of share group '${groupId}'`)
      return answer.responses.flatMap(({ topicName, partitions }) =>
        partitions.map(({ partitionIndex, errorCode, errorMessage }) =>
          ofPartition(topicName, partitionIndex, { errorCode, errorMessage }, `share group '${groupId}': cannot alter the offset of`, {}),
        ),
      )
    })
  }

  /** Throws NON_EMPTY_GROUP while the group has members. */
  deleteOffsets(groupId: string, topics: readonly string[], call: CallOptions = {}): Promise<Outcome<{ readonly topic: string }>[]> {
    return this.#reach.coordinator('group', groupId, call, async (ask) => {
      const body = { groupId, topics: topics.map((topicName) => ({ topicName })) }
      const answer = await ask(DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse, body)
      check(answer, `cannot delete offsets of share group '${groupId}'`)
      return answer.responses.map(({ topicName: topic, errorCode, errorMessage }) =>
        outcome({ topic }, { errorCode, errorMessage, topic }, `share group '${groupId}': cannot delete the offsets of '${topic}'`, {}),
      )
    })
  }
}

/** The one group that was asked for. Throws its error. */
export function firstOf<G extends { errorCode: number; errorMessage: string | null }>([group]: readonly G[], what: string): G {
  check({ errorCode: group?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: group?.errorMessage ?? null }, what)
  return group as G
}
