/** WriteShareGroupState (key 85). */
import { array, int16, int32, int64, int8, message, nullableString, type Of, string, uuid } from '../schema.ts'

export const WriteShareGroupStateRequest = message({
  name: 'WriteShareGroupStateRequest',
  type: 'request',
  key: 85,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        stateEpoch: int32('0+'),
        leaderEpoch: int32('0+'),
        startOffset: int64('0+'),
        deliveryCompleteCount: int32('1+', { default: -1, ignorable: true }),
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
export type WriteShareGroupStateRequest = Of<typeof WriteShareGroupStateRequest>

export const WriteShareGroupStateResponse = message({
  name: 'WriteShareGroupStateResponse',
  type: 'response',
  key: 85,
  versions: '0-1',
  flexible: '0+',
  fields: {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: nullableString('0+'),
      }),
    }),
  },
})
export type WriteShareGroupStateResponse = Of<typeof WriteShareGroupStateResponse>
