/** AlterPartition (key 56). */
import { array, int16, int32, int64, int8, message, type Of, uuid } from '../schema.ts'

export const AlterPartitionRequest = message({
  name: 'AlterPartitionRequest',
  type: 'request',
  key: 56,
  versions: '2-3',
  flexible: '2+',
  fields: {
    brokerId: int32('2+'),
    brokerEpoch: int64('2+', { default: -1 }),
    topics: array('2+', {
      topicId: uuid('2+', { ignorable: true }),
      partitions: array('2+', {
        partitionIndex: int32('2+'),
        leaderEpoch: int32('2+'),
        newIsr: array('2', int32),
        newIsrWithEpochs: array('3+', {
          brokerId: int32('3+'),
          brokerEpoch: int64('3+', { default: -1 }),
        }),
        leaderRecoveryState: int8('2+'),
        partitionEpoch: int32('2+'),
      }),
    }),
  },
})
export type AlterPartitionRequest = Of<typeof AlterPartitionRequest>

export const AlterPartitionResponse = message({
  name: 'AlterPartitionResponse',
  type: 'response',
  key: 56,
  versions: '2-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('2+'),
    errorCode: int16('2+'),
    topics: array('2+', {
      topicId: uuid('2+', { ignorable: true }),
      partitions: array('2+', {
        partitionIndex: int32('2+'),
        errorCode: int16('2+'),
        leaderId: int32('2+'),
        leaderEpoch: int32('2+'),
        isr: array('2+', int32),
        leaderRecoveryState: int8('2+', { ignorable: true }),
        partitionEpoch: int32('2+'),
      }),
    }),
  },
})
export type AlterPartitionResponse = Of<typeof AlterPartitionResponse>
