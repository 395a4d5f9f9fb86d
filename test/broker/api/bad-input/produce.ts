/** Bad Produce requests. */
import { batchField, RecordBatch } from '../../../../client/records/batch.ts'
import { buildLegacySet } from '../../../../client/records/legacy-builder.ts'
import { type Case, nowhere } from './case.ts'
import { batch, nameOf } from './world.ts'

const day = 86_400_000

const sequenced = (baseSequence: number, options: { producerEpoch?: number; producerId?: number; values?: string[] } = {}) =>
  batch({ producerId: 4000, producerEpoch: 1, baseSequence, ...options })

function withWrongChecksum(): Buffer {
  const bytes = batch()
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1
  return bytes
}

const oldMessages = (magic: 0 | 1) =>
  buildLegacySet([{ offset: 0, timestamp: Date.now(), key: null, value: Buffer.from('old'), headers: [] }], { magic, codec: 0 })

const timed = (timestamp: number) => batch({ records: [{ timestamp, value: Buffer.from('x') }] })

export const produceCases: Case[] = [
  { name: 'acks 2', ask: (world, topic) => world.produce(topic, batch(), { acks: 2 }), answer: 'INVALID_REQUIRED_ACKS' },
  { name: 'acks -2', ask: (world, topic) => world.produce(topic, batch(), { acks: -2 }), answer: 'INVALID_REQUIRED_ACKS' },
  { name: 'an unknown topic', ask: (world) => world.produce(nowhere, batch()), answer: 'UNKNOWN_TOPIC_OR_PARTITION' },
  { name: 'an unknown topic id', ask: (world) => world.produce(nowhere, batch(), { version: 13 }), answer: 'UNKNOWN_TOPIC_ID' },
  {
    name: 'no topic id',
    ask: (world, topic) => world.produce(topic, batch(), { version: 13, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }),
    answer: 'UNKNOWN_TOPIC_ID',
  },
  {
    name: 'an impossible topic name',
    ask: (world) => world.produce({ name: 'no/such', id: '' }, batch()),
    answer: 'UNKNOWN_TOPIC_OR_PARTITION',
  },
  { name: 'an empty topic name', ask: (world) => world.produce({ name: '', id: '' }, batch()), answer: 'UNKNOWN_TOPIC_OR_PARTITION' },
  {
    name: 'an unknown partition',
    ask: (world, topic) => world.produce(topic, batch(), { partition: 1 }),
    answer: 'UNKNOWN_TOPIC_OR_PARTITION',
  },
  {
    name: 'a negative partition',
    ask: (world, topic) => world.produce(topic, batch(), { partition: -1 }),
    answer: 'UNKNOWN_TOPIC_OR_PARTITION',
  },
  {
    name: 'an unknown topic, and acks 2',
    ask: (world) => world.produce(nowhere, batch(), { acks: 2 }),
    answer: 'UNKNOWN_TOPIC_OR_PARTITION',
  },
  {
    name: 'null records',
    ask: (world, topic) => world.produce(topic, null),
    answer: 'INVALID_RECORD',
    kafka: null,
    because: 'a null pointer there, and no answer at all',
  },
  { name: 'no records', ask: (world, topic) => world.produce(topic, Buffer.alloc(0)), answer: 'INVALID_RECORD' },
  { name: 'half a batch', ask: (world, topic) => world.produce(topic, batch().subarray(0, 40)), answer: 'INVALID_RECORD' },
  { name: 'garbage', ask: (world, topic) => world.produce(topic, Buffer.alloc(100, 0x55)), answer: 'CORRUPT_MESSAGE' },
  { name: 'a batch of impossible size', ask: (world, topic) => world.produce(topic, Buffer.alloc(100)), answer: 'CORRUPT_MESSAGE' },
  { name: 'a wrong checksum', ask: (world, topic) => world.produce(topic, withWrongChecksum()), answer: 'CORRUPT_MESSAGE' },
  { name: 'two batches', ask: (world, topic) => world.produce(topic, Buffer.concat([batch(), batch()])), answer: 'INVALID_RECORD' },
  { name: 'message sets of magic 1', ask: (world, topic) => world.produce(topic, oldMessages(1)), answer: 'INVALID_RECORD' },
  { name: 'message sets of magic 0', ask: (world, topic) => world.produce(topic, oldMessages(0)), answer: 'INVALID_RECORD' },
  {
    name: 'Zstandard before version 7',
    ask: (world, topic) => world.produce(topic, batch({ codec: 'zstd' }), { version: 6 }),
    answer: 'UNSUPPORTED_COMPRESSION_TYPE',
  },
  {
    name: 'a codec that nobody knows',
    ask: (world, topic) => world.produce(topic, withCodec(6)),
    answer: 'UNSUPPORTED_COMPRESSION_TYPE',
    kafka: 'UNKNOWN_SERVER_ERROR',
    because: 'a Java exception escapes there',
  },
  {
    name: 'compressed bytes that are none',
    ask: (world, topic) => world.produce(topic, withCodec(1)),
    answer: 'INVALID_RECORD',
    kafka: 'UNKNOWN_SERVER_ERROR',
    because: 'a Java exception escapes there',
  },
  {
    name: 'more than max.message.bytes',
    configs: { 'max.message.bytes': '1000' },
    ask: async (world, topic) => [
      await world.produce(topic, batch({ values: ['x'.repeat(1000)] })),
      await world.produce(topic, batch({ values: ['x'.repeat(900)] })),
    ],
    answer: ['MESSAGE_TOO_LARGE', 'NONE'],
  },
  {
    name: 'a timestamp too far in the future',
    ask: (world, topic) => world.produce(topic, timed(Date.now() + 2 * day)),
    answer: 'INVALID_TIMESTAMP',
  },
  {
    name: 'a timestamp too far in the past',
    configs: { 'message.timestamp.before.max.ms': '1000' },
    ask: async (world, topic) => [
      await world.produce(topic, timed(Date.now() - day)),
      await world.produce(topic, timed(-1)),
      await world.produce(topic, timed(Date.now())),
    ],
    answer: ['INVALID_TIMESTAMP', 'NONE', 'NONE'],
  },
  {
    name: 'a record without a key in a compacted topic',
    configs: { 'cleanup.policy': 'compact' },
    ask: (world, topic) => world.produce(topic, batch()),
    answer: 'INVALID_RECORD',
  },
  {
    name: 'a gap in the sequence',
    ask: async (world, topic) => [await world.produce(topic, sequenced(0)), await world.produce(topic, sequenced(2))],
    answer: ['NONE', 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  },
  {
    name: 'a new epoch that does not begin at 0',
    ask: async (world, topic) => [
      await world.produce(topic, sequenced(0)),
      await world.produce(topic, sequenced(1, { producerEpoch: 2 })),
      await world.produce(topic, sequenced(0, { producerEpoch: 2 })),
    ],
    answer: ['NONE', 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'NONE'],
  },
  {
    name: 'an old producer epoch',
    ask: async (world, topic) => [await world.produce(topic, sequenced(0)), await world.produce(topic, sequenced(1, { producerEpoch: 0 }))],
    answer: ['NONE', 'INVALID_PRODUCER_EPOCH'],
  },
  {
    name: 'a batch that was written before, and one that overlaps it',
    ask: async (world, topic) => {
      const first = await world.produced(topic, sequenced(0, { values: ['a', 'b'] }))
      await world.produced(topic, sequenced(2, { values: ['c'] }))
      const again = await world.produced(topic, sequenced(0, { values: ['a', 'b'] }), { acks: -1 })
      const overlapping = await world.produced(topic, sequenced(1, { values: ['b'] }))
      return [`${first?.baseOffset}`, `${nameOf(again?.errorCode)} ${again?.baseOffset}`, nameOf(overlapping?.errorCode)]
    },
    answer: ['0', 'NONE 0', 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  },
  {
    name: 'a batch that was written long before',
    ask: async (world, topic) => {
      for (let sequence = 0; sequence < 8; sequence++) await world.produce(topic, sequenced(sequence))
      return [await world.produce(topic, sequenced(0)), await world.produce(topic, sequenced(3))]
    },
    answer: ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'NONE'],
  },
  {
    name: 'a producer id without a sequence',
    ask: (world, topic) => world.produce(topic, sequenced(-1)),
    answer: 'INVALID_RECORD',
  },
  {
    name: 'min.insync.replicas that a topic cannot have asks for all that it has',
    configs: { 'min.insync.replicas': '2' },
    ask: async (world, topic) => [await world.produce(topic, batch(), { acks: -1 }), await world.produce(topic, batch(), { acks: 1 })],
    answer: ['NONE', 'NONE'],
  },
  {
    name: 'control records from a producer',
    ask: (world, topic) => world.produce(topic, batch({ isControl: true })),
    answer: 'INVALID_RECORD',
  },
  {
    name: 'a transactional batch without a transactional id',
    ask: (world, topic) => world.produce(topic, batch({ producerId: 4000, producerEpoch: 0, baseSequence: 0, isTransactional: true })),
    answer: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  },
  {
    name: 'acks 0 and an unknown topic',
    ask: async (world) => world.produce(nowhere, batch(), { acks: 0 }),
    answer: 'closed',
  },
  {
    name: 'a base offset that is not 0',
    ask: (world, topic) => world.produce(topic, batch({ baseOffset: 5 })),
    answer: 'INVALID_RECORD',
  },
]

function withCodec(codec: number): Buffer {
  const bytes = batch({ values: ['not compressed at all, this is'] })
  bytes.writeInt16BE(codec, batchField.attributes)
  new RecordBatch(bytes).seal()
  return bytes
}
