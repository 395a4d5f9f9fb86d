/** Heartbeat (key 12). */
import { int16, int32, message, nullableString, type Of, string } from '../schema.ts'

export const HeartbeatRequest = message({
  name: 'HeartbeatRequest',
  type: 'request',
  key: 12,
  versions: '0-4',
  flexible: '4+',
  fields: {
    groupId: string('0+'),
    generationId: int32('0+'),
    memberId: string('0+'),
    groupInstanceId: nullableString('3+'), // static membership, KIP-345
  },
})
export type HeartbeatRequest = Of<typeof HeartbeatRequest>

export const HeartbeatResponse = message({
  name: 'HeartbeatResponse',
  type: 'response',
  key: 12,
  versions: '0-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16('0+'),
  },
})
export type HeartbeatResponse = Of<typeof HeartbeatResponse>
