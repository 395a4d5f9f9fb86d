/** ListPartitionReassignments (key 46). */
import { array, int16, int32, message, nullableArray, nullableString, type Of, string } from '../schema.ts'

export const ListPartitionReassignmentsRequest = message({
  name: 'ListPartitionReassignmentsRequest',
  type: 'request',
  key: 46,
  versions: '0',
  flexible: '0+',
  fields: {
    timeoutMs: int32('0+', { default: 60000 }),
    topics: nullableArray('0+', {
      name: string('0+'),
      partitionIndexes: array('0+', int32),
    }),
  },
})
export type ListPartitionReassignmentsRequest = Of<typeof ListPartitionReassignmentsRequest>

export const ListPartitionReassignmentsResponse = message({
  name: 'ListPartitionReassignmentsResponse',
  type: 'response',
  key: 46,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '' }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        replicas: array('0+', int32),
        addingReplicas: array('0+', int32),
        removingReplicas: array('0+', int32),
      }),
    }),
  },
})
export type ListPartitionReassignmentsResponse = Of<typeof ListPartitionReassignmentsResponse>
