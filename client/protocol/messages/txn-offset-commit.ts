/** TxnOffsetCommit (key 28). */
import { array, int16, int32, int64, message, nullableString, type Of, string, uuid } from '../schema.ts'

export const TxnOffsetCommitRequest = message({
  name: 'TxnOffsetCommitRequest',
  type: 'request',
  key: 28,
  versions: '0-6',
  flexible: '3+',
  fields: {
    transactionalId: string('0+'),
    groupId: string('0+'),
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    generationIdOrMemberEpoch: int32('3+', { default: -1 }),
    memberId: string('3+'),
    groupInstanceId: nullableString('3+'),
    topics: array('0+', {
      name: string('0-5', { ignorable: true }),
      topicId: uuid('6+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        committedOffset: int64('0+'),
        committedLeaderEpoch: int32('2+', { default: -1, ignorable: true }),
        committedMetadata: nullableString('0+', { default: '' }),
      }),
    }),
  },
})
export type TxnOffsetCommitRequest = Of<typeof TxnOffsetCommitRequest>

export const TxnOffsetCommitResponse = message({
  name: 'TxnOffsetCommitResponse',
  type: 'response',
  key: 28,
  versions: '0-6',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32('0+'),
    topics: array('0+', {
      name: string('0-5', { ignorable: true }),
      topicId: uuid('6+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
      }),
    }),
  },
})
export type TxnOffsetCommitResponse = Of<typeof TxnOffsetCommitResponse>
