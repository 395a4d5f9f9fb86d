/** AlterPartitionReassignments (key 45). */
import { array, bool, int16, int32, message, nullableArray, nullableString, type Of, string } from '../schema.ts'

export const AlterPartitionReassignmentsRequest = message({
  name: 'AlterPartitionReassignmentsRequest',
  type: 'request',
  key: 45,
  versions: '0-1',
  flexible: '0+',
  fields: {
    timeoutMs: int32('0+', { default: 60000 }),
    allowReplicationFactorChange: bool('1+', { default: true }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        replicas: nullableArray('0+', int32),
      }),
    }),
  },
})
export type AlterPartitionReassignmentsRequest = Of<typeof AlterPartitionReassignmentsRequest>

export const AlterPartitionReassignmentsResponse = message({
  name: 'AlterPartitionReassignmentsResponse',
  type: 'response',
  key: 45,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    allowReplicationFactorChange: bool('1+', { default: true, ignorable: true }),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '' }),
    responses: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: nullableString('0+', { default: '' }),
      }),
    }),
  },
})
export type AlterPartitionReassignmentsResponse = Of<typeof AlterPartitionReassignmentsResponse>
