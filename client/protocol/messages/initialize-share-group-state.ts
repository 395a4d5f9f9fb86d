/** InitializeShareGroupState (key 83). */
import { array, int16, int32, int64, message, nullableString, type Of, string, uuid } from '../schema.ts'

export const InitializeShareGroupStateRequest = message({
  name: 'InitializeShareGroupStateRequest',
  type: 'request',
  key: 83,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        stateEpoch: int32('0+'),
        startOffset: int64('0+'),
      }),
    }),
  },
})
export type InitializeShareGroupStateRequest = Of<typeof InitializeShareGroupStateRequest>

export const InitializeShareGroupStateResponse = message({
  name: 'InitializeShareGroupStateResponse',
  type: 'response',
  key: 83,
  versions: '0',
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
export type InitializeShareGroupStateResponse = Of<typeof InitializeShareGroupStateResponse>
