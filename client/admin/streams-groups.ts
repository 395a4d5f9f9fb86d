/** Groups of Kafka Streams applications (KIP-1071), described. Their offsets are those of any group. */
import { StreamsGroupDescribeRequest, StreamsGroupDescribeResponse } from '../protocol/messages/streams-group-describe.ts'
import type { CallOptions } from '../network/patience.ts'
import type { Reach } from './reach.ts'
import { firstOf } from './share-groups.ts'

export interface StreamsTasks {
  readonly subtopology: string
  readonly partitions: readonly number[]
}

export interface StreamsAssignment {
  readonly active: readonly StreamsTasks[]
  readonly standby: readonly StreamsTasks[]
  readonly warmup: readonly StreamsTasks[]
}

export interface StreamsGroupMember {
  readonly memberId: string
  readonly memberEpoch: number
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
  readonly processId: string
  readonly assignment: StreamsAssignment
  readonly target: StreamsAssignment
}

export interface StreamsGroupDescription {
  readonly groupId: string
  readonly state: string
  readonly groupEpoch: number
  readonly assignmentEpoch: number
  /** Null: nobody has told it. */
  readonly topologyEpoch: number | null
  readonly subtopologies: readonly {
    readonly id: string
    readonly sourceTopics: readonly string[]
    readonly repartitionSinkTopics: readonly string[]
    readonly repartitionSourceTopics: readonly string[]
    readonly changelogTopics: readonly string[]
  }[]
  readonly members: readonly StreamsGroupMember[]
}

type Answered = StreamsGroupDescribeResponse['groups'][number]
type AnsweredAssignment = Answered['members'][number]['assignment']

export class StreamsGroupAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** Throws GROUP_ID_NOT_FOUND. */
  describe(groupId: string, call: CallOptions = {}): Promise<StreamsGroupDescription> {
    return this.#reach.coordinator('group', groupId, call, async (ask) => {
      const { groups } = await ask(StreamsGroupDescribeRequest, StreamsGroupDescribeResponse, { groupIds: [groupId] })
      const { groupState, groupEpoch, assignmentEpoch, topology, members } = firstOf(groups, `cannot describe streams group '${groupId}'`)
      return {
        groupId,
        state: groupState,
        groupEpoch,
        assignmentEpoch,
        topologyEpoch: topology?.epoch ?? null,
        subtopologies: (topology?.subtopologies ?? []).map((one) => ({
          id: one.subtopologyId,
          sourceTopics: one.sourceTopics,
          repartitionSinkTopics: one.repartitionSinkTopics,
          repartitionSourceTopics: one.repartitionSourceTopics.map(({ name }) => name),
          changelogTopics: one.stateChangelogTopics.map(({ name }) => name),
        })),
        members: members.map(memberOf),
      }
    })
  }
}

function memberOf(member: Answered['members'][number]): StreamsGroupMember {
  const { memberId, memberEpoch, instanceId, clientId, clientHost, processId, assignment, targetAssignment } = member
  return {
    memberId,
    memberEpoch,
    instanceId,
    clientId,
    host: clientHost.replace(/^\//, ''),
    processId,
    assignment: assignmentOf(assignment),
    target: assignmentOf(targetAssignment),
  }
}

function assignmentOf({ activeTasks, standbyTasks, warmupTasks }: AnsweredAssignment): StreamsAssignment {
  return { active: activeTasks.map(tasksOf), standby: standbyTasks.map(tasksOf), warmup: warmupTasks.map(tasksOf) }
}

function tasksOf({ subtopologyId, partitions }: AnsweredAssignment['activeTasks'][number]): StreamsTasks {
  return { subtopology: subtopologyId, partitions }
}
