/**
 * A simulated member of a group that speaks the classic protocol, in any of its versions: one of the members, the leader, divides the partitions;
 * all give up what they have before they join anew (eager), or keep it and give up only what another is to get (cooperative).
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { decode } from '../../../client/protocol/compile.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../../../client/protocol/messages/heartbeat.ts'
import { JoinGroupRequest, JoinGroupResponse } from '../../../client/protocol/messages/join-group.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../../../client/protocol/messages/leave-group.ts'
import { ConsumerProtocolAssignment } from '../../../client/protocol/messages/records/consumer-protocol-assignment.ts'
import { ConsumerProtocolSubscription } from '../../../client/protocol/messages/records/consumer-protocol-subscription.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../../../client/protocol/messages/sync-group.ts'
import { encodeVersioned } from '../../../client/protocol/stored.ts'
import { divide, type Subscriber } from './division.ts'
import { GroupMember, type GroupMemberTraits } from './group-member.ts'
import type { TopicPartition } from './offset-client.ts'

export interface ClassicMemberTraits extends GroupMemberTraits {
  readonly protocol: 'classic'
  readonly isCooperative: boolean
  readonly joinVersion: number
  readonly syncVersion: number
  readonly heartbeatVersion: number
  readonly leaveVersion: number
}

const subscriptionVersion = 1
const versionBytes = 2

export class ClassicMember extends GroupMember {
  declare protected readonly traits: ClassicMemberTraits
  /** How many partitions each topic had when it divided them; undefined: another member leads. */
  #divided: ReadonlyMap<string, number> | undefined

  protected override reborn(): void {
    this.memberId = ''
    this.#divided = undefined
  }

  get #protocol(): string {
    return this.traits.isCooperative ? 'cooperative' : 'eager'
  }

  protected override async join(): Promise<void> {
    const { instanceId, sessionMillis, rebalanceMillis, subscription, isCooperative, joinVersion } = this.traits
    const connection = await this.connectedAnyway()
    if (!isCooperative) this.assigned = []
    this.tells(this.assigned)
    const ownedPartitions = this.assigned.map(({ topic, partition }) => ({ topic, partitions: [partition] }))
    const metadata = encodeVersioned(ConsumerProtocolSubscription, subscriptionVersion, { topics: [...subscription], ownedPartitions })
    const { era } = this
    const joined = await this.tryTo(() =>
      connection.request(JoinGroupRequest, JoinGroupResponse, joinVersion, {
        groupId: this.groupId,
        sessionTimeoutMs: sessionMillis,
        rebalanceTimeoutMs: rebalanceMillis,
        memberId: this.memberId,
        groupInstanceId: instanceId,
        protocolType: 'consumer',
        protocols: [{ name: this.#protocol, metadata }],
      }),
    )
    if (!joined) return
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      this.memberId = joined.memberId
      return
    }
    if (joined.errorCode !== ErrorCode.NONE) return this.refused(joined.errorCode)
    const isBack = this.memberId === '' && instanceId !== null
    this.memberId = joined.memberId
    const isLeader = joined.leader === joined.memberId && !joined.skipAssignment
    // It may lead without being told, or without having divided what there is now (KIP-814): then it joins once more.
    this.#divided = isBack ? new Map() : undefined
    const shares = isLeader ? await this.#divide(joined.members) : []
    await this.#sync(joined.generationId, shares, era)
  }

  async #divide(members: readonly { memberId: string; metadata: Buffer }[]) {
    const { partitionsOf } = await this.lookUpTopics()
    this.#divided = partitionsOf
    const subscribers = members.map(({ memberId, metadata }): Subscriber => {
      const { topics, ownedPartitions } = decode(ConsumerProtocolSubscription, subscriptionVersion, metadata, versionBytes)
      const owned = ownedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
      return { memberId, topics, owned }
    })
    return divide(subscribers, partitionsOf, this.traits.isCooperative).map(({ memberId, partitions }) => {
      const assignedPartitions = partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }))
      return { memberId, assignment: encodeVersioned(ConsumerProtocolAssignment, subscriptionVersion, { assignedPartitions }) }
    })
  }

  async #sync(generationId: number, assignments: { memberId: string; assignment: Buffer }[], era: number): Promise<void> {
    const { instanceId, syncVersion } = this.traits
    const connection = await this.connectedAnyway()
    const synced = await this.tryTo(() =>
      connection.request(SyncGroupRequest, SyncGroupResponse, syncVersion, {
        groupId: this.groupId,
        generationId,
        memberId: this.memberId,
        groupInstanceId: instanceId,
        protocolType: 'consumer',
        protocolName: this.#protocol,
        assignments,
      }),
    )
    if (!synced) return
    if (synced.errorCode !== ErrorCode.NONE) return this.refused(synced.errorCode)
    const before = this.assigned
    this.isMember = true
    this.told(generationId, readAssignment(synced.assignment), era)
    // What it gave up another may have once it has joined again.
    const gaveUp = before.some((had) => !this.assigned.some((has) => has.topic === had.topic && has.partition === had.partition))
    if (this.traits.isCooperative && gaveUp) this.isMember = false
  }

  protected override async heartbeat(): Promise<void> {
    if (this.#divided && this.random.chance(0.2) && (await this.#topicsChanged(this.#divided))) {
      this.isMember = false
      return
    }
    const connection = await this.connectedAnyway()
    const { groupId, memberId, epoch: generationId } = this
    const { instanceId: groupInstanceId, heartbeatVersion } = this.traits
    const body = { groupId, memberId, generationId, groupInstanceId }
    const answer = await this.tryTo(() => connection.request(HeartbeatRequest, HeartbeatResponse, heartbeatVersion, body))
    if (answer && answer.errorCode !== ErrorCode.NONE) await this.refused(answer.errorCode)
  }

  async #topicsChanged(divided: ReadonlyMap<string, number>): Promise<boolean> {
    const { partitionsOf } = await this.lookUpTopics()
    return [...partitionsOf].some(([topic, count]) => divided.get(topic) !== count)
  }

  protected override async leave(): Promise<void> {
    const { groupId, memberId } = this
    const { instanceId: groupInstanceId, leaveVersion } = this.traits
    const connection = await this.connectedAnyway()
    this.tells([])
    const body = leaveVersion < 3 ? { groupId, memberId } : { groupId, members: [{ memberId, groupInstanceId }] }
    await this.tryTo(() => connection.request(LeaveGroupRequest, LeaveGroupResponse, leaveVersion, body))
  }
}

function readAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return []
  const { assignedPartitions } = decode(
    ConsumerProtocolAssignment,
    Math.min(bytes.readInt16BE(0), subscriptionVersion),
    bytes,
    versionBytes,
  )
  return assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
