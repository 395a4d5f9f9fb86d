/** DeleteTopics (key 20). */
import { array, int16, int32, message, nullableString, type Of, string, uuid } from '../schema.ts'

export const DeleteTopicsRequest = message({
  name: 'DeleteTopicsRequest',
  type: 'request',
  key: 20,
  versions: '0-6',
  flexible: '4+',
  fields: {
    topics: array('6+', {
      name: nullableString('6+'),
      topicId: uuid('6+'),
    }),
    topicNames: array('0-5', string, { ignorable: true }),
    timeoutMs: int32('0+'),
  },
})
export type DeleteTopicsRequest = Of<typeof DeleteTopicsRequest>

export const DeleteTopicsResponse = message({
  name: 'DeleteTopicsResponse',
  type: 'response',
  key: 20,
  versions: '0-6',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32('1+', { ignorable: true }),
    responses: array('0+', {
      name: nullableString('0+', { nullable: '6+', default: '' }),
      topicId: uuid('6+', { ignorable: true }),
      errorCode: int16('0+'),
      errorMessage: nullableString('5+', { ignorable: true }),
    }),
  },
})
export type DeleteTopicsResponse = Of<typeof DeleteTopicsResponse>
