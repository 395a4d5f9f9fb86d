/** A group as the bad-input cases speak to it, in any version; each answer as the names of its codes. */
import { DeleteGroupsRequest, DeleteGroupsResponse } from '../../../../client/protocol/messages/delete-groups.ts'
import { DescribeGroupsRequest, DescribeGroupsResponse } from '../../../../client/protocol/messages/describe-groups.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../../../client/protocol/messages/find-coordinator.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../../../../client/protocol/messages/heartbeat.ts'
import { JoinGroupRequest, JoinGroupResponse } from '../../../../client/protocol/messages/join-group.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../../../../client/protocol/messages/leave-group.ts'
import { ListGroupsRequest, ListGroupsResponse } from '../../../../client/protocol/messages/list-groups.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../../../client/protocol/messages/offset-commit.ts'
import { OffsetDeleteRequest, OffsetDeleteResponse } from '../../../../client/protocol/messages/offset-delete.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../../../client/protocol/messages/offset-fetch.ts'
import { ConsumerProtocolAssignment } from '../../../../client/protocol/messages/records/consumer-protocol-assignment.ts'
import { ConsumerProtocolSubscription } from '../../../../client/protocol/messages/records/consumer-protocol-subscription.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../../../../client/protocol/messages/sync-group.ts'
import { encodeVersioned } from '../../../../client/protocol/stored.ts'
import type { RawClient } from '../../../support/raw-client.ts'
import { nameOf, type Topic, type Verdict, type World } from './world.ts'

/** What a member says of itself; what is left out is as it should be. */
export interface Says {
  version?: number
  memberId?: string
  instance?: string | null
  generation?: number
}

export interface JoinSays extends Says {
  session?: number
  rebalance?: number
  type?: string
  protocols?: string[]
  topics?: string[]
}

/** A member with a connection of its own: its joins may wait. */
export class TestMember {
  memberId = ''
  generation = -1
  /** It gives itself the first partition of each. */
  #topics: readonly string[] = []
  readonly #client: RawClient
  readonly #groupId: string

  constructor(client: RawClient, groupId: string) {
    this.#client = client
    this.#groupId = groupId
  }

  async join(says: JoinSays = {}): Promise<Verdict> {
    const { version = 3, session = 10_000, rebalance = 20_000, type = 'consumer', protocols = ['range'], topics = [] } = says
    const metadata = Buffer.from(encodeVersioned(ConsumerProtocolSubscription, 0, { topics }))
    this.#topics = topics
    const answer = await this.#client.ask(JoinGroupRequest, JoinGroupResponse, version, {
      groupId: this.#groupId,
      sessionTimeoutMs: session,
      rebalanceTimeoutMs: rebalance,
      memberId: says.memberId ?? this.memberId,
      ...(says.instance !== undefined && { groupInstanceId: says.instance }),
      protocolType: type,
      protocols: protocols.map((name) => ({ name, metadata })),
    })
    if (answer?.memberId && answer.errorCode !== 25) this.memberId = answer.memberId
    if (answer?.errorCode === 0) this.generation = answer.generationId
    return nameOf(answer?.errorCode)
  }

  async sync(says: Says & { type?: string; protocol?: string } = {}): Promise<Verdict> {
    const { version = 3, type, protocol } = says
    const memberId = says.memberId ?? this.memberId
    const assignedPartitions = this.#topics.map((topic) => ({ topic, partitions: [0] }))
    const assignment = encodeVersioned(ConsumerProtocolAssignment, 0, { assignedPartitions })
    const answer = await this.#client.ask(SyncGroupRequest, SyncGroupResponse, version, {
      groupId: this.#groupId,
      generationId: says.generation ?? this.generation,
      memberId,
      ...(says.instance !== undefined && { groupInstanceId: says.instance }),
      ...(type !== undefined && { protocolType: type }),
      ...(protocol !== undefined && { protocolName: protocol }),
      assignments: [{ memberId, assignment }],
    })
    return nameOf(answer?.errorCode)
  }

  async heartbeat(says: Says = {}): Promise<Verdict> {
    const answer = await this.#client.ask(HeartbeatRequest, HeartbeatResponse, says.version ?? 3, {
      groupId: this.#groupId,
      generationId: says.generation ?? this.generation,
      memberId: says.memberId ?? this.memberId,
      ...(says.instance !== undefined && { groupInstanceId: says.instance }),
    })
    return nameOf(answer?.errorCode)
  }

  /** The whole answer's code, then the member's. */
  async leave(says: Says = {}): Promise<Verdict> {
    const { version = 4, instance: groupInstanceId = null } = says
    const memberId = says.memberId ?? this.memberId
    const body = version < 3 ? { memberId } : { members: [{ memberId, groupInstanceId }] }
    const answer = await this.#client.ask(LeaveGroupRequest, LeaveGroupResponse, version, { groupId: this.#groupId, ...body })
    return [answer, ...(answer?.members ?? [])].map((part) => nameOf(part?.errorCode)).join(' ')
  }

  async commit(topic: Topic, says: Says & { partition?: number; metadata?: string; offset?: number } = {}): Promise<Verdict> {
    const { version = 7, partition = 0, metadata = '', offset = 5 } = says
    const committed = { partitionIndex: partition, committedOffset: offset, committedMetadata: metadata }
    const named = version >= 10 ? { topicId: topic.id } : { name: topic.name }
    const answer = await this.#client.ask(OffsetCommitRequest, OffsetCommitResponse, version, {
      groupId: this.#groupId,
      generationIdOrMemberEpoch: says.generation ?? this.generation,
      memberId: says.memberId ?? this.memberId,
      ...(says.instance !== undefined && { groupInstanceId: says.instance }),
      topics: [{ ...named, partitions: [committed] }],
    })
    return (answer?.topics ?? []).flatMap(({ partitions }) => partitions.map(({ errorCode }) => nameOf(errorCode))).join(' ') || 'nothing'
  }
}

let groups = 0

export class TestGroup {
  readonly id: string
  readonly world: World

  private constructor(world: World, id: string) {
    this.world = world
    this.id = id
  }

  /** One that is not there yet, unless it is named, with a coordinator that serves. */
  static async open(world: World, id = `bad-group-${++groups}-${Date.now()}`): Promise<TestGroup> {
    const group = new TestGroup(world, id)
    for (;;) {
      const found = await world.ask(FindCoordinatorRequest, FindCoordinatorResponse, 3, { key: id, keyType: 0 })
      if (found?.errorCode === 0 && !(await group.describe()).includes('COORDINATOR')) return group
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async member(): Promise<TestMember> {
    return new TestMember(await this.world.connect(), this.id)
  }

  /** One that leads a stable generation of its own. */
  async leader(says: JoinSays = {}): Promise<TestMember> {
    const member = await this.member()
    await member.join(says)
    await member.sync(says.instance === undefined ? {} : { instance: says.instance })
    return member
  }

  async describe(version = 6): Promise<Verdict> {
    const answer = await this.world.ask(DescribeGroupsRequest, DescribeGroupsResponse, version, { groups: [this.id] })
    const { errorCode, groupState } = answer?.groups[0] ?? {}
    return `${nameOf(errorCode)} ${groupState}`
  }

  /** As it is listed; nothing where it is not. */
  async listed(filters: { statesFilter?: string[]; typesFilter?: string[] } = {}): Promise<Verdict> {
    const answer = await this.world.ask(ListGroupsRequest, ListGroupsResponse, 5, filters)
    const found = answer?.groups.find(({ groupId }) => groupId === this.id)
    return found ? `${found.protocolType || '-'} ${found.groupState} ${found.groupType}` : `${nameOf(answer?.errorCode)} nothing`
  }

  async delete(): Promise<Verdict> {
    const answer = await this.world.ask(DeleteGroupsRequest, DeleteGroupsResponse, 2, { groupsNames: [this.id] })
    return nameOf(answer?.results[0]?.errorCode)
  }

  /** The whole answer's code, or each partition's. */
  async forget(topic: Topic, partition = 0): Promise<Verdict> {
    const answer = await this.world.ask(OffsetDeleteRequest, OffsetDeleteResponse, 0, {
      groupId: this.id,
      topics: [{ name: topic.name, partitions: [{ partitionIndex: partition }] }],
    })
    if (!answer) return 'closed'
    const codes = answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => nameOf(errorCode)))
    return answer.errorCode === 0 ? codes.join(' ') : nameOf(answer.errorCode)
  }

  /** The group's code, then what is said of each partition. */
  async fetch(topic: Topic, { version = 9, partition = 0, requireStable = false } = {}): Promise<Verdict> {
    const named = version >= 10 ? { topicId: topic.id } : { name: topic.name }
    const topics = [{ ...named, partitionIndexes: [partition] }]
    const body = version >= 8 ? { groups: [{ groupId: this.id, topics }] } : { groupId: this.id, topics }
    const asked = { ...body, ...(version >= 7 && { requireStable }) }
    const answer = await this.world.ask(OffsetFetchRequest, OffsetFetchResponse, version, asked)
    const group = version >= 8 ? answer?.groups[0] : answer
    const partitions = (group?.topics ?? []).flatMap((one) => one.partitions)
    const told = partitions.map(({ errorCode, committedOffset }) => (errorCode === 0 ? String(committedOffset) : nameOf(errorCode)))
    return [nameOf(group?.errorCode), ...told].join(' ')
  }
}
