/** CreatePartitions (key 37). */
import { array, bool, int16, int32, message, nullableArray, nullableString, type Of, string } from '../schema.ts'

export const CreatePartitionsRequest = message({
  name: 'CreatePartitionsRequest',
  type: 'request',
  key: 37,
  versions: '0-3',
  flexible: '2+',
  fields: {
    topics: array('0+', {
      name: string('0+'),
      count: int32('0+'),
      assignments: nullableArray(
        '0+',
        {
          brokerIds: array('0+', int32),
        },
        { default: [] },
      ),
    }),
    timeoutMs: int32('0+'),
    validateOnly: bool('0+'),
  },
})
export type CreatePartitionsRequest = Of<typeof CreatePartitionsRequest>

export const CreatePartitionsResponse = message({
  name: 'CreatePartitionsResponse',
  type: 'response',
  key: 37,
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('0+'),
    results: array('0+', {
      name: string('0+'),
      errorCode: int16('0+'),
      errorMessage: nullableString('0+'),
    }),
  },
})
export type CreatePartitionsResponse = Of<typeof CreatePartitionsResponse>
