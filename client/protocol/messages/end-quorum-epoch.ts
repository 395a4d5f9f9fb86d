/** EndQuorumEpoch (key 54). */
import { array, int16, int32, message, nullableString, type Of, string, uint16, uuid } from '../schema.ts'

export const EndQuorumEpochRequest = message({
  name: 'EndQuorumEpochRequest',
  type: 'request',
  key: 54,
  versions: '0-1',
  flexible: '1+',
  fields: {
    clusterId: nullableString('0+'),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
        preferredSuccessors: array('0', int32, { ignorable: true }),
        preferredCandidates: array(
          '1+',
          {
            candidateId: int32('1+'),
            candidateDirectoryId: uuid('1+'),
          },
          { ignorable: true },
        ),
      }),
    }),
    leaderEndpoints: array(
      '1+',
      {
        name: string('1+'),
        host: string('1+'),
        port: uint16('1+'),
      },
      { ignorable: true },
    ),
  },
})
export type EndQuorumEpochRequest = Of<typeof EndQuorumEpochRequest>

export const EndQuorumEpochResponse = message({
  name: 'EndQuorumEpochResponse',
  type: 'response',
  key: 54,
  versions: '0-1',
  flexible: '1+',
  fields: {
    errorCode: int16('0+'),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
      }),
    }),
    nodeEndpoints: array(
      '1+',
      {
        nodeId: int32('1+'),
        host: string('1+'),
        port: uint16('1+'),
      },
      { tag: 0 },
    ),
  },
})
export type EndQuorumEpochResponse = Of<typeof EndQuorumEpochResponse>
