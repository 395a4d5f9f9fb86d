/** WriteTxnMarkers (key 27). */
import { array, bool, int16, int32, int64, int8, message, type Of, string } from '../schema.ts'

export const WriteTxnMarkersRequest = message({
  name: 'WriteTxnMarkersRequest',
  type: 'request',
  key: 27,
  versions: '1-2',
  flexible: '1+',
  fields: {
    markers: array('1+', {
      producerId: int64('1+'),
      producerEpoch: int16('1+'),
      transactionResult: bool('1+'),
      topics: array('1+', {
        name: string('1+'),
        partitionIndexes: array('1+', int32),
      }),
      coordinatorEpoch: int32('1+'),
      transactionVersion: int8('2+', { ignorable: true }),
    }),
  },
})
export type WriteTxnMarkersRequest = Of<typeof WriteTxnMarkersRequest>

export const WriteTxnMarkersResponse = message({
  name: 'WriteTxnMarkersResponse',
  type: 'response',
  key: 27,
  versions: '1-2',
  flexible: '1+',
  fields: {
    markers: array('1+', {
      producerId: int64('1+'),
      topics: array('1+', {
        name: string('1+'),
        partitions: array('1+', {
          partitionIndex: int32('1+'),
          errorCode: int16('1+'),
        }),
      }),
    }),
  },
})
export type WriteTxnMarkersResponse = Of<typeof WriteTxnMarkersResponse>
