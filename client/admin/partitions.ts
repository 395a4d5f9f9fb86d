/** Acts on partitions: where their offsets are, records that go, leaders that are elected, replicas that move (KIP-455). */
import {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '../protocol/messages/alter-partition-reassignments.ts'
import { DeleteRecordsRequest, DeleteRecordsResponse } from '../protocol/messages/delete-records.ts'
import { ElectLeadersRequest, ElectLeadersResponse } from '../protocol/messages/elect-leaders.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../protocol/messages/list-offsets.ts'
import { ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse } from '../protocol/messages/list-partition-reassignments.ts'
import type { ClientError } from '../network/client-error.ts'
import type { CallOptions } from '../network/patience.ts'
import { check, type Outcome, outcome } from './outcome.ts'
import { byTopic, indexOf } from '../consumer/by-topic.ts'
import type { Reach, TopicPartition } from './reach.ts'

/** `time`: the first record at or after, milliseconds since the Unix epoch. `max-timestamp`: the newest by its time (KIP-734). */
export type OffsetSpec = 'beginning' | 'end' | 'max-timestamp' | 'local-beginning' | 'tiered-end' | { readonly time: number }

export interface AskedOffset extends TopicPartition {
  readonly at: OffsetSpec
}

export interface FoundOffset {
  /** -1: there is none. */
  readonly offset: number
  /** Of the record; -1 where it is no record's. */
  readonly timestamp: number
  readonly leaderEpoch: number
}

export interface Reassignment extends TopicPartition {
  /** The brokers that are to hold it; null: a move that is under way ends where it was. */
  readonly replicas: readonly number[] | null
}

export interface OngoingReassignment extends TopicPartition {
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

const timestampOf = { end: -1, beginning: -2, 'max-timestamp': -3, 'local-beginning': -4, 'tiered-end': -5 } as const
const electionTypes = { preferred: 0, unclean: 1 } as const
const noReplica = -1

export class PartitionAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  offsets(
    asked: readonly AskedOffset[],
    { readCommitted = false, ...call }: CallOptions & { readCommitted?: boolean } = {},
  ): Promise<Outcome<TopicPartition, FoundOffset>[]> {
    return this.#reach.leaders(
      asked,
      call,
      async (ask, led) => {
        const topics = byTopic(led, ({ partition, at }) => ({
          partitionIndex: partition,
          timestamp: typeof at === 'object' ? at.time : timestampOf[at],
        })).map(([name, partitions]) => ({ name, partitions }))
        const body = { replicaId: noReplica, isolationLevel: readCommitted ? 1 : 0, topics, timeoutMs: this.#reach.limitMs(call) }
        const answer = await ask(ListOffsetsRequest, ListOffsetsResponse, body)
        return answer.topics.flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, errorCode, offset, timestamp, leaderEpoch }) =>
            ofPartition(name, partitionIndex, { errorCode }, 'cannot find an offset of', { offset, timestamp, leaderEpoch }),
          ),
        )
      },
      refusedPartition,
    )
  }

  /** What lies before the offsets goes; -1: all there is. Gives the offset at which each begins now. */
  deleteRecords(
    before: readonly (TopicPartition & { readonly offset: number })[],
    call: CallOptions = {},
  ): Promise<Outcome<TopicPartition, { readonly beginning: number }>[]> {
    return this.#reach.leaders(
      before,
      call,
      async (ask, led) => {
        const topics = byTopic(led, ({ partition, offset }) => ({ partitionIndex: partition, offset })).map(([name, partitions]) => ({
          name,
          partitions,
        }))
        const answer = await ask(DeleteRecordsRequest, DeleteRecordsResponse, { topics, timeoutMs: this.#reach.limitMs(call) })
        return answer.topics.flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, errorCode, lowWatermark }) =>
            ofPartition(name, partitionIndex, { errorCode }, 'cannot delete records of', { beginning: lowWatermark }),
          ),
        )
      },
      refusedPartition,
    )
  }

  /** `unclean`: also one that may have lost records. ELECTION_NOT_NEEDED where the leader is right already. All partitions if none is named. */
  electLeaders(
    kind: keyof typeof electionTypes,
    partitions?: readonly TopicPartition[],
    call: CallOptions = {},
  ): Promise<Outcome<TopicPartition>[]> {
    return this.#reach.controller(call, async (ask) => {
      const named = partitions && byTopic(partitions, indexOf).map(([topic, some]) => ({ topic, partitions: some }))
      const body = { electionType: electionTypes[kind], topicPartitions: named ?? null, timeoutMs: this.#reach.limitMs(call) }
      const answer = await ask(ElectLeadersRequest, ElectLeadersResponse, body)
      check(answer, 'cannot elect leaders')
      this.#reach.forget(answer.replicaElectionResults.map(({ topic }) => topic))
      return answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
        partitionResult.map(({ partitionId, errorCode, errorMessage }) =>
          ofPartition(topic, partitionId, { errorCode, errorMessage }, 'cannot elect a leader of', {}),
        ),
      )
    })
  }

  /** Begins to move replicas; `reassignments` tells how far it is. */
  reassign(moves: readonly Reassignment[], call: CallOptions = {}): Promise<Outcome<TopicPartition>[]> {
    return this.#reach.controller(call, async (ask) => {
      const topics = byTopic(moves, ({ partition, replicas }) => ({ partitionIndex: partition, replicas: replicas && [...replicas] })).map(
        ([name, partitions]) => ({ name, partitions }),
      )
      const body = { timeoutMs: this.#reach.limitMs(call), topics }
      const answer = await ask(AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, body)
      check(answer, 'cannot move replicas')
      this.#reach.forget(moves.map(({ topic }) => topic))
      return answer.responses.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode, errorMessage }) =>
          ofPartition(name, partitionIndex, { errorCode, errorMessage }, 'cannot move replicas of', {}),
        ),
      )
    })
  }

  /** Moves that are under way: of these partitions, or of all. */
  reassignments(partitions?: readonly TopicPartition[], call: CallOptions = {}): Promise<OngoingReassignment[]> {
    return this.#reach.controller(call, async (ask) => {
      const named = partitions && byTopic(partitions, indexOf).map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
      const body = { timeoutMs: this.#reach.limitMs(call), topics: named ?? null }
      const answer = await ask(ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, body)
      check(answer, 'cannot list moves of replicas')
      return answer.topics.flatMap(({ name, partitions: moving }) =>
        moving.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => ({
          topic: name,
          partition: partitionIndex,
          replicas,
          adding: addingReplicas,
          removing: removingReplicas,
        })),
      )
    })
  }
}

/** @param what to be followed by the partition's name. */
export function ofPartition<Result>(
  topic: string,
  partition: number,
  { errorCode, errorMessage = null }: { errorCode: number; errorMessage?: string | null },
  what: string,
  result: Result,
): Outcome<TopicPartition, Result> {
  return outcome({ topic, partition }, { errorCode, errorMessage, topic, partition }, `${what} ${topic}-${partition}`, result)
}

/** Of a partition that does not exist. */
export function refusedPartition(
  { topic, partition }: TopicPartition,
  error: ClientError,
): TopicPartition & { readonly error: ClientError } {
  return { topic, partition, error }
}
