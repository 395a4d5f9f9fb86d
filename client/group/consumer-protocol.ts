/** What members of a classic group tell each other: subscriptions and assignments, as Java's consumers write them, so that they can be of one group. */
import type { TopicPartition } from '../consumer/consumed.ts'
import { byTopic, indexOf } from '../consumer/by-topic.ts'
import { DecodeError } from '../protocol/malformed.ts'
import { ConsumerProtocolAssignment } from '../protocol/messages/records/consumer-protocol-assignment.ts'
import { ConsumerProtocolSubscription } from '../protocol/messages/records/consumer-protocol-subscription.ts'
import { decodeVersioned, encodeVersioned } from '../protocol/stored.ts'
import type { Assignor, AssignorMember } from './assignors/assignor.ts'

export const protocolType = 'consumer'

/** Who reads an older one takes what it knows of it. */
const version = 3

export interface Subscribing {
  readonly topics: readonly string[]
  readonly owned: readonly TopicPartition[]
  readonly generation: number
  readonly rack: string | null
}

export function subscriptionBytes(assignor: Assignor, { topics, owned, generation, rack }: Subscribing): Buffer {
  return encodeVersioned(ConsumerProtocolSubscription, version, {
    topics: [...topics],
    userData: assignor.userData(owned, generation),
    ownedPartitions: assignor.isCooperative ? placesOf(owned) : [],
    generationId: generation,
    rackId: rack,
  })
}

interface JoinedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: Buffer
}

/** What a member subscribes to. Throws DecodeError where it is no consumer. */
export function memberOf({ memberId, groupInstanceId, metadata }: JoinedMember, assignor: Assignor): AssignorMember {
  const { topics, userData, ownedPartitions, generationId } = decodeVersioned(ConsumerProtocolSubscription, metadata).value
  const said = assignor.ownedIn(userData)
  return {
    memberId,
    instanceId: groupInstanceId,
    topics,
    owned: said?.owned ?? partitionsIn(ownedPartitions),
    generation: said?.generation ?? generationId,
  }
}

export function assignmentBytes(partitions: readonly TopicPartition[]): Buffer {
  return encodeVersioned(ConsumerProtocolAssignment, version, { assignedPartitions: placesOf(partitions), userData: null })
}

/** A leader may leave a member without bytes. Throws DecodeError where what it wrote is no assignment. */
export function assignmentIn(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return []
  if (bytes.length < 2) throw new DecodeError('an assignment of one byte', 0)
  return partitionsIn(decodeVersioned(ConsumerProtocolAssignment, bytes).value.assignedPartitions)
}

function placesOf(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return byTopic(partitions, indexOf).map(([topic, own]) => ({ topic, partitions: own }))
}

function partitionsIn(places: readonly { readonly topic: string; readonly partitions: readonly number[] }[]): TopicPartition[] {
  return places.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
