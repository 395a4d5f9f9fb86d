/**
 * What consumers of the classic protocol say to one another through the broker: subscriptions and assignments, each with its version before it.
 * A broker reads them where such a consumer is a member of a consumer group. Reading throws DecodeError.
 */
import { decode } from '../../../client/protocol/compile.ts'
import { DecodeError } from '../../../client/protocol/malformed.ts'
import { ConsumerProtocolAssignment } from '../../../client/protocol/messages/records/consumer-protocol-assignment.ts'
import { ConsumerProtocolSubscription } from '../../../client/protocol/messages/records/consumer-protocol-subscription.ts'
import type { Message, Of } from '../../../client/protocol/schema.ts'
import { encodeVersioned } from '../../../client/protocol/stored.ts'
import type { TopicPartitions } from '../assignors/assignor.ts'
import type { Topics } from '../topics.ts'
import type { OwnedPartitions } from './reconciliation.ts'

/** The group's protocol type where members are consumers. */
export const consumerProtocolType = 'consumer'

export interface Subscription {
  readonly topics: readonly string[]
  readonly rackId: string | null
  readonly owned: OwnedPartitions
}

export function readSubscription(bytes: Buffer, topics: Topics): Subscription {
  const { topics: names, rackId, ownedPartitions } = read(ConsumerProtocolSubscription, bytes)
  return { topics: names, rackId: rackId === '' ? null : rackId, owned: [...byId(ownedPartitions, topics)] }
}

export interface Assigned {
  readonly partitions: TopicPartitions
  /** What an assignor told its own kind on the other side: a broker cannot carry it on. */
  readonly hasUserData: boolean
}

/** Of topics that exist. */
export function readAssignment(bytes: Buffer, topics: Topics): Assigned {
  if (bytes.length === 0) return { partitions: new Map(), hasUserData: false }
  const { assignedPartitions, userData } = read(ConsumerProtocolAssignment, bytes)
  // A topic may be named more than once.
  const byTopic = Map.groupBy(byId(assignedPartitions, topics), ({ topicId }) => topicId)
  const partitions = [...byTopic].map(([topicId, parts]) => [topicId, sorted(parts.flatMap((part) => part.partitions))] as const)
  return { partitions: new Map(partitions), hasUserData: userData !== null && userData.length > 0 }
}

function sorted(partitions: Iterable<number>): number[] {
  return [...new Set(partitions)].sort((a, b) => a - b)
}

/** In the version in which the member wrote its subscription. */
export function writeAssignment(assigned: TopicPartitions, subscription: Buffer, topics: Topics): Buffer {
  const assignedPartitions = [...assigned].flatMap(([topicId, partitions]) => {
    const topic = topics.nameOf(topicId)
    return topic === undefined ? [] : [{ topic, partitions: [...partitions] }]
  })
  return Buffer.from(
    encodeVersioned(ConsumerProtocolAssignment, versionOf(ConsumerProtocolAssignment, subscription), { assignedPartitions }),
  )
}

function* byId(named: readonly { readonly topic: string; readonly partitions: readonly number[] }[], topics: Topics) {
  for (const { topic, partitions } of named) {
    const topicId = topics.get(topic)?.id
    if (topicId !== undefined) yield { topicId, partitions }
  }
}

function read<M extends Message>(declaration: M, bytes: Buffer): Of<M> {
  return decode(declaration, versionOf(declaration, bytes), bytes, 2)
}

/** Versions only add at the end: a newer one is read as the newest that is known. */
function versionOf({ versions }: Message, bytes: Buffer): number {
  if (bytes.length < 2) throw new DecodeError('a consumer’s message ends before its version', 0)
  const version = bytes.readInt16BE(0)
  if (version < 0) throw new DecodeError(`a consumer’s message cannot be of version ${version}`, 0)
  return Math.min(version, versions.last)
}
