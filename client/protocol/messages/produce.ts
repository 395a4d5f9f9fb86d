/** Produce (key 0). */
import { array, int16, int32, int64, message, nullableRecords, nullableString, type Of, string, struct, uuid } from '../schema.ts'

export const ProduceRequest = message({
  name: 'ProduceRequest',
  type: 'request',
  key: 0,
  versions: '0-13',
  flexible: '9+',
  fields: {
    transactionalId: nullableString('3+'), // KIP-98
    acks: int16('0+'),
    timeoutMs: int32('0+'),
    topicData: array('0+', {
      name: string('0-12', { ignorable: true }),
      topicId: uuid('13+', { ignorable: true }), // KIP-516
      partitionData: array('0+', {
        index: int32('0+'),
        records: nullableRecords('0+'),
      }),
    }),
  },
})
export type ProduceRequest = Of<typeof ProduceRequest>

export const ProduceResponse = message({
  name: 'ProduceResponse',
  type: 'response',
  key: 0,
  versions: '0-13',
  flexible: '9+',
  fields: {
    responses: array('0+', {
      name: string('0-12', { ignorable: true }),
      topicId: uuid('13+', { ignorable: true }),
      partitionResponses: array('0+', {
        index: int32('0+'),
        errorCode: int16('0+'),
        baseOffset: int64('0+'),
        logAppendTimeMs: int64('2+', { default: -1, ignorable: true }),
        logStartOffset: int64('5+', { default: -1, ignorable: true }),
        recordErrors: array(
          '8+',
          {
            batchIndex: int32('8+'),
            batchIndexErrorMessage: nullableString('8+'),
          },
          { ignorable: true },
        ), // KIP-467
        errorMessage: nullableString('8+', { ignorable: true }),
        currentLeader: struct(
          '10+',
          {
            leaderId: int32('10+', { default: -1 }),
            leaderEpoch: int32('10+', { default: -1 }),
          },
          { tag: 0 },
        ), // leader discovery, KIP-951
      }),
    }),
    throttleTimeMs: int32('1+', { ignorable: true }),
    nodeEndpoints: array(
      '10+',
      {
        nodeId: int32('10+'),
        host: string('10+'),
        port: int32('10+'),
        rack: nullableString('10+'),
      },
      { tag: 0 },
    ), // leader discovery, KIP-951
  },
})
export type ProduceResponse = Of<typeof ProduceResponse>
