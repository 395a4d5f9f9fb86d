/** ListOffsets (key 2). */
import { array, int16, int32, int64, int8, message, type Of, string } from '../schema.ts'

export const ListOffsetsRequest = message({
  name: 'ListOffsetsRequest',
  type: 'request',
  key: 2,
  versions: '0-11',
  flexible: '6+',
  fields: {
    replicaId: int32('0+'),
    isolationLevel: int8('2+'), // 0 read uncommitted, 1 read committed
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        currentLeaderEpoch: int32('4+', { default: -1, ignorable: true }), // KIP-320
        timestamp: int64('0+'),
        maxNumOffsets: int32('0', { default: 1 }), // before KIP-79
      }),
    }),
    timeoutMs: int32('10+', { ignorable: true }), // for tiered storage, KIP-1075
  },
})
export type ListOffsetsRequest = Of<typeof ListOffsetsRequest>

export const ListOffsetsResponse = message({
  name: 'ListOffsetsResponse',
  type: 'response',
  key: 2,
  versions: '0-11',
  flexible: '6+',
  fields: {
    throttleTimeMs: int32('2+', { ignorable: true }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        oldStyleOffsets: array('0', int64), // before KIP-79
        timestamp: int64('1+', { default: -1 }),
        offset: int64('1+', { default: -1 }),
        leaderEpoch: int32('4+', { default: -1 }),
      }),
    }),
  },
})
export type ListOffsetsResponse = Of<typeof ListOffsetsResponse>
