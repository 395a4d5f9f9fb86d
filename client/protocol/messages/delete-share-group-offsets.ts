/** DeleteShareGroupOffsets (key 92). */
import { array, int16, int32, message, nullableString, type Of, string, uuid } from '../schema.ts'

export const DeleteShareGroupOffsetsRequest = message({
  name: 'DeleteShareGroupOffsetsRequest',
  type: 'request',
  key: 92,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      topicName: string('0+'),
    }),
  },
})
export type DeleteShareGroupOffsetsRequest = Of<typeof DeleteShareGroupOffsetsRequest>

export const DeleteShareGroupOffsetsResponse = message({
  name: 'DeleteShareGroupOffsetsResponse',
  type: 'response',
  key: 92,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+'),
    responses: array('0+', {
      topicName: string('0+'),
      topicId: uuid('0+'),
      errorCode: int16('0+'),
      errorMessage: nullableString('0+'),
    }),
  },
})
export type DeleteShareGroupOffsetsResponse = Of<typeof DeleteShareGroupOffsetsResponse>
