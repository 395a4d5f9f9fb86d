/** ExpireDelegationToken (key 40). */
import { bytes, int16, int32, int64, message, type Of } from '../schema.ts'

export const ExpireDelegationTokenRequest = message({
  name: 'ExpireDelegationTokenRequest',
  type: 'request',
  key: 40,
  versions: '0-2',
  flexible: '2+',
  fields: {
    hmac: bytes('0+'),
    expiryTimePeriodMs: int64('0+'),
  },
})
export type ExpireDelegationTokenRequest = Of<typeof ExpireDelegationTokenRequest>

export const ExpireDelegationTokenResponse = message({
  name: 'ExpireDelegationTokenResponse',
  type: 'response',
  key: 40,
  versions: '0-2',
  flexible: '2+',
  fields: {
    errorCode: int16('0+'),
    expiryTimestampMs: int64('0+'),
    throttleTimeMs: int32('0+'),
  },
})
export type ExpireDelegationTokenResponse = Of<typeof ExpireDelegationTokenResponse>
