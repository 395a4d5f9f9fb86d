/** RenewDelegationToken (key 39). */
import { bytes, int16, int32, int64, message, type Of } from '../schema.ts'

export const RenewDelegationTokenRequest = message({
  name: 'RenewDelegationTokenRequest',
  type: 'request',
  key: 39,
  versions: '0-2',
  flexible: '2+',
  fields: {
    hmac: bytes('0+'),
    renewPeriodMs: int64('0+'),
  },
})
export type RenewDelegationTokenRequest = Of<typeof RenewDelegationTokenRequest>

export const RenewDelegationTokenResponse = message({
  name: 'RenewDelegationTokenResponse',
  type: 'response',
  key: 39,
  versions: '0-2',
  flexible: '2+',
  fields: {
    errorCode: int16('0+'),
    expiryTimestampMs: int64('0+'),
    throttleTimeMs: int32('0+'),
  },
})
export type RenewDelegationTokenResponse = Of<typeof RenewDelegationTokenResponse>
