/** OffsetCommit (key 8). */
import { array, int16, int32, int64, message, nullableString, type Of, string, uuid } from '../schema.ts'

export const OffsetCommitRequest = message({
  name: 'OffsetCommitRequest',
  type: 'request',
  key: 8,
  versions: '0-10',
  flexible: '8+',
  fields: {
    groupId: string('0+'),
    generationIdOrMemberEpoch: int32('1+', { default: -1, ignorable: true }),
    memberId: string('1+', { ignorable: true }),
    groupInstanceId: nullableString('7+'), // static membership, KIP-345
    retentionTimeMs: int64('2-4', { default: -1, ignorable: true }),
    topics: array('0+', {
      name: string('0-9', { ignorable: true }),
      topicId: uuid('10+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        committedOffset: int64('0+'),
        committedLeaderEpoch: int32('6+', { default: -1, ignorable: true }),
        commitTimestamp: int64('1', { default: -1 }),
        committedMetadata: nullableString('0+', { default: '' }),
      }),
    }),
  },
})
export type OffsetCommitRequest = Of<typeof OffsetCommitRequest>

export const OffsetCommitResponse = message({
  name: 'OffsetCommitResponse',
  type: 'response',
  key: 8,
  versions: '0-10',
  flexible: '8+',
  fields: {
    throttleTimeMs: int32('3+', { ignorable: true }),
    topics: array('0+', {
      name: string('0-9', { ignorable: true }),
      topicId: uuid('10+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
      }),
    }),
  },
})
export type OffsetCommitResponse = Of<typeof OffsetCommitResponse>
