/** LeaveGroup (key 13). */
import { array, int16, int32, message, nullableString, type Of, string } from '../schema.ts'

export const LeaveGroupRequest = message({
  name: 'LeaveGroupRequest',
  type: 'request',
  key: 13,
  versions: '0-5',
  flexible: '4+',
  fields: {
    groupId: string('0+'),
    memberId: string('0-2'),
    members: array('3+', {
      memberId: string('3+'),
      groupInstanceId: nullableString('3+'),
      reason: nullableString('5+', { ignorable: true }), // KIP-800
    }), // several at once, KIP-345
  },
})
export type LeaveGroupRequest = Of<typeof LeaveGroupRequest>

export const LeaveGroupResponse = message({
  name: 'LeaveGroupResponse',
  type: 'response',
  key: 13,
  versions: '0-5',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16('0+'),
    members: array('3+', {
      memberId: string('3+'),
      groupInstanceId: nullableString('3+', { default: '' }),
      errorCode: int16('3+'),
    }),
  },
})
export type LeaveGroupResponse = Of<typeof LeaveGroupResponse>
