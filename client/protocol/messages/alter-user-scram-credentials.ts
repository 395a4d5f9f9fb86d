/** AlterUserScramCredentials (key 51). */
import { array, bytes, int16, int32, int8, message, nullableString, type Of, string } from '../schema.ts'

export const AlterUserScramCredentialsRequest = message({
  name: 'AlterUserScramCredentialsRequest',
  type: 'request',
  key: 51,
  versions: '0',
  flexible: '0+',
  fields: {
    deletions: array('0+', {
      name: string('0+'),
      mechanism: int8('0+'),
    }),
    upsertions: array('0+', {
      name: string('0+'),
      mechanism: int8('0+'),
      iterations: int32('0+'),
      salt: bytes('0+'),
      saltedPassword: bytes('0+'),
    }),
  },
})
export type AlterUserScramCredentialsRequest = Of<typeof AlterUserScramCredentialsRequest>

export const AlterUserScramCredentialsResponse = message({
  name: 'AlterUserScramCredentialsResponse',
  type: 'response',
  key: 51,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    results: array('0+', {
      user: string('0+'),
      errorCode: int16('0+'),
      errorMessage: nullableString('0+', { default: '' }),
    }),
  },
})
export type AlterUserScramCredentialsResponse = Of<typeof AlterUserScramCredentialsResponse>
