/** Records of `__consumer_offsets` as bytes: every kind there and back, in the versions that Kafka writes, and the old ones that it reads. */
import t from 'tap'
import { type GroupRecord, groupCodec } from '../../../broker/groups/records.ts'
import { DecodeError } from '../../../client/protocol/malformed.ts'
import { LegacyOffsetCommitKey } from '../../../client/protocol/messages/records/legacy-offset-commit-key.ts'
import { LegacyOffsetCommitValue } from '../../../client/protocol/messages/records/legacy-offset-commit-value.ts'
import { encodeKey, encodeVersioned } from '../../../client/protocol/stored.ts'
import { zeroUuid } from '../../../client/protocol/uuid.ts'

const topicId = 'd29ybGQtb2YtdG9waWNzIQ'
const groupId = 'g'
const memberId = 'm'
const partitions = [{ topicId, partitions: [0, 1] }]
const owned = partitions.map((topic) => ({ ...topic, assignmentEpochs: [3, 4] }))
const committed = { offset: 5, leaderEpoch: 2, metadata: 'text', commitTimestamp: 1_700_000_000_000, expireTimestamp: -1, topicId }
const member = { memberId, groupInstanceId: null, clientId: 'c', clientHost: '/127.0.0.1', rebalanceTimeout: 300, sessionTimeout: 200 }

const records: { record: GroupRecord; type: number; version: number }[] = [
  {
    record: { kind: 'OffsetCommit', key: { group: groupId, topic: 't', partition: 7 }, value: committed },
    type: 1,
    version: 4,
  },
  {
    record: {
      kind: 'GroupMetadata',
      key: { group: groupId },
      value: {
        protocolType: 'consumer',
        generation: 3,
        protocol: 'range',
        leader: memberId,
        currentStateTimestamp: 1_700_000_000_000,
        members: [{ ...member, subscription: Buffer.from('topics'), assignment: Buffer.from('share') }],
      },
    },
    type: 2,
    version: 3,
  },
  { record: { kind: 'ConsumerGroupMetadata', key: { groupId }, value: { epoch: 9, metadataHash: 17 } }, type: 3, version: 0 },
  {
    record: {
      kind: 'ConsumerGroupPartitionMetadata',
      key: { groupId },
      value: { topics: [{ topicId, topicName: 't', numPartitions: 2, partitionMetadata: [{ partition: 0, racks: ['a'] }] }] },
    },
    type: 4,
    version: 0,
  },
  {
    record: {
      kind: 'ConsumerGroupMemberMetadata',
      key: { groupId, memberId },
      value: {
        instanceId: 'i',
        rackId: null,
        clientId: 'c',
        clientHost: '/127.0.0.1',
        subscribedTopicNames: ['t'],
        subscribedTopicRegex: null,
        rebalanceTimeoutMs: 300,
        serverAssignor: 'range',
        classicMemberMetadata: { sessionTimeoutMs: 200, supportedProtocols: [{ name: 'range', metadata: Buffer.from('topics') }] },
      },
    },
    type: 5,
    version: 0,
  },
  {
    record: {
      kind: 'ConsumerGroupTargetAssignmentMetadata',
      key: { groupId },
      value: { assignmentEpoch: 9, assignmentTimestamp: 1_700_000_000_000 },
    },
    type: 6,
    version: 0,
  },
  {
    record: { kind: 'ConsumerGroupTargetAssignmentMember', key: { groupId, memberId }, value: { topicPartitions: partitions } },
    type: 7,
    version: 0,
  },
  {
    record: {
      kind: 'ConsumerGroupCurrentMemberAssignment',
      key: { groupId, memberId },
      value: { memberEpoch: 9, previousMemberEpoch: 8, state: 1, assignedPartitions: owned, partitionsPendingRevocation: [] },
    },
    type: 8,
    version: 0,
  },
  {
    record: {
      kind: 'ConsumerGroupRegularExpression',
      key: { groupId, regularExpression: 't.*' },
      value: { topics: ['t'], version: 3, timestamp: 1_700_000_000_000 },
    },
    type: 16,
    version: 0,
  },
]

t.test('every kind of record comes back as it was, with its value and without', async (t) => {
  for (const { record, type, version } of records) {
    const { key, value } = groupCodec.encode(record)
    t.equal(key.readInt16BE(0), type, `${record.kind}: the type of its key`)
    t.equal(value?.readInt16BE(0), version, `${record.kind}: the version that Kafka writes`)
    t.same(groupCodec.decode(key, value), record, record.kind)
    t.same(groupCodec.encode({ ...record, value: null }).value, null)
    t.same(groupCodec.decode(key, null), { ...record, value: null }, `${record.kind}, taken back`)
  }
})

t.test('an offset that its client wants forgotten at a moment is of the one version that says so', async (t) => {
  const value = { ...committed, expireTimestamp: 1_700_000_100_000 }
  const record: GroupRecord = { kind: 'OffsetCommit', key: { group: groupId, topic: 't', partition: 7 }, value }
  const encoded = groupCodec.encode(record)
  t.equal(encoded.value?.readInt16BE(0), 1)
  t.same(groupCodec.decode(encoded.key, encoded.value), { ...record, value: { ...value, leaderEpoch: -1, topicId: zeroUuid } })
})

t.test('offsets from before Kafka 0.9 are offsets', async (t) => {
  const key = Buffer.from(encodeKey(LegacyOffsetCommitKey, { group: groupId, topic: 't', partition: 7 }))
  const value = Buffer.from(encodeVersioned(LegacyOffsetCommitValue, 0, { offset: 5, metadata: '', commitTimestamp: 1 }))
  t.match(groupCodec.decode(key, value), {
    kind: 'OffsetCommit',
    key: { group: groupId, topic: 't', partition: 7 },
    value: { offset: 5, expireTimestamp: -1 },
  })
})

t.test('a kind that nobody knows is passed over, and half a record is an error', async (t) => {
  t.equal(groupCodec.decode(Buffer.from([0, 99, 0, 0]), Buffer.alloc(0)), undefined)
  const [{ record } = { record: undefined }] = records
  const { key, value } = groupCodec.encode(record as GroupRecord)
  t.throws(() => groupCodec.decode(key.subarray(0, 5), value), DecodeError)
  t.throws(() => groupCodec.decode(key, value?.subarray(0, 7) ?? null), DecodeError)
  t.throws(() => groupCodec.decode(Buffer.from([0]), null), DecodeError)
})
