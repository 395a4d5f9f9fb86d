/** The quorum of controllers (KIP-595): who votes, who only follows, how far each is; and voters that come and go (KIP-853). */
import { AddRaftVoterRequest, AddRaftVoterResponse } from '../protocol/messages/add-raft-voter.ts'
import { DescribeQuorumRequest, DescribeQuorumResponse } from '../protocol/messages/describe-quorum.ts'
import { RemoveRaftVoterRequest, RemoveRaftVoterResponse } from '../protocol/messages/remove-raft-voter.ts'
import type { CallOptions } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { check } from './outcome.ts'
import type { Reach } from './reach.ts'

export interface QuorumReplica {
  readonly id: number
  readonly directoryId: string
  readonly logEnd: number
  /** Milliseconds since the Unix epoch; -1 where nobody knows. */
  readonly lastFetchTime: number
  readonly lastCaughtUpTime: number
}

export interface QuorumDescription {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly voters: readonly QuorumReplica[]
  readonly observers: readonly QuorumReplica[]
}

export interface Listener {
  readonly name: string
  readonly host: string
  readonly port: number
}

export interface Voter {
  readonly id: number
  readonly directoryId: string
  /** UNSUPPORTED_VERSION follows where this names another cluster. */
  readonly clusterId?: string
}

type AnsweredReplica = DescribeQuorumResponse['topics'][number]['partitions'][number]['observers'][number]

const metadataTopic = '__cluster_metadata'

export class QuorumAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  describe(call: CallOptions = {}): Promise<QuorumDescription> {
    return this.#reach.anywhere(call, async (ask) => {
      const body = { topics: [{ topicName: metadataTopic, partitions: [{ partitionIndex: 0 }] }] }
      const answer = await ask(DescribeQuorumRequest, DescribeQuorumResponse, body)
      check(answer, 'cannot describe the quorum')
      const [partition] = answer.topics[0]?.partitions ?? []
      const errorCode = partition?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
      check({ errorCode, errorMessage: partition?.errorMessage ?? null }, 'cannot describe the quorum')
      const { leaderId, leaderEpoch, highWatermark, currentVoters, observers } = partition as NonNullable<typeof partition>
      return { leaderId, leaderEpoch, highWatermark, voters: currentVoters.map(replica), observers: observers.map(replica) }
    })
  }

  /** Throws DUPLICATE_VOTER, UNSUPPORTED_VERSION where the quorum is a fixed one. */
  addVoter(
    { id, directoryId, clusterId, listeners }: Voter & { readonly listeners: readonly Listener[] },
    call: CallOptions = {},
  ): Promise<void> {
    return this.#reach.controller(call, async (ask) => {
      const body = {
        clusterId: clusterId ?? null,
        timeoutMs: this.#reach.limitMs(call),
        voterId: id,
        voterDirectoryId: directoryId,
        listeners: [...listeners],
      }
      check(await ask(AddRaftVoterRequest, AddRaftVoterResponse, body), `cannot add voter ${id}`)
    })
  }

  /** Throws VOTER_NOT_FOUND. */
  removeVoter({ id, directoryId, clusterId }: Voter, call: CallOptions = {}): Promise<void> {
    return this.#reach.controller(call, async (ask) => {
      const body = { clusterId: clusterId ?? null, voterId: id, voterDirectoryId: directoryId }
      check(await ask(RemoveRaftVoterRequest, RemoveRaftVoterResponse, body), `cannot remove voter ${id}`)
    })
  }
}

function replica({
  replicaId,
  replicaDirectoryId,
  logEndOffset,
  lastFetchTimestamp,
  lastCaughtUpTimestamp,
}: AnsweredReplica): QuorumReplica {
  return {
    id: replicaId,
    directoryId: replicaDirectoryId,
    logEnd: logEndOffset,
    lastFetchTime: lastFetchTimestamp,
    lastCaughtUpTime: lastCaughtUpTimestamp,
  }
}
