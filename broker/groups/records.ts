/**
 * What `__consumer_offsets` holds, in Kafka's own formats: the state of classic groups, committed offsets, and the parts of which
 * consumer groups (KIP-848) are made. A record without a value takes back what its key stood for.
 * Byte fields are views of what was read: who keeps one copies it.
 */
import { ConsumerGroupCurrentMemberAssignmentKey } from '../../client/protocol/messages/records/consumer-group-current-member-assignment-key.ts'
import { ConsumerGroupCurrentMemberAssignmentValue } from '../../client/protocol/messages/records/consumer-group-current-member-assignment-value.ts'
import { ConsumerGroupMemberMetadataKey } from '../../client/protocol/messages/records/consumer-group-member-metadata-key.ts'
import { ConsumerGroupMemberMetadataValue } from '../../client/protocol/messages/records/consumer-group-member-metadata-value.ts'
import { ConsumerGroupMetadataKey } from '../../client/protocol/messages/records/consumer-group-metadata-key.ts'
import { ConsumerGroupMetadataValue } from '../../client/protocol/messages/records/consumer-group-metadata-value.ts'
import { ConsumerGroupPartitionMetadataKey } from '../../client/protocol/messages/records/consumer-group-partition-metadata-key.ts'
import { ConsumerGroupPartitionMetadataValue } from '../../client/protocol/messages/records/consumer-group-partition-metadata-value.ts'
import { ConsumerGroupRegularExpressionKey } from '../../client/protocol/messages/records/consumer-group-regular-expression-key.ts'
import { ConsumerGroupRegularExpressionValue } from '../../client/protocol/messages/records/consumer-group-regular-expression-value.ts'
import { ConsumerGroupTargetAssignmentMemberKey } from '../../client/protocol/messages/records/consumer-group-target-assignment-member-key.ts'
import { ConsumerGroupTargetAssignmentMemberValue } from '../../client/protocol/messages/records/consumer-group-target-assignment-member-value.ts'
import { ConsumerGroupTargetAssignmentMetadataKey } from '../../client/protocol/messages/records/consumer-group-target-assignment-metadata-key.ts'
import { ConsumerGroupTargetAssignmentMetadataValue } from '../../client/protocol/messages/records/consumer-group-target-assignment-metadata-value.ts'
import { GroupMetadataKey } from '../../client/protocol/messages/records/group-metadata-key.ts'
import { GroupMetadataValue } from '../../client/protocol/messages/records/group-metadata-value.ts'
import { LegacyOffsetCommitKey } from '../../client/protocol/messages/records/legacy-offset-commit-key.ts'
import { OffsetCommitKey } from '../../client/protocol/messages/records/offset-commit-key.ts'
import { OffsetCommitValue } from '../../client/protocol/messages/records/offset-commit-value.ts'
import type { Message, Of } from '../../client/protocol/schema.ts'
import { decodeKey, decodeVersioned, encodeKey, encodeVersioned, keyType } from '../../client/protocol/stored.ts'
import type { EncodedRecord, RecordCodec } from '../coordinator/state-machine.ts'

interface Declared<K extends Message, V extends Message> {
  readonly key: K
  readonly value: V
  /** In which version Kafka 4 writes a value. */
  version(value: Of<V>): number
}

function declared<K extends Message, V extends Message>(key: K, value: V, version: (value: Of<V>) => number = () => 0): Declared<K, V> {
  return { key, value, version }
}

/** Only version 1 has room for the moment at which an old client wants its offset forgotten. */
const offsetCommitVersion = ({ expireTimestamp }: OffsetCommitValue) => (expireTimestamp === -1 ? 4 : 1)

const kinds = {
  OffsetCommit: declared(OffsetCommitKey, OffsetCommitValue, offsetCommitVersion),
  GroupMetadata: declared(GroupMetadataKey, GroupMetadataValue, () => 3),
  ConsumerGroupMetadata: declared(ConsumerGroupMetadataKey, ConsumerGroupMetadataValue),
  ConsumerGroupPartitionMetadata: declared(ConsumerGroupPartitionMetadataKey, ConsumerGroupPartitionMetadataValue),
  ConsumerGroupMemberMetadata: declared(ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue),
  ConsumerGroupTargetAssignmentMetadata: declared(ConsumerGroupTargetAssignmentMetadataKey, ConsumerGroupTargetAssignmentMetadataValue),
  ConsumerGroupTargetAssignmentMember: declared(ConsumerGroupTargetAssignmentMemberKey, ConsumerGroupTargetAssignmentMemberValue),
  ConsumerGroupCurrentMemberAssignment: declared(ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue),
  ConsumerGroupRegularExpression: declared(ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue),
}

type Kinds = typeof kinds
export type GroupRecordKind = keyof Kinds

type RecordOf<K extends GroupRecordKind> = {
  readonly kind: K
  readonly key: Of<Kinds[K]['key']>
  readonly value: Of<Kinds[K]['value']> | null
}

export type GroupRecord = { [K in GroupRecordKind]: RecordOf<K> }[GroupRecordKind]
export type OffsetCommitRecord = RecordOf<'OffsetCommit'>
export type GroupMetadataRecord = RecordOf<'GroupMetadata'>
/** The parts of which a group of the newer protocol is made. */
export type ConsumerGroupRecord = Exclude<GroupRecord, OffsetCommitRecord | GroupMetadataRecord>

const kindOfType = new Map(
  (Object.entries(kinds) as [GroupRecordKind, Declared<Message, Message>][]).map(([kind, { key }]) => [key.key, kind]),
)

/** In one step. What would take more is refused before anything is changed, as a step that the log refuses would end its shard. */
export const stepBytesMax = 16 * 1024 * 1024

export const groupCodec: RecordCodec<GroupRecord> = {
  encode({ kind, key, value }): EncodedRecord {
    const of = kinds[kind] as unknown as Declared<Message, Message>
    return { key: encodeKey(of.key, key), value: value === null ? null : encodeVersioned(of.value, of.version(value), value) }
  },

  decode(key, value) {
    const type = keyType(key)
    // From before Kafka 0.9: the same fields under another type.
    const kind = type === LegacyOffsetCommitKey.key ? 'OffsetCommit' : kindOfType.get(type)
    if (kind === undefined) return undefined
    const of = kinds[kind] as unknown as Declared<Message, Message>
    return { kind, key: decodeKey(of.key, key), value: value === null ? null : decodeVersioned(of.value, value).value } as GroupRecord
  },
}
