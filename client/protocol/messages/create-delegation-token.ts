/** CreateDelegationToken (key 38). */
import { array, bytes, int16, int32, int64, message, nullableString, type Of, string } from '../schema.ts'

export const CreateDelegationTokenRequest = message({
  name: 'CreateDelegationTokenRequest',
  type: 'request',
  key: 38,
  versions: '0-3',
  flexible: '2+',
  fields: {
    ownerPrincipalType: nullableString('3+', { default: '' }),
    ownerPrincipalName: nullableString('3+', { default: '' }),
    renewers: array('0+', {
      principalType: string('0+'),
      principalName: string('0+'),
    }),
    maxLifetimeMs: int64('0+'),
  },
})
export type CreateDelegationTokenRequest = Of<typeof CreateDelegationTokenRequest>

export const CreateDelegationTokenResponse = message({
  name: 'CreateDelegationTokenResponse',
  type: 'response',
  key: 38,
  versions: '0-3',
  flexible: '2+',
  fields: {
    errorCode: int16('0+'),
    principalType: string('0+'),
    principalName: string('0+'),
    tokenRequesterPrincipalType: string('3+'),
    tokenRequesterPrincipalName: string('3+'),
    issueTimestampMs: int64('0+'),
    expiryTimestampMs: int64('0+'),
    maxTimestampMs: int64('0+'),
    tokenId: string('0+'),
    hmac: bytes('0+'),
    throttleTimeMs: int32('0+'),
  },
})
export type CreateDelegationTokenResponse = Of<typeof CreateDelegationTokenResponse>
