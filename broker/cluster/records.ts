/**
 * The records of the metadata log, Kafka's own, as typed values and as bytes.
 * Their bytes stand in the frame of client/protocol/stored.ts.
 * A type that means nothing here (ACLs, credentials, quotas, Kafka's own quorum) is carried as it came, so that a snapshot loses nothing.
 */
import { decode, encode } from '../../client/protocol/compile.ts'
import { BeginTransactionRecord } from '../../client/protocol/messages/records/begin-transaction-record.ts'
import { EndTransactionRecord } from '../../client/protocol/messages/records/end-transaction-record.ts'
import { AbortTransactionRecord } from '../../client/protocol/messages/records/abort-transaction-record.ts'
import { BrokerRegistrationChangeRecord } from '../../client/protocol/messages/records/broker-registration-change-record.ts'
import { ConfigRecord } from '../../client/protocol/messages/records/config-record.ts'
import { FeatureLevelRecord } from '../../client/protocol/messages/records/feature-level-record.ts'
import { FenceBrokerRecord } from '../../client/protocol/messages/records/fence-broker-record.ts'
import { NoOpRecord } from '../../client/protocol/messages/records/no-op-record.ts'
import { PartitionChangeRecord } from '../../client/protocol/messages/records/partition-change-record.ts'
import { PartitionRecord } from '../../client/protocol/messages/records/partition-record.ts'
import { ProducerIdsRecord } from '../../client/protocol/messages/records/producer-ids-record.ts'
import { RegisterBrokerRecord } from '../../client/protocol/messages/records/register-broker-record.ts'
import { RemoveTopicRecord } from '../../client/protocol/messages/records/remove-topic-record.ts'
import { TopicRecord } from '../../client/protocol/messages/records/topic-record.ts'
import { UnfenceBrokerRecord } from '../../client/protocol/messages/records/unfence-broker-record.ts'
import { UnregisterBrokerRecord } from '../../client/protocol/messages/records/unregister-broker-record.ts'
import type { Message, Of } from '../../client/protocol/schema.ts'
import { frameMetadataRecord, metadataRecordHead } from '../../client/protocol/stored.ts'

const declarations = {
  RegisterBrokerRecord,
  UnregisterBrokerRecord,
  TopicRecord,
  PartitionRecord,
  ConfigRecord,
  PartitionChangeRecord,
  FenceBrokerRecord,
  UnfenceBrokerRecord,
  RemoveTopicRecord,
  FeatureLevelRecord,
  ProducerIdsRecord,
  BrokerRegistrationChangeRecord,
  NoOpRecord,
  BeginTransactionRecord,
  EndTransactionRecord,
  AbortTransactionRecord,
} as const

type Declarations = typeof declarations
type Name = keyof Declarations

/** One entry of the metadata log. */
export type MetadataRecord = { [N in Name]: { readonly name: N; readonly value: Of<Declarations[N]> } }[Name] | CarriedRecord

/** A record that this broker does not interpret. */
export interface CarriedRecord {
  readonly name: 'carried'
  readonly type: number
  readonly version: number
  readonly body: Buffer
}

/** What is written, whatever can be read: the versions of Kafka 3.7 and later, which know topic and directory ids. */
const writtenVersions: Readonly<Record<Name, number>> = {
  RegisterBrokerRecord: 3,
  UnregisterBrokerRecord: 0,
  TopicRecord: 0,
  PartitionRecord: 1,
  ConfigRecord: 0,
  PartitionChangeRecord: 1,
  FenceBrokerRecord: 0,
  UnfenceBrokerRecord: 0,
  RemoveTopicRecord: 0,
  FeatureLevelRecord: 0,
  ProducerIdsRecord: 0,
  BrokerRegistrationChangeRecord: 2,
  NoOpRecord: 0,
  AbortTransactionRecord: 0,
  EndTransactionRecord: 0,
  BeginTransactionRecord: 0,
}

const byType = new Map<number, Name>(Object.entries(declarations).map(([name, { key }]) => [key, name as Name]))

export function encodeRecord(record: MetadataRecord): Buffer {
  if (record.name === 'carried') return frameMetadataRecord(record.type, record.version, [record.body])
  const declaration: Message = declarations[record.name]
  const version = versionFor(record)
  return frameMetadataRecord(declaration.key, version, encode(declaration, version, record.value))
}

/** A partition that knows of eligible leaders (KIP-966) must not lose them in a snapshot. */
function versionFor(record: Exclude<MetadataRecord, CarriedRecord>): number {
  const isPartition = record.name === 'PartitionRecord' || record.name === 'PartitionChangeRecord'
  const knowsEligible = isPartition && (record.value.eligibleLeaderReplicas ?? record.value.lastKnownElr) !== null
  return knowsEligible ? 2 : writtenVersions[record.name]
}

/** Throws DecodeError. */
export function decodeRecord(bytes: Buffer): MetadataRecord {
  const { type, version, offset } = metadataRecordHead(bytes)
  const name = byType.get(type)
  if (name === undefined) return { name: 'carried', type, version, body: Buffer.from(bytes.subarray(offset)) }
  return { name, value: decode(declarations[name] as Message, version, bytes, offset) } as MetadataRecord
}
