/** JoinGroup (key 11). */
import { array, bool, bytes, int16, int32, message, nullableString, type Of, string } from '../schema.ts'

export const JoinGroupRequest = message({
  name: 'JoinGroupRequest',
  type: 'request',
  key: 11,
  versions: '0-9',
  flexible: '6+',
  fields: {
    groupId: string('0+'),
    sessionTimeoutMs: int32('0+'),
    rebalanceTimeoutMs: int32('1+', { default: -1, ignorable: true }),
    memberId: string('0+'),
    groupInstanceId: nullableString('5+'), // static membership, KIP-345
    protocolType: string('0+'),
    protocols: array('0+', {
      name: string('0+'),
      metadata: bytes('0+'),
    }),
    reason: nullableString('8+', { ignorable: true }), // KIP-800
  },
})
export type JoinGroupRequest = Of<typeof JoinGroupRequest>

export const JoinGroupResponse = message({
  name: 'JoinGroupResponse',
  type: 'response',
  key: 11,
  versions: '0-9',
  flexible: '6+',
  fields: {
    throttleTimeMs: int32('2+', { ignorable: true }),
    errorCode: int16('0+'),
    generationId: int32('0+', { default: -1 }),
    protocolType: nullableString('7+', { ignorable: true }),
    protocolName: nullableString('0+', { nullable: '7+', default: '' }),
    leader: string('0+'),
    skipAssignment: bool('9+'), // KIP-814
    memberId: string('0+'),
    members: array('0+', {
      memberId: string('0+'),
      groupInstanceId: nullableString('5+', { ignorable: true }),
      metadata: bytes('0+'),
    }),
  },
})
export type JoinGroupResponse = Of<typeof JoinGroupResponse>
