/** Acts on groups: list, describe, set back or forward, delete. Plain results; the first error an answer holds is thrown. */
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { Position } from '../consumer/consumed.ts'
import type { OffsetLookup } from '../consumer/offset-lookup.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { interruptible } from '../network/interruption.ts'
import type { CallOptions } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import type { Admin } from './admin.ts'
import type { GroupState } from './group-description.ts'
import { type GroupSummary, groupState } from './group-items.ts'
import { orThrow } from './outcome.ts'
import type { Reach } from './reach.ts'

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

export class GroupAdmin {
  readonly #reach: Reach
  readonly #admin: Admin
  readonly #cluster: ClusterView
  readonly #lookup: OffsetLookup

  constructor(reach: Reach, admin: Admin, cluster: ClusterView, lookup: OffsetLookup) {
    this.#reach = reach
    this.#admin = admin
    this.#cluster = cluster
    this.#lookup = lookup
  }

  /** All groups of the cluster, by id. */
  list(call: CallOptions = {}): Promise<GroupSummary[]> {
    return this.#admin.groups.list({}, call)
  }

  /** Throws GROUP_ID_NOT_FOUND where there is none of that id. */
  describe(groupId: string, call: CallOptions = {}): Promise<GroupDescription> {
    return this.#reach.coordinator('group', groupId, call, async (ask, coordinator) => {
      const state = await groupState(ask, groupId)
      if (!state) throw answeredError(ErrorCode.GROUP_ID_NOT_FOUND, `group '${groupId}'`)
      const offsets = await interruptible(this.#withEnds(rows(state, await this.#committedOf(groupId, call))), call.signal)
      return { ...state, coordinator, offsets }
    })
  }

  async #committedOf(groupId: string, call: CallOptions = {}): Promise<Committed[]> {
    const listed = orThrow(await this.#admin.groupOffsets.list(groupId, call))
    return listed.flatMap(({ topic, partition, offset }) => (offset === null ? [] : [{ topic, partition, committed: offset }]))
  }

  #withEnds(offsets: readonly Omit<GroupOffset, 'end'>[]): Promise<GroupOffset[]> {
    return Promise.all(offsets.map(async (row) => ({ ...row, end: await this.#end(row.topic, row.partition) })))
  }

  async #end(topic: string, partition: number): Promise<number | null> {
    try {
      return await this.#lookup.offsetOf(topic, partition, 'end')
    } catch (error) {
      if (error instanceof ClientError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION') return null
      throw error
    }
  }

  /** Where the group would go on at this place of the topics; of all that it has committed if none is named. Changes nothing. */
  planReset(groupId: string, to: Position, topics: readonly AskedTopic[] = [], call: CallOptions = {}): Promise<PlannedOffset[]> {
    return interruptible(this.#planReset(groupId, to, topics, call), call.signal)
  }

  async #planReset(groupId: string, to: Position, topics: readonly AskedTopic[], call: CallOptions): Promise<PlannedOffset[]> {
    const committed = await this.#committedOf(groupId, call)
    const partitions = topics.length === 0 ? committed : await this.#partitionsOf(topics)
    const planned = await Promise.all(
      partitions.map(async ({ topic, partition }) => {
        const offset = await this.#lookup.offsetOf(topic, partition, to)
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
  planOffsets(groupId: string, offsets: readonly NewOffset[], call: CallOptions = {}): Promise<PlannedOffset[]> {
    return interruptible(this.#planOffsets(groupId, offsets, call), call.signal)
  }

  async #planOffsets(groupId: string, offsets: readonly NewOffset[], call: CallOptions): Promise<PlannedOffset[]> {
    const committed = await this.#committedOf(groupId, call)
    const planned = offsets.map(async ({ topic, partition, offset }) => ({
      topic,
      partition,
      offset: await this.#within(topic, partition, offset),
    }))
    return (await Promise.all(planned)).map((row) => withCommitted(row, committed)).sort(byPlace)
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
    const start = await this.#lookup.offsetOf(topic, partition, 'beginning')
    const end = await this.#lookup.offsetOf(topic, partition, 'end')
    return Math.min(Math.max(offset, start), end)
  }

  /** Commits these offsets. Throws NON_EMPTY_GROUP while the group has members: they would go on where they are. */
  async reset(groupId: string, offsets: readonly NewOffset[], call: CallOptions = {}): Promise<void> {
    if (offsets.length === 0) return
    const state = await this.#reach.coordinator('group', groupId, call, (ask) => groupState(ask, groupId))
    if (state && state.members.length > 0) throw answeredError(ErrorCode.NON_EMPTY_GROUP, `cannot reset group '${groupId}'`)
    orThrow(await this.#admin.groupOffsets.alter(groupId, offsets, call))
  }

  /** Each by itself: where one is refused, the others are gone all the same. */
  async delete(groupIds: readonly string[], call: CallOptions = {}): Promise<void> {
    orThrow(await this.#admin.groups.delete(groupIds, call))
  }
}

export interface AskedTopic {
  readonly name: string
  /** All of them if left out. */
  readonly partitions?: readonly number[]
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
