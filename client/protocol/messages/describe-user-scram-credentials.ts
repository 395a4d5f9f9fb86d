/** DescribeUserScramCredentials (key 50). */
import { array, int16, int32, int8, message, nullableArray, nullableString, type Of, string } from '../schema.ts'

export const DescribeUserScramCredentialsRequest = message({
  name: 'DescribeUserScramCredentialsRequest',
  type: 'request',
  key: 50,
  versions: '0',
  flexible: '0+',
  fields: {
    users: nullableArray(
      '0+',
      {
        name: string('0+'),
      },
      { default: [] },
    ),
  },
})
export type DescribeUserScramCredentialsRequest = Of<typeof DescribeUserScramCredentialsRequest>

export const DescribeUserScramCredentialsResponse = message({
  name: 'DescribeUserScramCredentialsResponse',
  type: 'response',
  key: 50,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '' }),
    results: array('0+', {
      user: string('0+'),
      errorCode: int16('0+'),
      errorMessage: nullableString('0+', { default: '' }),
      credentialInfos: array('0+', {
        mechanism: int8('0+'),
        iterations: int32('0+'),
      }),
    }),
  },
})
export type DescribeUserScramCredentialsResponse = Of<typeof DescribeUserScramCredentialsResponse>
