/** Metadata (key 3). */
import { array, bool, int16, int32, message, nullableArray, nullableString, type Of, string, uuid } from '../schema.ts'

export const MetadataRequest = message({
  name: 'MetadataRequest',
  type: 'request',
  key: 3,
  versions: '0-13',
  flexible: '9+',
  fields: {
    topics: nullableArray(
      '0+',
      {
        topicId: uuid('10+', { ignorable: true }), // KIP-516
        name: nullableString('0+', { nullable: '10+', default: '' }),
      },
      { nullable: '1+', default: [] },
    ),
    allowAutoTopicCreation: bool('4+', { default: true }),
    includeClusterAuthorizedOperations: bool('8-10'),
    includeTopicAuthorizedOperations: bool('8+'),
  },
})
export type MetadataRequest = Of<typeof MetadataRequest>

export const MetadataResponse = message({
  name: 'MetadataResponse',
  type: 'response',
  key: 3,
  versions: '0-13',
  flexible: '9+',
  fields: {
    throttleTimeMs: int32('3+', { ignorable: true }),
    brokers: array('0+', {
      nodeId: int32('0+'),
      host: string('0+'),
      port: int32('0+'),
      rack: nullableString('1+', { ignorable: true }),
    }),
    clusterId: nullableString('2+', { ignorable: true }),
    controllerId: int32('1+', { default: -1, ignorable: true }),
    topics: array('0+', {
      errorCode: int16('0+'),
      name: nullableString('0+', { nullable: '12+', default: '' }),
      topicId: uuid('10+', { ignorable: true }), // KIP-516
      isInternal: bool('1+', { ignorable: true }),
      partitions: array('0+', {
        errorCode: int16('0+'),
        partitionIndex: int32('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('7+', { default: -1, ignorable: true }), // KIP-320
        replicaNodes: array('0+', int32),
        isrNodes: array('0+', int32),
        offlineReplicas: array('5+', int32, { ignorable: true }), // KIP-112
      }),
      topicAuthorizedOperations: int32('8+', { default: -2147483648 }),
    }),
    clusterAuthorizedOperations: int32('8-10', { default: -2147483648 }),
    errorCode: int16('13+', { ignorable: true }),
  },
})
export type MetadataResponse = Of<typeof MetadataResponse>
