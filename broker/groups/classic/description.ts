/** A classic group as DescribeGroups tells it. */
import type { DescribeGroupsResponse } from '../../../client/protocol/messages/describe-groups.ts'
import type { Input } from '../../../client/protocol/schema.ts'
import type { ClassicGroup } from './classic-group.ts'
import { noBytes } from './classic-member.ts'

type Description = NonNullable<NonNullable<Input<typeof DescribeGroupsResponse>['groups']>[number]>

/** What members know is told of a running generation only; the shares that they had last, always. */
export function describeClassicGroup(group: ClassicGroup): Description {
  const { groupId, stateName, protocolType, protocolName } = group
  const isRunning = group.state === 'Stable'
  const members = [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.identity.groupInstanceId,
    clientId: member.identity.clientId,
    clientHost: member.identity.clientHost,
    memberMetadata: isRunning ? member.metadata(protocolName) : noBytes,
    memberAssignment: member.assignment,
  }))
  return { groupId, groupState: stateName, protocolType, protocolData: isRunning ? (protocolName ?? '') : '', members }
}
