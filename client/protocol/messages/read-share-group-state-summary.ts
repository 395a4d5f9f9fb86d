/** ReadShareGroupStateSummary (key 87). */
import { array, int16, int32, int64, message, nullableString, type Of, string, uuid } from '../schema.ts'

export const ReadShareGroupStateSummaryRequest = message({
  name: 'ReadShareGroupStateSummaryRequest',
  type: 'request',
  key: 87,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        leaderEpoch: int32('0+'),
      }),
    }),
  },
})
export type ReadShareGroupStateSummaryRequest = Of<typeof ReadShareGroupStateSummaryRequest>

export const ReadShareGroupStateSummaryResponse = message({
  name: 'ReadShareGroupStateSummaryResponse',
  type: 'response',
  key: 87,
  versions: '0-1',
  flexible: '0+',
  fields: {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: nullableString('0+'),
        stateEpoch: int32('0+'),
        leaderEpoch: int32('0+'),
        startOffset: int64('0+'),
        deliveryCompleteCount: int32('1+', { default: -1, ignorable: true }),
      }),
    }),
  },
})
export type ReadShareGroupStateSummaryResponse = Of<typeof ReadShareGroupStateSummaryResponse>
