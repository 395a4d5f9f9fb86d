/** DescribeProducers (key 61). */
import { array, int16, int32, int64, message, nullableString, type Of, string } from '../schema.ts'

export const DescribeProducersRequest = message({
  name: 'DescribeProducersRequest',
  type: 'request',
  key: 61,
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array('0+', {
      name: string('0+'),
      partitionIndexes: array('0+', int32),
    }),
  },
})
export type DescribeProducersRequest = Of<typeof DescribeProducersRequest>

export const DescribeProducersResponse = message({
  name: 'DescribeProducersResponse',
  type: 'response',
  key: 61,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: nullableString('0+'),
        activeProducers: array('0+', {
          producerId: int64('0+'),
          producerEpoch: int32('0+'),
          lastSequence: int32('0+', { default: -1 }),
          lastTimestamp: int64('0+', { default: -1 }),
          coordinatorEpoch: int32('0+'),
          currentTxnStartOffset: int64('0+', { default: -1 }),
        }),
      }),
    }),
  },
})
export type DescribeProducersResponse = Of<typeof DescribeProducersResponse>
