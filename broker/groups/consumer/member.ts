/**
 * A member of a consumer group (KIP-848) as its records tell of it: a value, each change of which is another value.
 * Owns: the shape, what a member is at first, and which of two differ. Never: decides what a member becomes.
 */
import type { TopicPartitions } from '../assignors/assignor.ts'

/** As records carry it. */
export const MemberState = {
  /** It has what its target says, at its epoch. */
  STABLE: 0,
  /** It must give up partitions first, and say so. */
  UNREVOKED_PARTITIONS: 1,
  /** Partitions of its target are still another's. */
  UNRELEASED_PARTITIONS: 2,
  /** Written by a newer broker. */
  UNKNOWN: 127,
} as const

/** By topic id and partition: the epoch at which the member got it. */
export type PartitionEpochs = ReadonlyMap<string, ReadonlyMap<number, number>>

/** What a member of the classic protocol told of itself, and a consumer group must keep for it. */
export interface ClassicMetadata {
  readonly sessionTimeoutMs: number
  /** In order of preference; some at least. */
  readonly supportedProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
}

export interface ConsumerMember {
  readonly memberId: string
  readonly memberEpoch: number
  readonly previousMemberEpoch: number
  readonly state: number
  /** `null`: a dynamic member. */
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly rebalanceTimeoutMs: number
  readonly clientId: string
  readonly clientHost: string
  readonly subscribedTopicNames: ReadonlySet<string>
  /** Empty: none. */
  readonly subscribedTopicRegex: string
  /** `null`: whichever. */
  readonly serverAssignor: string | null
  readonly assignedPartitions: PartitionEpochs
  readonly partitionsPendingRevocation: PartitionEpochs
  /** `null`: it speaks the consumer protocol. */
  readonly classic: ClassicMetadata | null
}

/** Member epochs with a meaning of their own. */
export const MemberEpoch = {
  /** A member that joins, or joins again. */
  JOINING: 0,
  LEAVING: -1,
  /** A static member that will be back. */
  LEAVING_FOR_NOW: -2,
} as const

export const noEpochs: PartitionEpochs = new Map()

export function newMember(memberId: string): ConsumerMember {
  return {
    memberId,
    memberEpoch: 0,
    previousMemberEpoch: -1,
    state: MemberState.STABLE,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: -1,
    clientId: '',
    clientHost: '',
    subscribedTopicNames: new Set(),
    subscribedTopicRegex: '',
    serverAssignor: null,
    assignedPartitions: noEpochs,
    partitionsPendingRevocation: noEpochs,
    classic: null,
  }
}

export function isReconciled({ state, memberEpoch }: ConsumerMember, assignmentEpoch: number): boolean {
  return state === MemberState.STABLE && memberEpoch === assignmentEpoch
}

/** All that its metadata record holds. */
export function hasSameMetadata(a: ConsumerMember, b: ConsumerMember): boolean {
  return (
    a.instanceId === b.instanceId &&
    a.rackId === b.rackId &&
    a.rebalanceTimeoutMs === b.rebalanceTimeoutMs &&
    a.clientId === b.clientId &&
    a.clientHost === b.clientHost &&
    a.subscribedTopicRegex === b.subscribedTopicRegex &&
    a.serverAssignor === b.serverAssignor &&
    hasSameSubscription(a, b) &&
    isSameClassic(a.classic, b.classic)
  )
}

export function hasSameSubscription({ subscribedTopicNames: a }: ConsumerMember, { subscribedTopicNames: b }: ConsumerMember): boolean {
  return a === b || (a.size === b.size && a.isSubsetOf(b))
}

function isSameClassic(a: ClassicMetadata | null, b: ClassicMetadata | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.sessionTimeoutMs === b.sessionTimeoutMs &&
    a.supportedProtocols.length === b.supportedProtocols.length &&
    a.supportedProtocols.every(({ name, metadata }, index) => {
      const other = b.supportedProtocols[index]
      return other?.name === name && metadata.equals(other.metadata)
    })
  )
}

/** All that its record of what it has holds. */
export function hasSameAssignment(a: ConsumerMember, b: ConsumerMember): boolean {
  return (
    a.memberEpoch === b.memberEpoch &&
    a.previousMemberEpoch === b.previousMemberEpoch &&
    a.state === b.state &&
    isSameEpochs(a.assignedPartitions, b.assignedPartitions) &&
    isSameEpochs(a.partitionsPendingRevocation, b.partitionsPendingRevocation)
  )
}

export function isSameEpochs(a: PartitionEpochs, b: PartitionEpochs): boolean {
  if (a === b) return true
  if (a.size !== b.size) return false
  for (const [topicId, epochs] of a) {
    const others = b.get(topicId)
    if (others === epochs) continue
    if (others?.size !== epochs.size) return false
    for (const [partition, epoch] of epochs) if (others.get(partition) !== epoch) return false
  }
  return true
}

/** All at one epoch. */
export function withEpoch(partitions: TopicPartitions, epoch: number): PartitionEpochs {
  return new Map([...partitions].map(([topicId, indices]) => [topicId, new Map(indices.map((partition) => [partition, epoch]))]))
}

export function withoutEpochs(epochs: PartitionEpochs): TopicPartitions {
  return new Map([...epochs].map(([topicId, partitions]) => [topicId, [...partitions.keys()].sort((a, b) => a - b)]))
}
