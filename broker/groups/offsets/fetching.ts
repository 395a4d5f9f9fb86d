/**
 * What groups have committed, as OffsetFetch tells it.
 * Owns: nothing. An offset that an open transaction may replace is told, unless the reader wants none that can change (KIP-447).
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import type { OffsetFetchRequest, OffsetFetchResponse } from '../../../client/protocol/messages/offset-fetch.ts'
import type { Input } from '../../../client/protocol/schema.ts'
import { zeroUuid } from '../../../client/protocol/uuid.ts'
import type { CommittedOffset, CommittedOffsets } from './committed-offsets.ts'

export type FetchedGroup = NonNullable<NonNullable<Input<typeof OffsetFetchResponse>['groups']>[number]>
export type AskedGroup = OffsetFetchRequest['groups'][number]

const none = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: ErrorCode.NONE }
const unstable = { ...none, errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT }

/** @param isKnown whether there is such a group: one that is not there has committed nothing. */
export function fetchOffsets(
  { groupId, topics }: AskedGroup,
  { offsets, requireStable, isKnown }: { offsets: CommittedOffsets; requireStable: boolean; isKnown: boolean },
): FetchedGroup {
  const one = (topic: string, partitionIndex: number, offset: CommittedOffset | undefined) => {
    if (requireStable && offsets.isPending(groupId, topic, partitionIndex)) return { partitionIndex, ...unstable }
    if (!offset) return { partitionIndex, ...none }
    return { ...none, partitionIndex, committedOffset: offset.offset, committedLeaderEpoch: offset.leaderEpoch, metadata: offset.metadata }
  }
  if (topics === null) {
    const all = isKnown ? [...offsets.of(groupId)] : []
    return {
      groupId,
      topics: all.map(([name, partitions]) => ({ name, partitions: [...partitions].map(([index, offset]) => one(name, index, offset)) })),
    }
  }
  return {
    groupId,
    topics: topics.map(({ name, topicId, partitionIndexes }) => ({
      name,
      topicId,
      partitions: partitionIndexes.map((index) => {
        const offset = isKnown ? offsets.get(groupId, name, index) : undefined
        return one(name, index, isOfTopic(offset, topicId) ? offset : undefined)
      }),
    })),
  }
}

/** A topic may have been deleted, and another one made under its name. */
function isOfTopic(offset: CommittedOffset | undefined, topicId: string): boolean {
  return offset === undefined || topicId === zeroUuid || offset.topicId === zeroUuid || offset.topicId === topicId
}
