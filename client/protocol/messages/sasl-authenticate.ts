/** SaslAuthenticate (key 36). */
import { bytes, int16, int64, message, nullableString, type Of } from '../schema.ts'

export const SaslAuthenticateRequest = message({
  name: 'SaslAuthenticateRequest',
  type: 'request',
  key: 36,
  versions: '0-2',
  flexible: '2+',
  fields: {
    authBytes: bytes('0+'),
  },
})
export type SaslAuthenticateRequest = Of<typeof SaslAuthenticateRequest>

export const SaslAuthenticateResponse = message({
  name: 'SaslAuthenticateResponse',
  type: 'response',
  key: 36,
  versions: '0-2',
  flexible: '2+',
  fields: {
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '' }),
    authBytes: bytes('0+'),
    sessionLifetimeMs: int64('1+', { ignorable: true }),
  },
})
export type SaslAuthenticateResponse = Of<typeof SaslAuthenticateResponse>
