/** OffsetDelete (key 47). */
import { array, int16, int32, message, type Of, string } from '../schema.ts'

export const OffsetDeleteRequest = message({
  name: 'OffsetDeleteRequest',
  type: 'request',
  key: 47,
  versions: '0',
  fields: {
    groupId: string('0+'),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
      }),
    }),
  },
})
export type OffsetDeleteRequest = Of<typeof OffsetDeleteRequest>

export const OffsetDeleteResponse = message({
  name: 'OffsetDeleteResponse',
  type: 'response',
  key: 47,
  versions: '0',
  fields: {
    errorCode: int16('0+'),
    throttleTimeMs: int32('0+', { ignorable: true }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
      }),
    }),
  },
})
export type OffsetDeleteResponse = Of<typeof OffsetDeleteResponse>
