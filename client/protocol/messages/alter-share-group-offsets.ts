/** AlterShareGroupOffsets (key 91). */
import { array, int16, int32, int64, message, nullableString, type Of, string, uuid } from '../schema.ts'

export const AlterShareGroupOffsetsRequest = message({
  name: 'AlterShareGroupOffsetsRequest',
  type: 'request',
  key: 91,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        startOffset: int64('0+'),
      }),
    }),
  },
})
export type AlterShareGroupOffsetsRequest = Of<typeof AlterShareGroupOffsetsRequest>

export const AlterShareGroupOffsetsResponse = message({
  name: 'AlterShareGroupOffsetsResponse',
  type: 'response',
  key: 91,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+'),
    responses: array('0+', {
      topicName: string('0+'),
      topicId: uuid('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: nullableString('0+'),
      }),
    }),
  },
})
export type AlterShareGroupOffsetsResponse = Of<typeof AlterShareGroupOffsetsResponse>
