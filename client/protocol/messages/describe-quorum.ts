/** DescribeQuorum (key 55). */
import { array, int16, int32, int64, message, nullableString, type Of, string, uint16, uuid } from '../schema.ts'

export const DescribeQuorumRequest = message({
  name: 'DescribeQuorumRequest',
  type: 'request',
  key: 55,
  versions: '0-2',
  flexible: '0+',
  fields: {
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
      }),
    }),
  },
})
export type DescribeQuorumRequest = Of<typeof DescribeQuorumRequest>

export const DescribeQuorumResponse = message({
  name: 'DescribeQuorumResponse',
  type: 'response',
  key: 55,
  versions: '0-2',
  flexible: '0+',
  fields: {
    errorCode: int16('0+'),
    errorMessage: nullableString('2+', { default: '', ignorable: true }),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: nullableString('2+', { default: '', ignorable: true }),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
        highWatermark: int64('0+'),
        currentVoters: array('0+', {
          replicaId: int32('0+'),
          replicaDirectoryId: uuid('2+'),
          logEndOffset: int64('0+'),
          lastFetchTimestamp: int64('1+', { default: -1, ignorable: true }),
          lastCaughtUpTimestamp: int64('1+', { default: -1, ignorable: true }),
        }),
        observers: array('0+', {
          replicaId: int32('0+'),
          replicaDirectoryId: uuid('2+'),
          logEndOffset: int64('0+'),
          lastFetchTimestamp: int64('1+', { default: -1, ignorable: true }),
          lastCaughtUpTimestamp: int64('1+', { default: -1, ignorable: true }),
        }),
      }),
    }),
    nodes: array('2+', {
      nodeId: int32('2+'),
      listeners: array('2+', {
        name: string('2+'),
        host: string('2+'),
        port: uint16('2+'),
      }),
    }),
  },
})
export type DescribeQuorumResponse = Of<typeof DescribeQuorumResponse>
