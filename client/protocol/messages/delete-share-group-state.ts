/** DeleteShareGroupState (key 86). */
import { array, int16, int32, message, nullableString, type Of, string, uuid } from '../schema.ts'

export const DeleteShareGroupStateRequest = message({
  name: 'DeleteShareGroupStateRequest',
  type: 'request',
  key: 86,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
      }),
    }),
  },
})
export type DeleteShareGroupStateRequest = Of<typeof DeleteShareGroupStateRequest>

export const DeleteShareGroupStateResponse = message({
  name: 'DeleteShareGroupStateResponse',
  type: 'response',
  key: 86,
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
export type DeleteShareGroupStateResponse = Of<typeof DeleteShareGroupStateResponse>
