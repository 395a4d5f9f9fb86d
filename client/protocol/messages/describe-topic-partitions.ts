/** DescribeTopicPartitions (key 75). */
import { array, bool, int16, int32, message, nullableArray, nullableString, nullableStruct, type Of, string, uuid } from '../schema.ts'

export const DescribeTopicPartitionsRequest = message({
  name: 'DescribeTopicPartitionsRequest',
  type: 'request',
  key: 75,
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array('0+', {
      name: string('0+'),
    }),
    responsePartitionLimit: int32('0+', { default: 2000 }),
    cursor: nullableStruct('0+', {
      topicName: string('0+'),
      partitionIndex: int32('0+'),
    }),
  },
})
export type DescribeTopicPartitionsRequest = Of<typeof DescribeTopicPartitionsRequest>

export const DescribeTopicPartitionsResponse = message({
  name: 'DescribeTopicPartitionsResponse',
  type: 'response',
  key: 75,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+', { ignorable: true }),
    topics: array('0+', {
      errorCode: int16('0+'),
      name: nullableString('0+', { default: '' }),
      topicId: uuid('0+', { ignorable: true }),
      isInternal: bool('0+', { ignorable: true }),
      partitions: array('0+', {
        errorCode: int16('0+'),
        partitionIndex: int32('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+', { default: -1, ignorable: true }),
        replicaNodes: array('0+', int32),
        isrNodes: array('0+', int32),
        eligibleLeaderReplicas: nullableArray('0+', int32),
        lastKnownElr: nullableArray('0+', int32),
        offlineReplicas: array('0+', int32, { ignorable: true }),
      }),
      topicAuthorizedOperations: int32('0+', { default: -2147483648 }),
    }),
    nextCursor: nullableStruct('0+', {
      topicName: string('0+'),
      partitionIndex: int32('0+'),
    }),
  },
})
export type DescribeTopicPartitionsResponse = Of<typeof DescribeTopicPartitionsResponse>
