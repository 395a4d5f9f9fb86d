/**
 * What the assignors of the broker (KIP-848) are to a consumer group: pure functions, from members and topics to who is to have which partition.
 * Owns: the shapes. Never: knows of epochs, or of who has given up what so far; members are brought there afterwards (consumer/reconciliation.ts).
 * What Kafka's assignors leave to the order of its hash tables is settled by the order in which members are given, and that of topic ids as text.
 */

/** Partitions by topic id, ascending, no topic without any. */
export type TopicPartitions = ReadonlyMap<string, readonly number[]>

export interface AssignedMember {
  readonly memberId: string
  /** `null`: a dynamic member. */
  readonly instanceId: string | null
  /** Ids of topics that exist. */
  readonly subscribedTopicIds: ReadonlySet<string>
  /** What it was to have so far. */
  readonly target: TopicPartitions
}

export interface GroupSpec {
  readonly members: readonly AssignedMember[]
  /** All members subscribe to the same topics. */
  readonly isHomogeneous: boolean
  /** By topic id, of all topics that members subscribe to. */
  readonly partitionCounts: ReadonlyMap<string, number>
}

export interface Assignor {
  /** As members name it (`group.remote.assignor`), and settings list it. */
  readonly name: string
  /** By member id. Who is not named is to have nothing. */
  assign(spec: GroupSpec): ReadonlyMap<string, TopicPartitions>
}

export const nothingAssigned: TopicPartitions = new Map()
