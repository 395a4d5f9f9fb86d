/**
 * OffsetFetch (key 9): how far groups have read; several groups at once from version 8 on (KIP-709), by topic id from version 10 on.
 * With `requireStable` an offset that an open transaction may replace is not told (KIP-447).
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../client/protocol/messages/offset-fetch.ts'
import { zeroUuid } from '../../client/protocol/uuid.ts'
import type { AskedGroup, FetchedGroup } from '../groups/offsets/fetching.ts'
import { answeredOr } from './coordinated.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'

const firstVersionWithErrorCode = 2
const firstVersionWithGroups = 8
const firstVersionWithTopicIds = 10

export const offsetFetch = api({
  request: OffsetFetchRequest,
  response: OffsetFetchResponse,
  versions: [0, 10],
  async handle({ groupId, topics, groups, requireStable }, { apiVersion }, services) {
    if (apiVersion >= firstVersionWithGroups) {
      const one = apiVersion >= firstVersionWithTopicIds ? fetchById : fetchGroup
      return { groups: await Promise.all(groups.map((asked) => one(asked, requireStable, services))) }
    }
    const asked = { groupId, memberId: null, memberEpoch: -1, topics: topics?.map((topic) => ({ ...topic, topicId: zeroUuid })) ?? null }
    const fetched = await fetchGroup(asked, requireStable, services)
    const { errorCode = ErrorCode.NONE } = fetched
    // Where there is no place for a group's error, each partition has it.
    if (errorCode !== ErrorCode.NONE && apiVersion < firstVersionWithErrorCode) return { topics: failedTopics(asked, errorCode) }
    return { topics: named(fetched), errorCode }
  },
})

function fetchGroup(asked: AskedGroup, requireStable: boolean, { groups }: Services): Promise<FetchedGroup> {
  return answeredOr(groups.fetchOffsets(asked, requireStable), (errorCode) => ({ groupId: asked.groupId, errorCode }))
}

async function fetchById(asked: AskedGroup, requireStable: boolean, services: Services): Promise<FetchedGroup> {
  const { image } = services.cluster
  const known = asked.topics?.filter(({ topicId }) => image.topicName(topicId) !== undefined)
  const topics = known?.map((topic) => ({ ...topic, name: image.topicName(topic.topicId) as string })) ?? null
  const fetched = await fetchGroup({ ...asked, topics }, requireStable, services)
  if (fetched.errorCode) return fetched
  const withIds = named(fetched).map((topic) => ({ ...topic, topicId: image.topics.get(topic.name)?.id ?? zeroUuid }))
  const unknown = asked.topics?.filter((topic) => !known?.includes(topic)) ?? []
  // A topic that is gone has no id to be told by.
  const told = withIds.filter(({ topicId }) => topicId !== zeroUuid)
  return { ...fetched, topics: [...told, ...failedTopics({ ...asked, topics: unknown }, ErrorCode.UNKNOWN_TOPIC_ID)] }
}

function named({ topics = [] }: FetchedGroup) {
  return topics.map(({ name = '', partitions = [] }) => ({ name, partitions }))
}

function failedTopics({ topics }: AskedGroup, errorCode: number) {
  return (topics ?? []).map(({ name, topicId, partitionIndexes }) => ({
    name,
    topicId,
    partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, committedOffset: -1, errorCode })),
  }))
}
