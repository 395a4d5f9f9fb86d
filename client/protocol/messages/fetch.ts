/** Fetch (key 1). */
import {
  array,
  int16,
  int32,
  int64,
  int64Max,
  int8,
  message,
  nullableArray,
  nullableRecords,
  nullableString,
  type Of,
  string,
  struct,
  uuid,
} from '../schema.ts'

export const FetchRequest = message({
  name: 'FetchRequest',
  type: 'request',
  key: 1,
  versions: '0-18',
  flexible: '12+',
  fields: {
    clusterId: nullableString('12+', { ignorable: true, tag: 0 }),
    replicaId: int32('0-14', { default: -1 }),
    replicaState: struct(
      '15+',
      {
        replicaId: int32('15+', { default: -1 }),
        replicaEpoch: int64('15+', { default: -1 }),
      },
      { tag: 1 },
    ), // KIP-903
    maxWaitMs: int32('0+'),
    minBytes: int32('0+'),
    maxBytes: int32('3+', { default: 2147483647, ignorable: true }),
    isolationLevel: int8('4+', { ignorable: true }), // KIP-98: 0 read uncommitted, 1 read committed
    sessionId: int32('7+', { ignorable: true }), // fetch sessions, KIP-227
    sessionEpoch: int32('7+', { default: -1, ignorable: true }),
    topics: array('0+', {
      topic: string('0-12', { ignorable: true }),
      topicId: uuid('13+', { ignorable: true }), // KIP-516
      partitions: array('0+', {
        partition: int32('0+'),
        currentLeaderEpoch: int32('9+', { default: -1, ignorable: true }), // KIP-320
        fetchOffset: int64('0+'),
        lastFetchedEpoch: int32('12+', { default: -1 }), // truncation on divergence, KIP-595
        logStartOffset: int64('5+', { default: -1, ignorable: true }),
        partitionMaxBytes: int32('0+'),
        replicaDirectoryId: uuid('17+', { ignorable: true, tag: 0 }), // KIP-853
        highWatermark: int64('18+', { default: int64Max, ignorable: true, tag: 1 }),
      }),
    }),
    forgottenTopicsData: array('7+', {
      topic: string('7-12', { ignorable: true }),
      topicId: uuid('13+', { ignorable: true }),
      partitions: array('7+', int32),
    }), // fetch sessions, KIP-227
    rackId: string('11+', { ignorable: true }), // closest replica, KIP-392
  },
})
export type FetchRequest = Of<typeof FetchRequest>

export const FetchResponse = message({
  name: 'FetchResponse',
  type: 'response',
  key: 1,
  versions: '0-18',
  flexible: '12+',
  fields: {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16('7+', { ignorable: true }),
    sessionId: int32('7+'), // fetch sessions, KIP-227
    responses: array('0+', {
      topic: string('0-12', { ignorable: true }),
      topicId: uuid('13+', { ignorable: true }), // KIP-516
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        highWatermark: int64('0+'),
        lastStableOffset: int64('4+', { default: -1, ignorable: true }),
        logStartOffset: int64('5+', { default: -1, ignorable: true }),
        divergingEpoch: struct(
          '12+',
          {
            epoch: int32('12+', { default: -1 }),
            endOffset: int64('12+', { default: -1 }),
          },
          { tag: 0 },
        ), // KIP-595
        currentLeader: struct(
          '12+',
          {
            leaderId: int32('12+', { default: -1 }),
            leaderEpoch: int32('12+', { default: -1 }),
          },
          { tag: 1 },
        ),
        snapshotId: struct(
          '12+',
          {
            endOffset: int64('12+', { default: -1 }),
            epoch: int32('12+', { default: -1 }),
          },
          { tag: 2 },
        ),
        abortedTransactions: nullableArray(
          '4+',
          {
            producerId: int64('4+'),
            firstOffset: int64('4+'),
          },
          { default: [], ignorable: true },
        ), // KIP-98
        preferredReadReplica: int32('11+', { default: -1 }), // closest replica, KIP-392
        records: nullableRecords('0+'),
      }),
    }),
    nodeEndpoints: array(
      '16+',
      {
        nodeId: int32('16+'),
        host: string('16+'),
        port: int32('16+'),
        rack: nullableString('16+'),
      },
      { tag: 0 },
    ), // leader discovery, KIP-951
  },
})
export type FetchResponse = Of<typeof FetchResponse>
