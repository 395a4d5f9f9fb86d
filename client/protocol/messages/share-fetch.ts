/** ShareFetch (key 78). */
import { array, bool, int16, int32, int64, int8, message, nullableString, type Of, records, string, struct, uuid } from '../schema.ts'

export const ShareFetchRequest = message({
  name: 'ShareFetchRequest',
  type: 'request',
  key: 78,
  versions: '1-2',
  flexible: '1+',
  fields: {
    groupId: nullableString('1+'),
    memberId: nullableString('1+', { default: '' }),
    shareSessionEpoch: int32('1+'),
    maxWaitMs: int32('1+'),
    minBytes: int32('1+'),
    maxBytes: int32('1+', { default: 2147483647 }),
    maxRecords: int32('1+'),
    batchSize: int32('1+'),
    shareAcquireMode: int8('2+', { ignorable: true }),
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
    forgottenTopicsData: array('1+', {
      topicId: uuid('1+'),
      partitions: array('1+', int32),
    }),
  },
})
export type ShareFetchRequest = Of<typeof ShareFetchRequest>

export const ShareFetchResponse = message({
  name: 'ShareFetchResponse',
  type: 'response',
  key: 78,
  versions: '1-2',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32('1+'),
    errorCode: int16('1+'),
    errorMessage: nullableString('1+'),
    acquisitionLockTimeoutMs: int32('1+'),
    responses: array('1+', {
      topicId: uuid('1+'),
      partitions: array('1+', {
        partitionIndex: int32('1+'),
        errorCode: int16('1+'),
        errorMessage: nullableString('1+'),
        acknowledgeErrorCode: int16('1+'),
        acknowledgeErrorMessage: nullableString('1+'),
        currentLeader: struct('1+', {
          leaderId: int32('1+'),
          leaderEpoch: int32('1+'),
        }),
        records: records('1+', { default: null }),
        acquiredRecords: array('1+', {
          firstOffset: int64('1+'),
          lastOffset: int64('1+'),
          deliveryCount: int16('1+'),
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
export type ShareFetchResponse = Of<typeof ShareFetchResponse>
