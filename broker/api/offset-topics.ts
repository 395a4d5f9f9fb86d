/**
 * Topics and partitions as the APIs about committed offsets name them: by name, or by id. What is not there is refused here, so that
 * no group keeps an offset of it.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { zeroUuid } from '../../client/protocol/uuid.ts'
import type { Cluster } from '../cluster/cluster.ts'

interface Asked {
  readonly name: string
  readonly topicId?: string
  readonly partitions: readonly { readonly partitionIndex: number }[]
}

export interface AnsweredTopic {
  name?: string | undefined
  topicId?: string | undefined
  partitions?: { partitionIndex?: number | undefined; errorCode?: number | undefined }[] | undefined
}

export interface SortedTopics<T extends Asked> {
  /** Both name and id are filled in; of partitions only those that exist. */
  readonly known: T[]
  readonly refused: AnsweredTopic[]
}

export function sortTopics<T extends Asked>(topics: readonly T[], byId: boolean, { image }: Cluster): SortedTopics<T> {
  const sorted: SortedTopics<T> = { known: [], refused: [] }
  for (const asked of topics) {
    const name = byId ? image.topicName(asked.topicId ?? zeroUuid) : asked.name
    const topic = name === undefined ? undefined : image.topics.get(name)
    const unknown = byId && !topic ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    const isThere = ({ partitionIndex }: { partitionIndex: number }) => topic?.partitions[partitionIndex] !== undefined
    const there = asked.partitions.filter(isThere)
    const missing = asked.partitions.filter((partition) => !isThere(partition))
    const names = { name: topic?.name ?? asked.name, topicId: topic?.id ?? asked.topicId ?? zeroUuid }
    if (missing.length > 0) sorted.refused.push({ ...names, partitions: refuseAll(missing, unknown) })
    if (there.length > 0) sorted.known.push({ ...asked, ...names, partitions: there })
  }
  return sorted
}

export function refuseAll(partitions: readonly { readonly partitionIndex: number }[], errorCode: number) {
  return partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode }))
}

/** The same error code for all of them. */
export function refuseTopics(topics: readonly Asked[], errorCode: number): AnsweredTopic[] {
  return topics.map(({ name, topicId, partitions }) => ({ name, topicId, partitions: refuseAll(partitions, errorCode) }))
}

/** What was refused before, and what was answered: each topic once. */
export function joinTopics(refused: readonly AnsweredTopic[], answered: readonly AnsweredTopic[]): AnsweredTopic[] {
  const byName = new Map<string | undefined, AnsweredTopic>()
  const joined: AnsweredTopic[] = []
  for (const topic of [...refused, ...answered]) {
    const same = byName.get(topic.name)
    if (same && same.topicId === topic.topicId) same.partitions?.push(...(topic.partitions ?? []))
    else joined.push(topic)
    byName.set(topic.name, same ?? topic)
  }
  return joined
}
