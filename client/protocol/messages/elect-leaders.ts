/** ElectLeaders (key 43). */
import { array, int16, int32, int8, message, nullableArray, nullableString, type Of, string } from '../schema.ts'

export const ElectLeadersRequest = message({
  name: 'ElectLeadersRequest',
  type: 'request',
  key: 43,
  versions: '0-2',
  flexible: '2+',
  fields: {
    electionType: int8('1+'),
    topicPartitions: nullableArray(
      '0+',
      {
        topic: string('0+'),
        partitions: array('0+', int32),
      },
      { default: [] },
    ),
    timeoutMs: int32('0+', { default: 60000 }),
  },
})
export type ElectLeadersRequest = Of<typeof ElectLeadersRequest>

export const ElectLeadersResponse = message({
  name: 'ElectLeadersResponse',
  type: 'response',
  key: 43,
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('1+'),
    replicaElectionResults: array('0+', {
      topic: string('0+'),
      partitionResult: array('0+', {
        partitionId: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: nullableString('0+', { default: '' }),
      }),
    }),
  },
})
export type ElectLeadersResponse = Of<typeof ElectLeadersResponse>
