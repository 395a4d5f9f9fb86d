/** ShareAcknowledge (key 79). */
import { array, bool, int16, int32, int64, int8, message, nullableString, type Of, string, struct, uuid } from '../schema.ts'

export const ShareAcknowledgeRequest = message({
  name: 'ShareAcknowledgeRequest',
  type: 'request',
  key: 79,
  versions: '1-2',
  flexible: '1+',
  fields: {
    groupId: nullableString('1+'),
    memberId: nullableString('1+', { default: '' }),
    shareSessionEpoch: int32('1+'),
    isRenewAck: bool('2+'),
    topics: array('1+', {
      topicId: uuid('1+'),
      partitions: array('1+', {
        partitionIndex: int32('1+'),
        acknowledgementBatches: array('1+', {
          firstOffset: int64('1+'),
          lastOffset: int64('1+'),
          acknowledgeTypes: array('1+', int8),
        }),
      }),
    }),
  },
})
export type ShareAcknowledgeRequest = Of<typeof ShareAcknowledgeRequest>

export const ShareAcknowledgeResponse = message({
  name: 'ShareAcknowledgeResponse',
  type: 'response',
  key: 79,
  versions: '1-2',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32('1+'),
    errorCode: int16('1+'),
    errorMessage: nullableString('1+'),
    acquisitionLockTimeoutMs: int32('2+', { ignorable: true }),
    responses: array('1+', {
      topicId: uuid('1+'),
      partitions: array('1+', {
        partitionIndex: int32('1+'),
        errorCode: int16('1+'),
        errorMessage: nullableString('1+'),
        currentLeader: struct('1+', {
          leaderId: int32('1+'),
          leaderEpoch: int32('1+'),
        }),
      }),
    }),
    nodeEndpoints: array('1+', {
      nodeId: int32('1+'),
      host: string('1+'),
      port: int32('1+'),
      rack: nullableString('1+'),
    }),
  },
})
export type ShareAcknowledgeResponse = Of<typeof ShareAcknowledgeResponse>
