/** OffsetFetch (key 9). */
import { array, bool, int16, int32, int64, message, nullableArray, nullableString, type Of, string, uuid } from '../schema.ts'

export const OffsetFetchRequest = message({
  name: 'OffsetFetchRequest',
  type: 'request',
  key: 9,
  versions: '0-10',
  flexible: '6+',
  fields: {
    groupId: string('0-7'),
    topics: nullableArray(
      '0-7',
      {
        name: string('0-7'),
        partitionIndexes: array('0-7', int32),
      },
      { nullable: '2-7', default: [] },
    ),
    groups: array('8+', {
      groupId: string('8+'),
      memberId: nullableString('9+', { ignorable: true }),
      memberEpoch: int32('9+', { default: -1, ignorable: true }),
      topics: nullableArray(
        '8+',
        {
          name: string('8-9', { ignorable: true }),
          topicId: uuid('10+', { ignorable: true }),
          partitionIndexes: array('8+', int32),
        },
        { default: [] },
      ),
    }), // several groups at once, KIP-709
    requireStable: bool('7+'), // KIP-447
  },
})
export type OffsetFetchRequest = Of<typeof OffsetFetchRequest>

export const OffsetFetchResponse = message({
  name: 'OffsetFetchResponse',
  type: 'response',
  key: 9,
  versions: '0-10',
  flexible: '6+',
  fields: {
    throttleTimeMs: int32('3+', { ignorable: true }),
    topics: array('0-7', {
      name: string('0-7'),
      partitions: array('0-7', {
        partitionIndex: int32('0-7'),
        committedOffset: int64('0-7'),
        committedLeaderEpoch: int32('5-7', { default: -1, ignorable: true }),
        metadata: nullableString('0-7', { default: '' }),
        errorCode: int16('0-7'),
      }),
    }),
    errorCode: int16('2-7', { ignorable: true }),
    groups: array('8+', {
      groupId: string('8+'),
      topics: array('8+', {
        name: string('8-9', { ignorable: true }),
        topicId: uuid('10+', { ignorable: true }),
        partitions: array('8+', {
          partitionIndex: int32('8+'),
          committedOffset: int64('8+'),
          committedLeaderEpoch: int32('8+', { default: -1, ignorable: true }),
          metadata: nullableString('8+', { default: '' }),
          errorCode: int16('8+'),
        }),
      }),
      errorCode: int16('8+'),
    }), // several groups at once, KIP-709
  },
})
export type OffsetFetchResponse = Of<typeof OffsetFetchResponse>
