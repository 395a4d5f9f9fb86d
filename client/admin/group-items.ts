/** Acts on many groups at once, of every kind, each with its own outcome. `stele.groups` is the friendlier part. */
import { ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse } from '../protocol/messages/consumer-group-describe.ts'
import { DeleteGroupsRequest, DeleteGroupsResponse } from '../protocol/messages/delete-groups.ts'
import { DescribeGroupsRequest, DescribeGroupsResponse } from '../protocol/messages/describe-groups.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../protocol/messages/leave-group.ts'
import { ListGroupsRequest, ListGroupsResponse } from '../protocol/messages/list-groups.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import type { CallOptions } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { classicGroup, consumerGroup, type GroupState } from './group-description.ts'
import { check, type Outcome, outcome } from './outcome.ts'
import type { Ask, Reach } from './reach.ts'

export interface GroupSummary {
  readonly groupId: string
  /** `classic`, `consumer`, `share`, `streams`; empty where the broker does not tell. */
  readonly type: string
  readonly state: string
  /** What its members are: `consumer`, `connect`; empty where nobody has said so. */
  readonly protocolType: string
}

export interface GroupFilter {
  readonly states?: readonly string[]
  readonly types?: readonly string[]
}

/** One of the two: a member's id, or a static member's instance id. */
export type MemberToRemove = { readonly memberId: string } | { readonly instanceId: string }

interface GroupKey {
  readonly groupId: string
}

const leaveReason = 'removed by an administrator'

export class GroupItemsAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** All groups of the cluster, by id. */
  async list({ states = [], types = [] }: GroupFilter = {}, call: CallOptions = {}): Promise<GroupSummary[]> {
    const listed = await this.#reach.everyBroker(call, async (ask) => {
      const answer = await ask(ListGroupsRequest, ListGroupsResponse, { statesFilter: [...states], typesFilter: [...types] })
      check(answer, 'cannot list groups')
      return answer.groups.map(({ groupId, groupType: type, groupState: state, protocolType }) => ({ groupId, type, state, protocolType }))
    })
    return listed.flat().sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
  }

  /** Classic groups and consumer groups; GROUP_ID_NOT_FOUND of those that are neither. */
  describe(groupIds: readonly string[], call: CallOptions = {}): Promise<Outcome<GroupKey, GroupState>[]> {
    const described = groupIds.map((groupId) =>
      this.#reach.coordinator('group', groupId, call, async (ask): Promise<Outcome<GroupKey, GroupState>> => {
        const state = await groupState(ask, groupId)
        return state ?? { groupId, error: answeredError(ErrorCode.GROUP_ID_NOT_FOUND, `group '${groupId}'`) }
      }),
    )
    return Promise.all(described)
  }

  delete(groupIds: readonly string[], call: CallOptions = {}): Promise<Outcome<GroupKey>[]> {
    const deleted = groupIds.map((groupId) =>
      this.#reach.coordinator('group', groupId, call, async (ask) => {
        const { results } = await ask(DeleteGroupsRequest, DeleteGroupsResponse, { groupsNames: [groupId] })
        const errorCode = results[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
        return outcome({ groupId }, { errorCode, errorMessage: results[0]?.errorMessage ?? null }, `cannot delete group '${groupId}'`, {})
      }),
    )
    return Promise.all(deleted)
  }

  /** From a classic group, or static ones from any: they join anew if they live. */
  removeMembers(groupId: string, members: readonly MemberToRemove[], call: CallOptions = {}): Promise<Outcome<MemberToRemove>[]> {
    return this.#reach.coordinator('group', groupId, call, async (ask) => {
      const leaving = members.map((member) => ({
        memberId: 'memberId' in member ? member.memberId : '',
        groupInstanceId: 'instanceId' in member ? member.instanceId : null,
        reason: leaveReason,
      }))
      const answer = await ask(LeaveGroupRequest, LeaveGroupResponse, { groupId, members: leaving })
      check(answer, `cannot remove members of group '${groupId}'`)
      return members.map((member, at) => {
        const errorCode = answer.members[at]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
        return outcome(member, { errorCode }, `cannot remove a member of group '${groupId}'`, {})
      })
    })
  }
}

/** Of a classic group or a consumer group, from its coordinator. Undefined: there is none of that id. */
export async function groupState(ask: Ask, groupId: string): Promise<GroupState | undefined> {
  const classic = await ask(DescribeGroupsRequest, DescribeGroupsResponse, { groups: [groupId] })
  const [described] = classic.groups
  // Of another protocol, or of none: older versions do not say so by an error.
  if (described?.errorCode === ErrorCode.NONE && described.groupState !== 'Dead') return classicGroup(described)
  const errorCode = described?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
  if (errorCode !== ErrorCode.GROUP_ID_NOT_FOUND) check({ errorCode }, `cannot describe group '${groupId}'`)
  const group = await consumerGroupState(ask, groupId)
  if (!group || group.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return undefined
  const { errorCode: code, errorMessage } = group
  check({ errorCode: code, errorMessage }, `cannot describe group '${groupId}'`)
  return consumerGroup(group)
}

async function consumerGroupState(ask: Ask, groupId: string): Promise<ConsumerGroupDescribeResponse['groups'][number] | undefined> {
  try {
    const { groups } = await ask(ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, { groupIds: [groupId] })
    return groups[0]
  } catch (error) {
    // A broker that knows no such groups has none.
    if (error instanceof ClientError && error.code === 'UNSUPPORTED_VERSION') return undefined
    throw error
  }
}
