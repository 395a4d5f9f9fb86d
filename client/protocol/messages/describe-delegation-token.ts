/** DescribeDelegationToken (key 41). */
import { array, bytes, int16, int32, int64, message, nullableArray, type Of, string } from '../schema.ts'

export const DescribeDelegationTokenRequest = message({
  name: 'DescribeDelegationTokenRequest',
  type: 'request',
  key: 41,
  versions: '0-3',
  flexible: '2+',
  fields: {
    owners: nullableArray(
      '0+',
      {
        principalType: string('0+'),
        principalName: string('0+'),
      },
      { default: [] },
    ),
  },
})
export type DescribeDelegationTokenRequest = Of<typeof DescribeDelegationTokenRequest>

export const DescribeDelegationTokenResponse = message({
  name: 'DescribeDelegationTokenResponse',
  type: 'response',
  key: 41,
  versions: '0-3',
  flexible: '2+',
  fields: {
    errorCode: int16('0+'),
    tokens: array('0+', {
      principalType: string('0+'),
      principalName: string('0+'),
      tokenRequesterPrincipalType: string('3+'),
      tokenRequesterPrincipalName: string('3+'),
      issueTimestamp: int64('0+'),
      expiryTimestamp: int64('0+'),
      maxTimestamp: int64('0+'),
      tokenId: string('0+'),
      hmac: bytes('0+'),
      renewers: array('0+', {
        principalType: string('0+'),
        principalName: string('0+'),
      }),
    }),
    throttleTimeMs: int32('0+'),
  },
})
export type DescribeDelegationTokenResponse = Of<typeof DescribeDelegationTokenResponse>
