/** Acts on groups: list, describe, set back or forward, delete. Plain results; the first error an answer holds is thrown. */
import { atGroupCoordinator } from '../cluster/group-coordinator.ts'
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { Position, Reader } from '../consumer/reader.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse } from '../protocol/messages/consumer-group-describe.ts'
import { DeleteGroupsRequest, DeleteGroupsResponse } from '../protocol/messages/delete-groups.ts'
import { DescribeGroupsRequest, DescribeGroupsResponse } from '../protocol/messages/describe-groups.ts'
import { ListGroupsRequest, ListGroupsResponse } from '../protocol/messages/list-groups.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../protocol/messages/offset-commit.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../protocol/messages/offset-fetch.ts'
import { classicGroup, consumerGroup, type GroupState } from './group-description.ts'

export interface GroupSummary {
  readonly groupId: string
  /** `classic` or `consumer`; empty where the broker does not tell. */
  readonly type: string
  readonly state: string
  /** What its members are: `consumer`, `connect`; empty where nobody has said so. */
  readonly protocolType: string
}

export interface GroupOffset {
  readonly topic: string
  readonly partition: number
  /** The next offset to be read; null: none is committed. */
  readonly committed: number | null
  /** The end of the partition; null: there is no such partition. */
  readonly end: number | null
  /** The member that has the partition now. */
  readonly memberId: string | null
}

export interface GroupDescription extends GroupState {
  /** The broker. */
  readonly coordinator: number
  /** Of what is committed, and of what members have. By topic and partition. */
  readonly offsets: readonly GroupOffset[]
}

/** Where a group is to go on. */
export interface NewOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface PlannedOffset extends NewOffset {
  /** Where it would go on now; null: nothing is committed. */
  readonly committed: number | null
}

type Committed = Omit<GroupOffset, 'end' | 'memberId'> & { readonly committed: number }

/** Later ones name topics by id, or take several groups. */
const lastCommitVersionByName = 9
const lastFetchVersionWithOneGroup = 7
const noGroup = { generationIdOrMemberEpoch: -1, memberId: '' }

export class GroupAdmin {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView
  readonly #reader: Reader

  constructor(pool: BrokerPool, cluster: ClusterView, reader: Reader) {
    this.#pool = pool
    this.#cluster = cluster
    this.#reader = reader
  }

  /** All groups of the cluster, by id. */
  async list(): Promise<GroupSummary[]> {
    const listed = await Promise.all((await this.#cluster.brokers()).map((broker) => this.#listAt(broker)))
    return listed.flat().sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
  }

  async #listAt(connection: BrokerConnection): Promise<GroupSummary[]> {
    const { errorCode, groups } = await connection.send(ListGroupsRequest, ListGroupsResponse, {})
    check(errorCode, 'cannot list groups')
    return groups.map(({ groupId, groupType, groupState, protocolType }) => ({ groupId, type: groupType, state: groupState, protocolType }))
  }

  /** Throws GROUP_ID_NOT_FOUND where there is none of that id. */
  describe(groupId: string): Promise<GroupDescription> {
    return atGroupCoordinator(this.#pool, groupId, async (connection, coordinator) => {
      const state = await this.#state(connection, groupId)
      if (!state) throw answeredError(ErrorCode.GROUP_ID_NOT_FOUND, `group '${groupId}'`)
      const offsets = await this.#withEnds(rows(state, await this.#committed(connection, groupId)))
      return { ...state, coordinator, offsets }
    })
  }

  /** Undefined: there is no such group. */
  async #state(connection: BrokerConnection, groupId: string): Promise<GroupState | undefined> {
    const classic = await connection.send(DescribeGroupsRequest, DescribeGroupsResponse, { groups: [groupId] })
    const [described] = classic.groups
    // Of another protocol, or of none: older versions do not say so by an error.
    const isClassic = described?.errorCode === ErrorCode.NONE && described.groupState !== 'Dead'
    if (described && isClassic) return classicGroup(described)
    if (described?.errorCode !== ErrorCode.GROUP_ID_NOT_FOUND) check(described?.errorCode ?? -1, `cannot describe group '${groupId}'`)
    if (!connection.serves(ConsumerGroupDescribeRequest)) return undefined
    const answer = await connection.send(ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, { groupIds: [groupId] })
    const [group] = answer.groups
    if (!group || group.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return undefined
    check(group.errorCode, `cannot describe group '${groupId}'`, group.errorMessage)
    return consumerGroup(group)
  }

  async #committed(connection: BrokerConnection, groupId: string): Promise<Committed[]> {
    const body = { groupId, topics: null }
    const answer = await connection.send(OffsetFetchRequest, OffsetFetchResponse, body, lastFetchVersionWithOneGroup)
    check(answer.errorCode, `cannot fetch the offsets of group '${groupId}'`)
    return answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset, errorCode }) => {
        check(errorCode, `cannot fetch the offset of ${name}-${partitionIndex} of group '${groupId}'`)
        return { topic: name, partition: partitionIndex, committed: committedOffset }
      }),
    )
  }

  #withEnds(offsets: readonly Omit<GroupOffset, 'end'>[]): Promise<GroupOffset[]> {
    return Promise.all(offsets.map(async (row) => ({ ...row, end: await this.#end(row.topic, row.partition) })))
  }

  async #end(topic: string, partition: number): Promise<number | null> {
    try {
      return await this.#reader.offsetOf(topic, partition, 'end')
    } catch (error) {
      if (error instanceof ClientError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION') return null
      throw error
    }
  }

  /** Where the group would go on at this place of the topics; of all that it has committed if none is named. Changes nothing. */
  async planReset(groupId: string, to: Position, topics: readonly AskedTopic[] = []): Promise<PlannedOffset[]> {
    const committed = await this.#committedOf(groupId)
    const partitions = topics.length === 0 ? committed : await this.#partitionsOf(topics)
    const planned = await Promise.all(
      partitions.map(async ({ topic, partition }) => {
        const offset = await this.#reader.offsetOf(topic, partition, to)
        return {
          topic,
          partition,
          offset: typeof to === 'object' && 'offset' in to ? await this.#within(topic, partition, offset) : offset,
        }
      }),
    )
    return planned.map((row) => withCommitted(row, committed)).sort(byPlace)
  }

  /** Beside each new offset the one that it replaces. Changes nothing. */
  async planOffsets(groupId: string, offsets: readonly NewOffset[]): Promise<PlannedOffset[]> {
    const committed = await this.#committedOf(groupId)
    const planned = offsets.map(async ({ topic, partition, offset }) => ({
      topic,
      partition,
      offset: await this.#within(topic, partition, offset),
    }))
    return (await Promise.all(planned)).map((row) => withCommitted(row, committed)).sort(byPlace)
  }

  #committedOf(groupId: string): Promise<Committed[]> {
    return atGroupCoordinator(this.#pool, groupId, (connection) => this.#committed(connection, groupId))
  }

  async #partitionsOf(topics: readonly AskedTopic[]): Promise<{ topic: string; partition: number }[]> {
    const all = topics.map(async ({ name, partitions }) => {
      const { leaders } = await this.#cluster.topic(name)
      return [...(partitions ?? leaders.keys())].map((partition) => ({ topic: name, partition }))
    })
    return (await Promise.all(all)).flat()
  }

  /** Outside of what there is readers would begin wherever their settings say. */
  async #within(topic: string, partition: number, offset: number): Promise<number> {
    const start = await this.#reader.offsetOf(topic, partition, 'beginning')
    const end = await this.#reader.offsetOf(topic, partition, 'end')
    return Math.min(Math.max(offset, start), end)
  }

  /** Commits these offsets. Throws NON_EMPTY_GROUP while the group has members: they would go on where they are. */
  async reset(groupId: string, offsets: readonly NewOffset[]): Promise<void> {
    if (offsets.length === 0) return
    await atGroupCoordinator(this.#pool, groupId, async (connection) => {
      const state = await this.#state(connection, groupId)
      if (state && state.members.length > 0) throw answeredError(ErrorCode.NON_EMPTY_GROUP, `cannot reset group '${groupId}'`)
      const topics = [...new Set(offsets.map(({ topic }) => topic))].map((name) => ({
        name,
        partitions: offsets
          .filter(({ topic }) => topic === name)
          .map(({ partition, offset }) => ({ partitionIndex: partition, committedOffset: offset })),
      }))
      const body = { groupId, ...noGroup, topics }
      const answer = await connection.send(OffsetCommitRequest, OffsetCommitResponse, body, lastCommitVersionByName)
      for (const { name, partitions } of answer.topics) {
        for (const { partitionIndex, errorCode } of partitions)
          check(errorCode, `cannot reset ${name}-${partitionIndex} of group '${groupId}'`)
      }
    })
  }

  /** Each by itself: where one is refused, the others are gone all the same. */
  async delete(groupIds: readonly string[]): Promise<void> {
    const refused: unknown[] = []
    for (const groupId of groupIds) await this.#delete(groupId).catch((error: unknown) => refused.push(error))
    if (refused.length > 0) throw refused[0]
  }

  #delete(groupId: string): Promise<void> {
    return atGroupCoordinator(this.#pool, groupId, async (connection) => {
      const { results } = await connection.send(DeleteGroupsRequest, DeleteGroupsResponse, { groupsNames: [groupId] })
      for (const { errorCode } of results) check(errorCode, `cannot delete group '${groupId}'`)
    })
  }
}

export interface AskedTopic {
  readonly name: string
  /** All of them if left out. */
  readonly partitions?: readonly number[]
}

function check(errorCode: number, what: string, message: string | null = null): void {
  if (errorCode !== ErrorCode.NONE) throw answeredError(errorCode, what, { message })
}

interface Place {
  readonly topic: string
  readonly partition: number
}

function byPlace(a: Place, b: Place): number {
  if (a.topic === b.topic) return a.partition - b.partition
  return a.topic < b.topic ? -1 : 1
}

function withCommitted(row: NewOffset, committed: readonly Committed[]): PlannedOffset {
  const before = committed.find(({ topic, partition }) => topic === row.topic && partition === row.partition)
  return { ...row, committed: before?.committed ?? null }
}

/** What is committed, and what members have besides. */
function rows({ members }: GroupState, committed: readonly Committed[]): Omit<GroupOffset, 'end'>[] {
  const byName = new Map<string, Omit<GroupOffset, 'end'>>()
  for (const row of committed) byName.set(`${row.topic}-${row.partition}`, { ...row, memberId: null })
  for (const { memberId, assignment } of members) {
    for (const { topic, partitions } of assignment) {
      for (const partition of partitions) {
        const name = `${topic}-${partition}`
        byName.set(name, { topic, partition, committed: byName.get(name)?.committed ?? null, memberId })
      }
    }
  }
  return [...byName.values()].sort(byPlace)
}
