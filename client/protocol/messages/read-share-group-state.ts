/** ReadShareGroupState (key 84). */
import { array, int16, int32, int64, int8, message, nullableString, type Of, string, uuid } from '../schema.ts'

export const ReadShareGroupStateRequest = message({
  name: 'ReadShareGroupStateRequest',
  type: 'request',
  key: 84,
  versions: '0',
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
export type ReadShareGroupStateRequest = Of<typeof ReadShareGroupStateRequest>

export const ReadShareGroupStateResponse = message({
  name: 'ReadShareGroupStateResponse',
  type: 'response',
  key: 84,
  versions: '0',
  flexible: '0+',
  fields: {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: nullableString('0+'),
        stateEpoch: int32('0+'),
        startOffset: int64('0+'),
        stateBatches: array('0+', {
          firstOffset: int64('0+'),
          lastOffset: int64('0+'),
          deliveryState: int8('0+'),
          deliveryCount: int16('0+'),
        }),
      }),
    }),
  },
})
export type ReadShareGroupStateResponse = Of<typeof ReadShareGroupStateResponse>
