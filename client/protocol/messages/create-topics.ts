/** CreateTopics (key 19). */
import { array, bool, int16, int32, int8, message, nullableArray, nullableString, type Of, string, uuid } from '../schema.ts'

export const CreateTopicsRequest = message({
  name: 'CreateTopicsRequest',
  type: 'request',
  key: 19,
  versions: '0-7',
  flexible: '5+',
  fields: {
    topics: array('0+', {
      name: string('0+'),
      numPartitions: int32('0+'),
      replicationFactor: int16('0+'),
      assignments: array('0+', {
        partitionIndex: int32('0+'),
        brokerIds: array('0+', int32),
      }),
      configs: array('0+', {
        name: string('0+'),
        value: nullableString('0+', { default: '' }),
      }),
    }),
    timeoutMs: int32('0+', { default: 60000 }),
    validateOnly: bool('1+'),
  },
})
export type CreateTopicsRequest = Of<typeof CreateTopicsRequest>

export const CreateTopicsResponse = message({
  name: 'CreateTopicsResponse',
  type: 'response',
  key: 19,
  versions: '0-7',
  flexible: '5+',
  fields: {
    throttleTimeMs: int32('2+', { ignorable: true }),
    topics: array('0+', {
      name: string('0+'),
      topicId: uuid('7+', { ignorable: true }),
      errorCode: int16('0+'),
      errorMessage: nullableString('1+', { default: '', ignorable: true }),
      topicConfigErrorCode: int16('5+', { ignorable: true, tag: 0 }),
      numPartitions: int32('5+', { default: -1, ignorable: true }),
      replicationFactor: int16('5+', { default: -1, ignorable: true }),
      configs: nullableArray(
        '5+',
        {
          name: string('5+'),
          value: nullableString('5+', { default: '' }),
          readOnly: bool('5+'),
          configSource: int8('5+', { default: -1, ignorable: true }),
          isSensitive: bool('5+'),
        },
        { default: [], ignorable: true },
      ),
    }),
  },
})
export type CreateTopicsResponse = Of<typeof CreateTopicsResponse>
