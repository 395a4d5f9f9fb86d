/**
 * The records of the metadata log, Kafka's own, as typed values and as bytes.
 * Bytes: `uvarint 1` (the frame's version), `uvarint type`, `uvarint version`, body.
 * A type that means nothing here (ACLs, credentials, quotas, Kafka's own quorum) is carried as it came, so that a snapshot loses nothing.
 */
import { decode, encode } from '../../client/protocol/compile.ts'
import { DecodeError } from '../../client/protocol/malformed.ts'
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
import { Cursor, sizeOfUvarint, writeUvarint } from '../../client/protocol/varint.ts'

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

const frameVersion = 1

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
}

const byType = new Map<number, Name>(Object.entries(declarations).map(([name, { key }]) => [key, name as Name]))

export function encodeRecord(record: MetadataRecord): Buffer {
  if (record.name === 'carried') return framed(record.type, record.version, [record.body])
  const declaration: Message = declarations[record.name]
  const version = writtenVersions[record.name]
  return framed(declaration.key, version, encode(declaration, version, record.value))
}

function framed(type: number, version: number, body: readonly Buffer[]): Buffer {
  const header = Buffer.allocUnsafe(1 + sizeOfUvarint(type) + sizeOfUvarint(version))
  writeUvarint(header, writeUvarint(header, writeUvarint(header, 0, frameVersion), type), version)
  return Buffer.concat([header, ...body])
}

/** Throws DecodeError. */
export function decodeRecord(bytes: Buffer): MetadataRecord {
  const cursor = new Cursor(bytes)
  const frame = cursor.uvarint()
  if (frame !== frameVersion) throw new DecodeError(`a metadata record has frame version ${frame}`, 0)
  const type = cursor.uvarint()
  const version = cursor.uvarint()
  const name = byType.get(type)
  if (name === undefined) return { name: 'carried', type, version, body: Buffer.from(bytes.subarray(cursor.position)) }
  return { name, value: decode(declarations[name] as Message, version, bytes, cursor.position) } as MetadataRecord
}
