/** SyncGroup (key 14). */
import { array, bytes, int16, int32, message, nullableString, type Of, string } from '../schema.ts'

export const SyncGroupRequest = message({
  name: 'SyncGroupRequest',
  type: 'request',
  key: 14,
  versions: '0-5',
  flexible: '4+',
  fields: {
    groupId: string('0+'),
    generationId: int32('0+'),
    memberId: string('0+'),
    groupInstanceId: nullableString('3+'), // static membership, KIP-345
    protocolType: nullableString('5+', { ignorable: true }),
    protocolName: nullableString('5+', { ignorable: true }),
    assignments: array('0+', {
      memberId: string('0+'),
      assignment: bytes('0+'),
    }),
  },
})
export type SyncGroupRequest = Of<typeof SyncGroupRequest>

export const SyncGroupResponse = message({
  name: 'SyncGroupResponse',
  type: 'response',
  key: 14,
  versions: '0-5',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16('0+'),
    protocolType: nullableString('5+', { ignorable: true }),
    protocolName: nullableString('5+', { ignorable: true }),
    assignment: bytes('0+'),
  },
})
export type SyncGroupResponse = Of<typeof SyncGroupResponse>
