/** A classic group as its record has it, and back. */
import type { GroupMetadataValue } from '../../../client/protocol/messages/records/group-metadata-value.ts'
import { groupCodec, type GroupMetadataRecord, stepBytesMax } from '../records.ts'
import { ClassicGroup } from './classic-group.ts'
import { ClassicMember } from './classic-member.ts'

/** As it stands: the generation, and each member with its share. Members without a leader are to rebalance before anything else. */
export function groupMetadata(group: ClassicGroup): GroupMetadataRecord {
  const { groupId, protocolType, generation, protocolName, leader, since } = group
  const members = [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.identity.groupInstanceId,
    clientId: member.identity.clientId,
    clientHost: member.identity.clientHost,
    rebalanceTimeout: member.terms.rebalanceTimeoutMillis,
    sessionTimeout: member.terms.sessionTimeoutMillis,
    subscription: member.metadata(protocolName),
    assignment: member.assignment,
  }))
  const value = { protocolType, generation, protocol: protocolName, leader, currentStateTimestamp: since, members }
  return { kind: 'GroupMetadata', key: { group: groupId }, value }
}

/** What members say and what they are given may be too much for one record. */
export function isTooLarge(record: GroupMetadataRecord): boolean {
  return (groupCodec.encode(record).value?.length ?? 0) > stepBytesMax
}

/** Members and shares, as they were when the generation began. Copies the bytes that it keeps. */
export function groupOf(groupId: string, value: GroupMetadataValue): ClassicGroup {
  const { protocolType, generation, protocol, leader, currentStateTimestamp: since, members } = value
  const state = members.length === 0 ? 'Empty' : 'Stable'
  const type = protocolType === '' ? null : protocolType
  const group = new ClassicGroup({ groupId, state, generation, protocolType: type, protocolName: protocol, leader, since })
  for (const { memberId, groupInstanceId, clientId, clientHost, ...member } of members) {
    const { rebalanceTimeout, sessionTimeout, subscription, assignment } = member
    const terms = {
      rebalanceTimeoutMillis: rebalanceTimeout === -1 ? sessionTimeout : rebalanceTimeout,
      sessionTimeoutMillis: sessionTimeout,
      protocols: [{ name: protocol ?? '', metadata: Buffer.from(subscription) }],
    }
    group.add(new ClassicMember({ memberId, groupInstanceId, clientId, clientHost }, terms, Buffer.from(assignment)), protocolType)
  }
  group.leader = leader
  return group
}
