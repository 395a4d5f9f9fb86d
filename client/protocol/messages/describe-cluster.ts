/** DescribeCluster (key 60). */
import { array, bool, int16, int32, int8, message, nullableString, type Of, string } from '../schema.ts'

export const DescribeClusterRequest = message({
  name: 'DescribeClusterRequest',
  type: 'request',
  key: 60,
  versions: '0-2',
  flexible: '0+',
  fields: {
    includeClusterAuthorizedOperations: bool('0+'),
    endpointType: int8('1+', { default: 1 }),
    includeFencedBrokers: bool('2+'),
  },
})
export type DescribeClusterRequest = Of<typeof DescribeClusterRequest>

export const DescribeClusterResponse = message({
  name: 'DescribeClusterResponse',
  type: 'response',
  key: 60,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+'),
    endpointType: int8('1+', { default: 1 }),
    clusterId: string('0+'),
    controllerId: int32('0+', { default: -1 }),
    brokers: array('0+', {
      brokerId: int32('0+'),
      host: string('0+'),
      port: int32('0+'),
      rack: nullableString('0+'),
      isFenced: bool('2+'),
    }),
    clusterAuthorizedOperations: int32('0+', { default: -2147483648 }),
  },
})
export type DescribeClusterResponse = Of<typeof DescribeClusterResponse>
