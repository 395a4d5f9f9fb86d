/** DescribeShareGroupOffsets (key 90). */
import { array, int16, int32, int64, message, nullableArray, nullableString, type Of, string, uuid } from '../schema.ts'

export const DescribeShareGroupOffsetsRequest = message({
  name: 'DescribeShareGroupOffsetsRequest',
  type: 'request',
  key: 90,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groups: array('0+', {
      groupId: string('0+'),
      topics: nullableArray(
        '0+',
        {
          topicName: string('0+'),
          partitions: array('0+', int32),
        },
        { default: [] },
      ),
    }),
  },
})
export type DescribeShareGroupOffsetsRequest = Of<typeof DescribeShareGroupOffsetsRequest>

export const DescribeShareGroupOffsetsResponse = message({
  name: 'DescribeShareGroupOffsetsResponse',
  type: 'response',
  key: 90,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    groups: array('0+', {
      groupId: string('0+'),
      topics: array('0+', {
        topicName: string('0+'),
        topicId: uuid('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          startOffset: int64('0+'),
          leaderEpoch: int32('0+'),
          lag: int64('1+', { default: -1, ignorable: true }),
          errorCode: int16('0+'),
          errorMessage: nullableString('0+'),
        }),
      }),
      errorCode: int16('0+'),
      errorMessage: nullableString('0+'),
    }),
  },
})
export type DescribeShareGroupOffsetsResponse = Of<typeof DescribeShareGroupOffsetsResponse>
