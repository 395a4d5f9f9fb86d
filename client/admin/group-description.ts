/** Groups as their coordinators describe them, of both protocols in one shape. Owns: the shapes, and what answers mean in them. */
import type { ConsumerGroupDescribeResponse } from '../protocol/messages/consumer-group-describe.ts'
import type { DescribeGroupsResponse } from '../protocol/messages/describe-groups.ts'
import { ConsumerProtocolAssignment } from '../protocol/messages/records/consumer-protocol-assignment.ts'
import { DecodeError } from '../protocol/malformed.ts'
import { decodeVersioned } from '../protocol/stored.ts'

export interface AssignedPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

export interface GroupMember {
  readonly memberId: string
  /** Of a static member (KIP-345). */
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
  /** Empty where members divide something else than partitions. */
  readonly assignment: readonly AssignedPartitions[]
}

export interface GroupState {
  readonly groupId: string
  readonly type: 'classic' | 'consumer'
  /** `Stable`, `Empty`, `PreparingRebalance`, … */
  readonly state: string
  /** How the work is divided: `range`, `uniform`, …; empty where nothing is. */
  readonly assignor: string
  readonly members: readonly GroupMember[]
}

export function classicGroup(group: DescribeGroupsResponse['groups'][number]): GroupState {
  const { groupId, groupState, protocolType, protocolData, members } = group
  return {
    groupId,
    type: 'classic',
    state: groupState,
    assignor: protocolData,
    members: members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: plainHost(member.clientHost),
      assignment: protocolType === 'consumer' ? readAssignment(member.memberAssignment) : [],
    })),
  }
}

export function consumerGroup(group: ConsumerGroupDescribeResponse['groups'][number]): GroupState {
  const { groupId, groupState, assignorName, members } = group
  return {
    groupId,
    type: 'consumer',
    state: groupState,
    assignor: assignorName,
    members: members.map(({ memberId, instanceId, clientId, clientHost, assignment }) => ({
      memberId,
      instanceId,
      clientId,
      host: plainHost(clientHost),
      assignment: assignment.topicPartitions.map(({ topicName, partitions }) => ({ topic: topicName, partitions })),
    })),
  }
}

/** Java writes a slash before an address. */
function plainHost(host: string): string {
  return host.replace(/^\//, '')
}

/** Members of one protocol may still write what nobody else can read. */
function readAssignment(bytes: Buffer): AssignedPartitions[] {
  if (bytes.length === 0) return []
  try {
    return decodeVersioned(ConsumerProtocolAssignment, bytes).value.assignedPartitions
  } catch (error) {
    if (error instanceof DecodeError) return []
    throw error
  }
}
